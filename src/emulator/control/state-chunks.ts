/** DownloadState and UploadState: the text of an exported state in chunks, which fit in one message each. */
import { Code, ConnectError } from "@connectrpc/connect";

/** Most characters of one chunk. In UTF-8 they are below the 1 MiB that a message can have. */
const CHUNK_LENGTH = 256 * 1024;
/** Most characters of an upload: the longest string of Node. */
const MAX_STATE_LENGTH = 2 ** 29 - 24;

/** Splits text into chunks, without splitting a character. */
export function* splitChunks(text: string): Generator<string> {
  for (let start = 0, end = 0; start < text.length; start = end) {
    end = start + CHUNK_LENGTH;
    if (/^[\ud800-\udbff]/.test(text.charAt(end - 1))) end -= 1;
    yield text.slice(start, end);
  }
}

/**
 * Joins the chunks of an upload.
 *
 * @throws ConnectError ResourceExhausted beyond the longest string of Node
 */
export async function joinChunks(requests: AsyncIterable<{ readonly chunk: string }>): Promise<string> {
  const chunks: string[] = [];
  let length = 0;
  for await (const { chunk } of requests) {
    length += chunk.length;
    if (length > MAX_STATE_LENGTH)
      throw new ConnectError(
        `state: must have at most ${MAX_STATE_LENGTH} characters; upload a state that the emulator has exported`,
        Code.ResourceExhausted,
      );
    chunks.push(chunk);
  }
  return chunks.join("");
}
