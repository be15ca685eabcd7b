/** Returns the verdicts of the explorer and the sequencer on the bytes of a request. */
import { type DescMessage, fromBinary, type MessageShape } from "@bufbuild/protobuf";
import { Code, ConnectError } from "@connectrpc/connect";
import {
  AckMessagesRequestSchema,
  OpenMessageStreamRequestSchema,
  OpenMessageStreamWithKeepAliveRequestSchema,
  PollMessagesRequestSchema,
  SendMessageRequestSchema,
} from "../../gen/code/messaging/v1/messaging_service_pb.js";
import {
  GetStatusRequestSchema,
  RegisterWebhookRequestSchema,
  RegisterWebhookResponse_Result,
} from "../../gen/code/micropayment/v1/micro_payment_service_pb.js";
import {
  GetLoginForThirdPartyAppRequestSchema,
  LoginToThirdPartyAppRequestSchema,
} from "../../gen/code/user/v1/identity_service_pb.js";
import { memoryStore } from "../../src/emulator/index.js";
import { checksOf } from "../../src/inspect/checks/checks.js";
import { messageTree } from "../../src/inspect/kinds/message-tree.js";
import { nodesOf } from "../../src/inspect/nodes.js";
import { lowerAccepted } from "../../src/inspect/rules/accepted.js";
import { openMessageStream, openMessageStreamWithKeepAlive } from "../../src/server/calls/message-streams.js";
import { type ServerCore, serverCore } from "../../src/server/core.js";
import { checkServerOptions, type ServerOptions } from "../../src/server/options.js";
import { incoming } from "../../src/server/rpc/message-bytes.js";

/**
 * Refusals that depend on configuration: limits of amounts, accounts of the wallet, a pong without an earlier
 * request.
 */
export const dependent =
  /currency has a (minimum|maximum) amount of|must be a temporary incoming account|request is nil/;

/**
 * Returns what the explorer reports as broken; empty if it reports nothing or only doubts. This is the part
 * of `explain` that judges a message of a known type, without guesses and recommendations.
 */
export function brokenIn(schema: DescMessage, request: Uint8Array): string[] {
  const tree = messageTree(schema, request);
  lowerAccepted(tree);
  return [
    ...[...nodesOf(tree)]
      .flatMap(({ ownProblems }) => ownProblems)
      .filter(({ kind }) => kind === "malformed" || kind === "broken_rule")
      .map(({ path, expected, found }) => `${path}: expected ${expected}; found ${found}`),
    ...checksOf(tree, {})
      .filter(({ outcome }) => outcome === "failed")
      .map(({ text }) => text),
  ];
}

/** A sequencer that judges each request without earlier state. */
export class Judge {
  readonly #core: ServerCore;
  #store = memoryStore();

  constructor(options: ServerOptions) {
    const errors: unknown[] = [];
    this.#core = serverCore(checkServerOptions(options), {
      store: {
        transaction: (intentId, work) => this.#store.transaction(intentId, work),
        dump: () => this.#store.dump(),
        load: (states) => this.#store.load(states),
        close: () => this.#store.close(),
      },
      onError: (error) => void errors.push(error),
    });
  }

  /** Returns the text with which the sequencer refuses a request; `undefined` if it accepts it. */
  async refusalOf(schema: DescMessage, request: Uint8Array): Promise<string | undefined> {
    this.#store = memoryStore();
    try {
      return await this.#call(schema, request);
    } catch (error) {
      if (!(error instanceof ConnectError) || error.code === Code.Internal || error.code === Code.Unknown)
        throw error;
      return error.message;
    }
  }

  /** Ends all streams and timers. */
  close(): void {
    this.#core.stop();
  }

  async #call(schema: DescMessage, bytes: Uint8Array): Promise<string | undefined> {
    const { services } = this.#core;
    const read = <T extends DescMessage>(type: T): MessageShape<T> => fromBinary(type, incoming(type, bytes));
    switch (schema) {
      case SendMessageRequestSchema:
        await services.sendMessage(read(SendMessageRequestSchema));
        return undefined;
      case PollMessagesRequestSchema:
        await services.pollMessages(read(PollMessagesRequestSchema));
        return undefined;
      case AckMessagesRequestSchema:
        await services.ackMessages(read(AckMessagesRequestSchema));
        return undefined;
      case OpenMessageStreamRequestSchema:
        return this.#opened((signal) =>
          openMessageStream(services.streams, read(OpenMessageStreamRequestSchema), signal),
        );
      case OpenMessageStreamWithKeepAliveRequestSchema:
        return this.#opened((signal) => {
          const frames = (async function* () {
            yield read(OpenMessageStreamWithKeepAliveRequestSchema);
            await new Promise((resolve) => signal.addEventListener("abort", resolve));
          })();
          return openMessageStreamWithKeepAlive(services.streams, frames, signal);
        });
      case GetStatusRequestSchema:
        await services.getStatus(read(GetStatusRequestSchema));
        return undefined;
      case RegisterWebhookRequestSchema: {
        const { result } = await services.registerWebhook(read(RegisterWebhookRequestSchema));
        return result === RegisterWebhookResponse_Result.INVALID_URL ? "INVALID_URL" : undefined;
      }
      case GetLoginForThirdPartyAppRequestSchema:
        await services.getLoginForThirdPartyApp(read(GetLoginForThirdPartyAppRequestSchema));
        return undefined;
      case LoginToThirdPartyAppRequestSchema:
        await services.loginToThirdPartyApp(read(LoginToThirdPartyAppRequestSchema));
        return undefined;
      default:
        throw new Error(`no call has the request ${schema.typeName}`);
    }
  }

  /** Opens a stream and closes it again. A plain stream without messages sends nothing, but holds its key. */
  async #opened(open: (signal: AbortSignal) => AsyncIterable<unknown>): Promise<undefined> {
    const controller = new AbortController();
    const first = open(controller.signal)[Symbol.asyncIterator]().next();
    try {
      if (this.#core.hub.size === 0) await first;
    } finally {
      controller.abort();
      await first.catch(() => {});
    }
  }
}
