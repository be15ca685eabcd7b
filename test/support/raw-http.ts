/** HTTP/1.1 requests in which the test chooses every part. */
import http from "node:http";

export interface RawRequest {
  readonly method?: string;
  /** Path in the request line, unchanged. */
  readonly path: string;
  readonly headers?: http.OutgoingHttpHeaders;
  readonly body?: string | Uint8Array;
  /** Default: a separate connection. */
  readonly agent?: http.Agent;
}

export interface RawResponse {
  readonly status: number;
  readonly headers: http.IncomingHttpHeaders;
  readonly text: string;
}

/** Sends a request and reads the complete response. */
export function rawRequest(
  { port }: { readonly port: number },
  { method = "POST", path, headers = {}, body, agent }: RawRequest,
): Promise<RawResponse> {
  return new Promise((resolve, reject) => {
    const options = { host: "127.0.0.1", port, method, path, headers, agent: agent ?? false };
    const request = http.request(options, (response) => {
      const chunks: Buffer[] = [];
      response.on("data", (chunk: Buffer) => chunks.push(chunk));
      response.on("error", reject);
      response.on("end", () =>
        resolve({
          status: response.statusCode ?? 0,
          headers: response.headers,
          text: Buffer.concat(chunks).toString("utf8"),
        }),
      );
    });
    request.on("error", reject);
    request.end(body);
  });
}
