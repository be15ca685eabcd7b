/** The envelope over a WebSocket: one call, a Request in each frame of the client, a Response in each of ours. */
import { Code, ConnectError } from "@connectrpc/connect";
import type { WebSocket } from "ws";
import { startTimer } from "../port/connection.js";
import { type EnvelopeFailure, errorResponse, failureOf, okResponse, parseRequest } from "./envelope.js";
import type { EnvelopeMethod, EnvelopeMethods } from "./methods.js";
import { RequestQueue } from "./queue.js";

/** Times of an {@link EnvelopeSocket}, in milliseconds; 0 turns one off. */
export interface EnvelopeSocketLimits {
  /** Time to send the first frame. */
  readonly firstFrameMs: number;
  /** How long a socket is left open when its call has failed, or has had its one reply. */
  readonly idleMs: number;
  /** Time for a client to take one frame. */
  readonly takeMs: number;
}

/** What the sockets of a server share. */
export interface EnvelopeSocketContext {
  readonly methods: EnvelopeMethods;
  readonly limits: EnvelopeSocketLimits;
  /** Told of unexpected errors, of which clients see nothing but Internal. */
  readonly onError: (error: unknown) => void;
}

/** Close codes of RFC 6455. */
const NORMAL = 1000;
const NOT_BINARY = 1003;
const NOT_AN_ENVELOPE = 1007;
const NOT_ALLOWED = 1008;

/**
 * Serves one socket that is open.
 *
 * The first frame fixes the method; where a call reads more, later frames bring it bodies. An error of the call is a frame
 * as any other, after which the socket stays open for a while, as in the original, and the client closes it. What breaks
 * the rules of the envelope itself gets an error frame and is closed.
 *
 * Unlike the original, a client that leaves cancels its call: the key of its stream is free at once, not after a minute.
 */
export class EnvelopeSocket {
  readonly #socket: WebSocket;
  readonly #context: EnvelopeSocketContext;
  readonly #left = new AbortController();
  readonly #requests = new RequestQueue();
  #method: EnvelopeMethod | undefined;
  #state: "waiting" | "running" | "over" | "left" = "waiting";
  #stopTimer: () => void;

  constructor(socket: WebSocket, context: EnvelopeSocketContext) {
    this.#socket = socket;
    this.#context = context;
    this.#stopTimer = startTimer(context.limits.firstFrameMs, () =>
      this.#refuse(NOT_ALLOWED, Code.DeadlineExceeded, "no request was received in time"),
    );
  }

  /** Takes a frame of the client. */
  receive(frame: Uint8Array, isBinary: boolean): void {
    if (this.#state === "left") return;
    try {
      // A copy, so that what is kept of it does not keep the buffer that the socket was read into.
      const bytes = new Uint8Array(frame);
      if (!isBinary) this.#refuse(NOT_BINARY, Code.InvalidArgument, "frames must be binary");
      else if (this.#state === "waiting") this.#begin(bytes);
      else if (this.#method?.readsMany) this.#goOn(this.#method, bytes);
      else
        this.#refuse(NOT_ALLOWED, Code.InvalidArgument, "a socket takes one call, and this call one request");
    } catch (error) {
      const failure = failureOf(error, this.#context.onError);
      if (failure.status === 200) this.#fail(failure);
      else this.#close(NOT_AN_ENVELOPE, failure);
    }
  }

  /** Cancels the call: the client is gone, or the socket is closing. Idempotent. */
  leave(): void {
    this.#state = "left";
    this.#stopTimer();
    this.#left.abort();
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

  #goOn(method: EnvelopeMethod, frame: Uint8Array): void {
    // It crossed the end of the call.
    if (this.#state === "over") return;
    // The names are not looked at.
    const { body } = parseRequest(frame);
    if (!this.#requests.push(method.parse(body), body.length))
      this.#refuse(NOT_ALLOWED, Code.ResourceExhausted, "more requests than the call can read");
  }

  async #run(method: EnvelopeMethod): Promise<void> {
    const { signal } = this.#left;
    try {
      // The next reply is not asked for before this one is taken: a slow reader slows its call, and nothing piles up here.
      for await (const reply of method.call(this.#requests, signal)) {
        await this.#send(okResponse(reply));
        if (signal.aborted) return;
      }
    } catch (error) {
      if (!signal.aborted) this.#fail(failureOf(error, this.#context.onError));
      return;
    }
    if (signal.aborted) return;
    // That there is no further reply can only be told by closing.
    if (method.answersMany) this.#close(NORMAL);
    else this.#end();
  }

  #fail(failure: EnvelopeFailure): void {
    void this.#send(errorResponse(failure));
    this.#end();
  }

  /** The call is over, and the client's to close. */
  #end(): void {
    this.#state = "over";
    this.#left.abort();
    this.#requests.end();
    this.#stopTimer();
    this.#stopTimer = startTimer(this.#context.limits.idleMs, () => this.#close(NORMAL));
  }

  #refuse(code: number, status: Code, text: string): void {
    this.#close(code, failureOf(new ConnectError(text, status), this.#context.onError));
  }

  #close(code: number, failure?: EnvelopeFailure): void {
    this.leave();
    if (failure !== undefined) void this.#send(errorResponse(failure));
    this.#socket.close(code);
  }

  /** Resolves when the client's side has taken the frame, or is gone. */
  #send(frame: Uint8Array): Promise<void> {
    return new Promise((resolve) => {
      const stopTimer = startTimer(this.#context.limits.takeMs, () => this.#socket.terminate());
      this.#socket.send(frame, (error) => {
        stopTimer();
        // Nothing follows what could not be sent. That the socket has closed is told later, and not while a call keeps writing.
        if (error) this.leave();
        resolve();
      });
    });
  }
}
