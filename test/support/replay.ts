/** Replays recorded calls of the real sequencer against this one, byte by byte, over HTTP/2. */
import { readFileSync } from "node:fs";
import http2 from "node:http2";
import {
  type Message,
  OpenMessageStreamResponseSchema,
  OpenMessageStreamWithKeepAliveResponseSchema,
  PollMessagesResponseSchema,
  SendMessageResponseSchema,
} from "../../gen/code/messaging/v1/messaging_service_pb.js";
import { MovableClock } from "../../src/emulator/clock.js";
import { DEFAULT_RATES } from "../../src/emulator/rates.js";
import { submitPayment } from "../../src/server/calls/payments.js";
import { type ServerCore, serverCore } from "../../src/server/core.js";
import { checkServerOptions } from "../../src/server/options.js";
import { type RunningServer, startServer } from "../../src/server/server.js";
import { decode } from "../../src/wire/encodings.js";
import { cleanUp, stoppedRealTime } from "./emulated.js";

/** A frame of a stream: its delay in milliseconds, and the message in hex. */
type Frame = readonly [delayMs: number, hex: string];

interface RecordedStream {
  readonly frames: readonly Frame[];
  /** When the client ends its side, in milliseconds. */
  readonly end?: number;
  /** How long the client listens, in milliseconds. */
  readonly listen: number;
  readonly during?: readonly (RecordedCall & { readonly at: number; readonly frames?: readonly Frame[] })[];
}

/** One call as it was recorded. */
export interface RecordedCall {
  readonly transport?: "grpc" | "rest";
  readonly method: string;
  readonly request?: string;
  readonly rawBody?: boolean;
  readonly body?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly stream?: RecordedStream;
  readonly repeat?: number;
}

type SetupStep = RecordedCall | { readonly control: "pay" | "wait"; readonly intent?: string };

/** The outcome of a call. `code` is a gRPC status, an HTTP status for REST, or `open` for an open stream. */
export interface Verdict {
  readonly code: number | "open";
  readonly text: string;
  /** Hex; the messages of a stream are joined by `|`. */
  readonly response?: string;
  /** HTTP status, where it is not 200. */
  readonly http?: number;
  readonly endedAfterSeconds?: number;
  readonly during?: readonly Verdict[];
}

/** A recorded call with the calls before it and the real sequencer's verdict. */
export interface RecordedVerdict extends RecordedCall {
  readonly name: string;
  readonly setup: readonly SetupStep[];
  readonly real: Verdict;
  /** The kind of difference that an earlier version of this sequencer had. */
  readonly differs?: string;
}

type WellKnownFiles = Readonly<Record<string, { readonly status: number; readonly body: string }>>;

const read = <T>(name: string): T =>
  JSON.parse(readFileSync(new URL(`../vectors/${name}`, import.meta.url), "utf8")) as T;

/** The verdicts of the real sequencer. */
export const recordedVerdicts = (): readonly RecordedVerdict[] => read("sequencer-verdicts.json");

const relationships: Readonly<Record<string, readonly string[]>> = {
  "example.com": [
    "HhPhKGww9TjVbAaDEYzSaX1yZo7FZ1v6aX493QAUEaQb",
    "Bz4DNUaqA1Mc7yfndSMciq4CBUxZTJi144DFZpci6vyJ",
  ],
  "other.com": ["7rFMdfyxiS4RXpbLKdZtiQvHxqz2mPiAc1ek7hjXL4r7"],
};
const payerAtExample = relationships["example.com"]?.[0];
const temporaryIncomingAccount = "A89ihkNTbvo2Gss6q2rbVEShzbndKvTh6gNpFRr3jobf";

const STEP_MS = 250;

/** A sequencer set up as the real one was, with a client that sends any bytes. */
export class Replayer {
  readonly #core: ServerCore;
  readonly #server: RunningServer;
  readonly #clock: MovableClock;
  readonly #realTime = stoppedRealTime();
  readonly #session: http2.ClientHttp2Session;

  private constructor(core: ServerCore, server: RunningServer, clock: MovableClock) {
    this.#core = core;
    this.#server = server;
    this.#clock = clock;
    this.#session = http2.connect(server.url);
    this.#session.on("error", () => {});
  }

  /** Starts the sequencer. */
  static async start(): Promise<Replayer> {
    const files = read<WellKnownFiles>("well-known-files.json");
    const options = checkServerOptions({
      lenient: true,
      allowLocalWebhooks: false,
      isTemporaryIncomingAccount: (account) => account === temporaryIncomingAccount,
      resolveHost: async (name) => {
        if (name.includes("no-dns")) throw new Error(`lookup ${name}: no such host`);
      },
      fetchWellKnown: async (url) => {
        const file = files[url];
        if (file === undefined) throw new Error(`Get "${url}": no such host`);
        return file;
      },
    });
    const clock = new MovableClock({ frozen: true });
    const core = serverCore(options, {
      clock,
      isRelationshipAccount: (account, domain) => relationships[domain]?.includes(account) ?? false,
    });
    return new Replayer(core, await startServer(core, options), clock);
  }

  /** Stops the sequencer and frees its clocks. */
  async close(): Promise<void> {
    this.#session.destroy();
    await this.#server.close();
    this.#clock.stop();
    await cleanUp();
  }

  /** Makes the calls of one entry on an empty sequencer, and returns the verdict on the last. */
  async replay(entry: RecordedVerdict): Promise<Verdict> {
    await this.#core.load(new Map());
    const ids = new MessageIds();
    for (const step of entry.setup) {
      if ("control" in step) await this.#control(step, entry.name.includes("anonymous"));
      else for (let n = 0; n < (step.repeat ?? 1); n++) await this.#call(step, ids);
    }
    return this.#call(entry, ids);
  }

  async #control(
    { control, intent = "" }: { readonly control: string; readonly intent?: string },
    isAnonymous: boolean,
  ): Promise<void> {
    if (control === "wait") return this.#advance(500);
    await submitPayment({ ...this.#core, rates: DEFAULT_RATES }, intent, {}, () =>
      isAnonymous ? undefined : payerAtExample,
    );
  }

  #call(call: RecordedCall, ids: MessageIds): Promise<Verdict> {
    if (call.transport === "rest") return this.#rest(call);
    return call.stream === undefined ? this.#unary(call, ids) : this.#stream(call, call.stream, ids);
  }

  async #rest({ method: line, body, headers = {} }: RecordedCall): Promise<Verdict> {
    const [method = "", path = ""] = line.split(/ (.*)/s);
    const stream = this.#session.request({ ":method": method, ":path": path, ...headers });
    stream.end(body);
    const { status, bytes } = await answerOf(stream);
    return { code: status, text: bytes.toString("utf8") };
  }

  async #unary(call: RecordedCall, ids: MessageIds): Promise<Verdict> {
    const request = Buffer.from(ids.toActual(call.request ?? ""), "hex");
    const stream = this.#open(call);
    stream.end(call.rawBody ? request : framed(request));
    const { status, bytes, statusOf } = await answerOf(stream);
    const { code, text } = statusOf();
    const [message = Buffer.alloc(0)] = framesOf(bytes);
    ids.note(call.method, message);
    const response = ids.toRecorded(message.toString("hex"));
    return { code, text, response, ...(status === 200 ? {} : { http: status }) };
  }

  async #stream(call: RecordedCall, { frames, end, listen, during = [] }: RecordedStream, ids: MessageIds) {
    const startedAt = this.#clock.now();
    const stream = this.#open(call);
    const messages: Buffer[] = [];
    let ended: { readonly code: number; readonly text: string; readonly seconds: number } | undefined;
    const answer = answerOf(stream, (message) => messages.push(message)).then(({ statusOf }) => {
      ended ??= { ...statusOf(), seconds: (this.#clock.now() - startedAt) / 1000 };
    });
    const meanwhile: Promise<Verdict>[] = [];
    const plan = [
      ...frames.map(([at, hex]) => ({ at, run: () => stream.write(framed(Buffer.from(hex, "hex"))) })),
      ...(end === undefined ? [] : [{ at: end, run: () => stream.end() }]),
      ...during.map(({ at, ...other }) => ({
        at,
        run: () => {
          const nested = other.frames && { frames: other.frames, listen: 0 };
          meanwhile.push(this.#call({ ...other, ...(nested && { stream: nested }) }, ids));
        },
      })),
    ].sort((a, b) => a.at - b.at);
    for (const { at, run } of plan) {
      await this.#advance(startedAt + at - this.#clock.now());
      if (!stream.destroyed) run();
      await this.#settle();
    }
    // A call with one request ends its side after that; a recorded client of the other streams says when.
    if (call.method.endsWith("/OpenMessageStream")) stream.end();
    await this.#advance(startedAt + listen - this.#clock.now());
    const response = messages
      .map((message) => {
        ids.note(call.method, message);
        return pingOf(call.method, message) ?? ids.toRecorded(message.toString("hex"));
      })
      .join("|");
    const nested = during.some((other) => other.frames !== undefined)
      ? { during: await Promise.all(meanwhile) }
      : {};
    const verdict: Verdict =
      ended === undefined
        ? { code: "open", text: "", response, ...nested }
        : { code: ended.code, text: ended.text, response, endedAfterSeconds: ended.seconds, ...nested };
    stream.destroy();
    await answer;
    await this.#settle();
    return verdict;
  }

  #open({ method, headers }: RecordedCall): http2.ClientHttp2Stream {
    const withoutTe = headers !== undefined && Object.keys(headers).length === 0;
    return this.#session.request({
      ":method": "POST",
      ":path": method,
      "content-type": "application/grpc",
      ...(withoutTe ? {} : { te: "trailers" }),
      ...headers,
    });
  }

  /** Lets time pass, as on a clock that is not moved: real time and the protocol's in small steps. */
  async #advance(ms: number): Promise<void> {
    for (let rest = ms; rest > 0; rest -= STEP_MS) {
      const step = Math.min(rest, STEP_MS);
      await this.#realTime.advance(step);
      await this.#clock.advance(step);
    }
    await this.#settle();
  }

  /** Waits until everything that was sent has been answered: round trips on the same connection. */
  async #settle(): Promise<void> {
    for (let n = 0; n < 3; n++) {
      await new Promise((resolve) => this.#session.ping(() => setImmediate(resolve)));
    }
  }
}

/** Maps message ids to their recorded form: `1d1d…NNNN` is the NNNN-th id seen. */
class MessageIds {
  readonly #actual: string[] = [];

  note(method: string, bytes: Uint8Array): void {
    for (const id of idsIn(method, bytes)) {
      const hex = Buffer.from(id).toString("hex");
      if (!this.#actual.includes(hex)) this.#actual.push(hex);
    }
  }

  toActual(hex: string): string {
    return hex.replace(/(?:1d){14}([0-9a-f]{4})/g, (recorded, number) => {
      const index = Number.parseInt(number, 16);
      this.#actual[index] ??= recorded;
      return this.#actual[index] ?? recorded;
    });
  }

  toRecorded(hex: string): string {
    return this.#actual.reduce(
      (text, id, index) => text.replaceAll(id, `${"1d".repeat(14)}${index.toString(16).padStart(4, "0")}`),
      hex,
    );
  }
}

function idsIn(method: string, bytes: Uint8Array): Uint8Array[] {
  if (bytes.length === 0) return [];
  const ofMessages = (messages: readonly Message[]) => messages.flatMap(({ id }) => (id ? [id.value] : []));
  switch (method.split("/")[2]) {
    case "SendMessage": {
      const { messageId } = decode(SendMessageResponseSchema, bytes);
      return messageId === undefined ? [] : [messageId.value];
    }
    case "PollMessages":
      return ofMessages(decode(PollMessagesResponseSchema, bytes).messages);
    case "OpenMessageStream":
      return ofMessages(decode(OpenMessageStreamResponseSchema, bytes).messages);
    case "OpenMessageStreamWithKeepAlive": {
      const { responseOrPing } = decode(OpenMessageStreamWithKeepAliveResponseSchema, bytes);
      return responseOrPing.case === "response" ? ofMessages(responseOrPing.value.messages) : [];
    }
    default:
      return [];
  }
}

/** Returns `ping:` and the hex of its delay for a ping, which also holds the time. */
function pingOf(method: string, bytes: Uint8Array): string | undefined {
  if (!method.endsWith("WithKeepAlive")) return undefined;
  const { responseOrPing } = decode(OpenMessageStreamWithKeepAliveResponseSchema, bytes);
  if (responseOrPing.case !== "ping") return undefined;
  return `ping:08${Number(responseOrPing.value.pingDelay?.seconds ?? 0)
    .toString(16)
    .padStart(2, "0")}`;
}

function framed(message: Buffer): Buffer {
  const head = Buffer.alloc(5);
  head.writeUInt32BE(message.length, 1);
  return Buffer.concat([head, message]);
}

function framesOf(bytes: Buffer): Buffer[] {
  const frames: Buffer[] = [];
  for (let at = 0; at + 5 <= bytes.length; ) {
    const end = at + 5 + bytes.readUInt32BE(at + 1);
    if (end > bytes.length) break;
    frames.push(bytes.subarray(at + 5, end));
    at = end;
  }
  return frames;
}

interface Answer {
  readonly status: number;
  readonly bytes: Buffer;
  readonly statusOf: () => { readonly code: number; readonly text: string };
}

/** Reads an answer to its end; `onMessage` receives each message as it arrives. */
function answerOf(stream: http2.ClientHttp2Stream, onMessage?: (message: Buffer) => void): Promise<Answer> {
  return new Promise((resolve) => {
    let bytes: Buffer = Buffer.alloc(0);
    let given = 0;
    let headers: http2.IncomingHttpHeaders = {};
    let trailers: http2.IncomingHttpHeaders = {};
    stream.on("response", (received) => {
      headers = received;
    });
    stream.on("trailers", (received) => {
      trailers = received;
    });
    stream.on("data", (chunk: Buffer) => {
      bytes = Buffer.concat([bytes, chunk]);
      const frames = framesOf(bytes);
      if (onMessage !== undefined) for (const frame of frames.slice(given)) onMessage(frame);
      given = frames.length;
    });
    stream.on("error", () => {});
    const done = () =>
      resolve({
        status: Number(headers[":status"] ?? 0),
        bytes,
        statusOf() {
          const status = trailers["grpc-status"] ?? headers["grpc-status"];
          const message = trailers["grpc-message"] ?? headers["grpc-message"] ?? "";
          return {
            code: status === undefined ? -1 : Number(status),
            text: decodeURIComponent(String(message)),
          };
        },
      });
    stream.on("end", done);
    stream.on("close", done);
  });
}
