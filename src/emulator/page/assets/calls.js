/** Calls the control services over the Connect protocol, in JSON. */

import { authorization } from "./access.js";

/** @import { EmulatorResponses, ErrorResponse, WalletResponses, WatchResponse } from "./types.js" */

const EMULATOR = "codeintents.emulator.v1.EmulatorService";
const WALLET = "codeintents.emulator.v1.WalletService";
/** The emulator's responses are far smaller. */
const MAX_FRAME_BYTES = 16 * 1024 * 1024;

/** A rejected call, with Connect's code and the emulator's message. */
export class Refusal extends Error {
  /**
   * @param {string} code
   * @param {string} message
   */
  constructor(code, message) {
    super(message || code.replaceAll("_", " "));
    this.code = code;
  }
}

/**
 * @template {keyof EmulatorResponses} Method
 * @param {Method} method
 * @param {object} request
 * @returns {Promise<EmulatorResponses[Method]>}
 */
export function emulator(method, request = {}) {
  return call(`${EMULATOR}/${method}`, request);
}

/**
 * @template {keyof WalletResponses} Method
 * @param {Method} method
 * @param {object} request
 * @returns {Promise<WalletResponses[Method]>}
 */
export function wallet(method, request) {
  return call(`${WALLET}/${method}`, request);
}

/**
 * @template T
 * @param {string} path
 * @param {object} request
 * @returns {Promise<T>}
 */
async function call(path, request) {
  const response = await post(path, "application/json", JSON.stringify(request));
  if (!response.ok) throw await refusalOf(response);
  return response.json();
}

/**
 * Calls WatchIntents. Ends when the emulator ends the stream.
 *
 * @param {object} request
 * @param {AbortSignal} signal
 * @returns {AsyncGenerator<WatchResponse>}
 */
export async function* watchIntents(request, signal) {
  const body = new TextEncoder().encode(JSON.stringify(request));
  const head = new DataView(new ArrayBuffer(5));
  head.setUint32(1, body.length);
  const response = await post(
    `${EMULATOR}/WatchIntents`,
    "application/connect+json",
    new Blob([head.buffer, body]),
    signal,
  );
  if (!response.ok || response.body === null) throw await refusalOf(response);
  for await (const { isEnd, text } of framesOf(response.body)) {
    /** @type {WatchResponse & { error?: { code: string, message?: string } }} */
    const message = JSON.parse(text);
    if (!isEnd) yield message;
    else if (message.error !== undefined) throw new Refusal(message.error.code, message.error.message ?? "");
  }
}

/**
 * Reads the frames of a Connect stream: one byte of flags, four bytes of length, then the content.
 *
 * @param {ReadableStream<Uint8Array<ArrayBuffer>>} body
 */
async function* framesOf(body) {
  const reader = body.getReader();
  let buffer = new Uint8Array(0);
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      const joined = new Uint8Array(buffer.length + value.length);
      joined.set(buffer);
      joined.set(value, buffer.length);
      buffer = joined;
      while (buffer.length >= 5) {
        const length = new DataView(buffer.buffer, buffer.byteOffset).getUint32(1);
        if (length > MAX_FRAME_BYTES) throw new Refusal("internal", "a response is too large");
        if (buffer.length < 5 + length) break;
        const isEnd = ((buffer[0] ?? 0) & 2) !== 0;
        yield { isEnd, text: new TextDecoder().decode(buffer.subarray(5, 5 + length)) };
        buffer = buffer.subarray(5 + length);
      }
    }
  } finally {
    await reader.cancel().catch(() => {});
  }
}

/**
 * @param {string} path
 * @param {string} type
 * @param {BodyInit} body
 * @param {AbortSignal | null} [signal]
 */
function post(path, type, body, signal = null) {
  const headers = { "content-type": type, "connect-protocol-version": "1", ...authorization() };
  return fetch(path, { method: "POST", headers, body, signal, cache: "no-store", credentials: "omit" });
}

/** @param {Response} response */
async function refusalOf(response) {
  /** @type {ErrorResponse} */
  const { code, message, error } = await response.json().catch(() => ({}));
  return new Refusal(
    String(code ?? "unknown"),
    String(message ?? error ?? `the emulator answered HTTP ${response.status}`),
  );
}
