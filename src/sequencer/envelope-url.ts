/**
 * Where unary calls of the envelope go. A base may name the version as REST's does, or the whole address as the official
 * documentation does.
 */
export function envelopeUrl(baseUrl: string): string {
  if (baseUrl.endsWith("/v1/api")) return baseUrl;
  return baseUrl.endsWith("/v1") ? `${baseUrl}/api` : `${baseUrl}/v1/api`;
}
