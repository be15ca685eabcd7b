/** Reading the body of a request, within a limit. */
import type { PortRequest } from "./http-guard.js";

/** Most bytes in the body of a request, and in a frame of a WebSocket. */
export const MAX_REQUEST_BYTES: number = 1024 * 1024;

/** A body that cannot be had; `status` is the HTTP status that says so. */
export class BodyFailure extends Error {
  readonly status: 408 | 413;

  constructor(status: 408 | 413, text: string) {
    super(text);
    this.status = status;
  }
}

/**
 * Reads the whole body of a request.
 *
 * @throws BodyFailure 413 above {@link MAX_REQUEST_BYTES}, 408 where the client is gone
 */
export function readBody(req: PortRequest): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    let chunks: Buffer[] = [];
    let length = 0;
    // Whatever is too much is read to its end and dropped: who writes first and reads then would not see the answer,
    // and the connection could not be used again.
    req.on("data", (chunk: Buffer) => {
      length += chunk.length;
      if (length <= MAX_REQUEST_BYTES) return chunks.push(chunk);
      chunks = [];
      return reject(new BodyFailure(413, `request body is larger than ${MAX_REQUEST_BYTES} bytes`));
    });
    req.once("end", () => resolve(Buffer.concat(chunks)));
    req.once("error", reject);
    // A client that is gone; nobody reads the answer.
    req.once("close", () => reject(new BodyFailure(408, "request timed out")));
  });
}
