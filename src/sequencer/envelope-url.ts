/**
 * Returns the URL of the envelope's unary calls. A base URL can include the version, as for REST, or be the
 * full address, as in the official documentation.
 */
export function envelopeUrl(baseUrl: string): string {
  const base = baseUrl.replace(/\/$/, "");
  if (base.endsWith("/v1/api")) return base;
  return base.endsWith("/v1") ? `${base}/api` : `${base}/v1/api`;
}
