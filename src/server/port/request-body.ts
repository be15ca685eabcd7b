/** Reads the body of a request, up to a limit. */
import type { PortRequest } from "./http-guard.js";

/** Maximum size of a request body and of a WebSocket frame, in bytes. */
export const MAX_REQUEST_BYTES: number = 1024 * 1024;

/** A body that cannot be read. `status` is the HTTP status of the response. */
export class BodyFailure extends Error {
  readonly status: 408 | 413;

  constructor(status: 408 | 413, text: string) {
    super(text);
    this.status = status;
  }
}

/**
 * Reads the complete body of a request.
 *
 * @throws BodyFailure 413 above {@link MAX_REQUEST_BYTES}, 408 if the client is gone
 */
export function readBody(req: PortRequest): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    let chunks: Buffer[] = [];
    let length = 0;
    // The rest of a body that is too large is read and dropped. A client that writes everything before it
    // reads would otherwise miss the response, and the connection could not be reused.
    req.on("data", (chunk: Buffer) => {
      length += chunk.length;
      if (length <= MAX_REQUEST_BYTES) return chunks.push(chunk);
      chunks = [];
      return reject(new BodyFailure(413, `request body is larger than ${MAX_REQUEST_BYTES} bytes`));
    });
    req.once("end", () => resolve(Buffer.concat(chunks)));
    req.once("error", reject);
    // The client is gone, so no one reads the response.
    req.once("close", () => reject(new BodyFailure(408, "request timed out")));
  });
}
