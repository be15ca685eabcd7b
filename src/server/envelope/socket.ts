/**
 * The envelope over a WebSocket: one call, with a Request in each client frame and a Response in each server
 * frame.
 */
import { Code, ConnectError } from "@connectrpc/connect";
import type { WebSocket } from "ws";
import { startSocketTimer } from "../port/connection.js";
import { type EnvelopeFailure, errorResponse, failureOf, okResponse, parseRequest } from "./envelope.js";
import type { EnvelopeMethod, EnvelopeMethods } from "./methods.js";
import { RequestQueue } from "./queue.js";

/** Time limits of an {@link EnvelopeSocket}, in milliseconds. 0 disables a limit. */
export interface EnvelopeSocketLimits {
  /** Time limit for the first frame. */
  readonly firstFrameMs: number;
  /** How long a socket stays open after its call has failed or has sent its only reply. */
  readonly idleMs: number;
  /** Time limit for a client to receive one frame. */
  readonly takeMs: number;
}

/** Dependencies that the sockets of a server share. */
export interface EnvelopeSocketContext {
  readonly methods: EnvelopeMethods;
  readonly limits: EnvelopeSocketLimits;
  /** Receives unexpected errors. Clients receive only Internal, without text. */
  readonly onError: (error: unknown) => void;
}

/** Close codes of RFC 6455. */
const NORMAL = 1000;
const NOT_BINARY = 1003;
const NOT_AN_ENVELOPE = 1007;
const NOT_ALLOWED = 1008;

/**
 * Serves one open WebSocket.
 *
 * The first frame selects the method. If the method reads more requests, later frames carry their bodies. A
 * failed call sends an error frame, and the socket stays open for a while so that the client can close it, as
 * in the real sequencer. A violation of the envelope protocol gets an error frame, and the server closes the
 * socket.
 *
 * Unlike in the real sequencer, a client that disconnects cancels its call. The key of its stream is free at
 * once, not after a minute.
 */
export class EnvelopeSocket {
  readonly #socket: WebSocket;
  readonly #context: EnvelopeSocketContext;
  readonly #canceled = new AbortController();
  readonly #requests = new RequestQueue();
  #method: EnvelopeMethod | undefined;
  #state: "waiting" | "running" | "over" | "left" = "waiting";
  #stopTimer: () => void;

  constructor(socket: WebSocket, context: EnvelopeSocketContext) {
    this.#socket = socket;
    this.#context = context;
    this.#stopTimer = startSocketTimer(context.limits.firstFrameMs, () =>
      this.#refuse(NOT_ALLOWED, Code.DeadlineExceeded, "no request was received in time"),
    );
  }

  /** Handles a frame from the client. */
  receive(frame: Uint8Array, isBinary: boolean): void {
    if (this.#state === "left") return;
    try {
      // Copied, so that queued bytes do not keep the socket's read buffer alive.
      const bytes = new Uint8Array(frame);
      if (!isBinary) this.#refuse(NOT_BINARY, Code.InvalidArgument, "frames must be binary");
      else if (this.#state === "waiting") this.#begin(bytes);
      else if (this.#method?.readsMany) this.#continueWith(this.#method, bytes);
      else
        this.#refuse(NOT_ALLOWED, Code.InvalidArgument, "a socket takes one call, and this call one request");
    } catch (error) {
      const failure = failureOf(error, this.#context.onError);
      if (failure.status === 200) this.#fail(failure);
      else this.#close(NOT_AN_ENVELOPE, failure);
    }
  }

  /** Cancels the call because the client is gone or the socket is closing. Idempotent. */
  leave(): void {
    this.#state = "left";
    this.#stopTimer();
    this.#canceled.abort();
    this.#requests.end();
  }

  #begin(frame: Uint8Array): void {
    const request = parseRequest(frame);
    const method = this.#context.methods.find(request);
    this.#requests.push(method.parse(request.body), request.body.length);
    this.#stopTimer();
    this.#state = "running";
    this.#method = method;
    void this.#run(method);
  }

  #continueWith(method: EnvelopeMethod, frame: Uint8Array): void {
    // The frame was sent before the client received the end of the call.
    if (this.#state === "over") return;
    // The names are ignored after the first frame.
    const { body } = parseRequest(frame);
    if (!this.#requests.push(method.parse(body), body.length))
      this.#refuse(NOT_ALLOWED, Code.ResourceExhausted, "more requests than the call can read");
  }

  async #run(method: EnvelopeMethod): Promise<void> {
    const { signal } = this.#canceled;
    try {
      // The call produces its next reply only after the client has received this one. A slow client slows its
      // call, and no replies pile up here.
      for await (const reply of method.call(this.#requests, signal)) {
        await this.#send(okResponse(reply));
        if (signal.aborted) return;
      }
    } catch (error) {
      if (!signal.aborted) this.#fail(failureOf(error, this.#context.onError));
      return;
    }
    if (signal.aborted) return;
    // Only a close tells the client that no reply follows.
    if (method.sendsMany) this.#close(NORMAL);
    else this.#end();
  }

  #fail(failure: EnvelopeFailure): void {
    void this.#send(errorResponse(failure));
    this.#end();
  }

  /** Ends the call. The client closes the socket, or the idle timer does. */
  #end(): void {
    this.#state = "over";
    this.#canceled.abort();
    this.#requests.end();
    this.#stopTimer();
    this.#stopTimer = startSocketTimer(this.#context.limits.idleMs, () => this.#close(NORMAL));
  }

  #refuse(code: number, status: Code, text: string): void {
    this.#close(code, failureOf(new ConnectError(text, status), this.#context.onError));
  }

  #close(code: number, failure?: EnvelopeFailure): void {
    this.leave();
    if (failure !== undefined) void this.#send(errorResponse(failure));
    this.#socket.close(code);
  }

  /** Resolves when the client's side has accepted the frame or is gone. */
  #send(frame: Uint8Array): Promise<void> {
    return new Promise((resolve) => {
      const stopTimer = startSocketTimer(this.#context.limits.takeMs, () => this.#socket.terminate());
      this.#socket.send(frame, (error) => {
        stopTimer();
        // No frame can follow a failed send. The `close` event arrives later, and not while a call keeps
        // writing.
        if (error) this.leave();
        resolve();
      });
    });
  }
}
