/** The verdicts of the explorer and of an emulator about a request. */
import {
  type create,
  type DescMessage,
  type Message,
  type MessageInitShape,
  toBinary,
} from "@bufbuild/protobuf";
import { Code, ConnectError, createClient } from "@connectrpc/connect";
import {
  AckMessagesRequestSchema,
  Messaging,
  OpenMessageStreamRequestSchema,
  OpenMessageStreamWithKeepAliveRequestSchema,
  PollMessagesRequestSchema,
  SendMessageRequestSchema,
} from "../../gen/code/messaging/v1/messaging_service_pb.js";
import {
  GetStatusRequestSchema,
  MicroPayment,
  RegisterWebhookRequestSchema,
  RegisterWebhookResponse_Result,
} from "../../gen/code/micropayment/v1/micro_payment_service_pb.js";
import {
  GetLoginForThirdPartyAppRequestSchema,
  Identity,
  LoginToThirdPartyAppRequestSchema,
} from "../../gen/code/user/v1/identity_service_pb.js";
import type { Emulator } from "../../src/emulator/index.js";
import { checksOf } from "../../src/inspect/checks/checks.js";
import { messageTree } from "../../src/inspect/kinds/message-tree.js";
import { nodesOf } from "../../src/inspect/nodes.js";

/**
 * What the explorer reports as broken; empty for a request that it finds nothing wrong with, or only doubts. This is the
 * part of `explain` that judges a message of a known type, without what it guesses and recommends.
 */
export function brokenIn(schema: DescMessage, request: Message): string[] {
  const tree = messageTree(schema, toBinary(schema, request));
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

/** The text with which an emulator refuses a request; `undefined` for one that it accepts. */
export async function refusalOf(
  emulator: Emulator,
  schema: DescMessage,
  request: Message,
): Promise<string | undefined> {
  try {
    return await call(emulator, schema, request);
  } catch (error) {
    if (!(error instanceof ConnectError) || error.code === Code.Internal || error.code === Code.Unknown)
      throw error;
    return error.message;
  }
}

type Init<T extends DescMessage> = MessageInitShape<T>;

async function call(emulator: Emulator, schema: DescMessage, request: Message): Promise<string | undefined> {
  const messaging = createClient(Messaging, emulator.transport);
  const microPayment = createClient(MicroPayment, emulator.transport);
  const identity = createClient(Identity, emulator.transport);
  switch (schema) {
    case SendMessageRequestSchema:
      await messaging.sendMessage(request as Init<typeof SendMessageRequestSchema>);
      return undefined;
    case PollMessagesRequestSchema:
      await messaging.pollMessages(request as Init<typeof PollMessagesRequestSchema>);
      return undefined;
    case AckMessagesRequestSchema:
      await messaging.ackMessages(request as Init<typeof AckMessagesRequestSchema>);
      return undefined;
    case OpenMessageStreamRequestSchema:
      return opened((signal) =>
        messaging.openMessageStream(request as Init<typeof OpenMessageStreamRequestSchema>, { signal }),
      );
    case OpenMessageStreamWithKeepAliveRequestSchema:
      return opened((signal) =>
        messaging.openMessageStreamWithKeepAlive(
          (async function* () {
            yield request as ReturnType<typeof create<typeof OpenMessageStreamWithKeepAliveRequestSchema>>;
            await new Promise((resolve) => signal.addEventListener("abort", resolve));
          })(),
          { signal },
        ),
      );
    case GetStatusRequestSchema:
      await microPayment.getStatus(request as Init<typeof GetStatusRequestSchema>);
      return undefined;
    case RegisterWebhookRequestSchema: {
      const { result } = await microPayment.registerWebhook(
        request as Init<typeof RegisterWebhookRequestSchema>,
      );
      return result === RegisterWebhookResponse_Result.INVALID_URL ? "INVALID_URL" : undefined;
    }
    case GetLoginForThirdPartyAppRequestSchema:
      await identity.getLoginForThirdPartyApp(request as Init<typeof GetLoginForThirdPartyAppRequestSchema>);
      return undefined;
    case LoginToThirdPartyAppRequestSchema:
      await identity.loginToThirdPartyApp(request as Init<typeof LoginToThirdPartyAppRequestSchema>);
      return undefined;
    default:
      throw new Error(`no call has the request ${schema.typeName}`);
  }
}

/** Opens a stream and closes it again; a plain stream is silent, and open once a moment has passed without a refusal. */
async function opened(open: (signal: AbortSignal) => AsyncIterable<unknown>): Promise<undefined> {
  const controller = new AbortController();
  const first = open(controller.signal)[Symbol.asyncIterator]().next();
  const silent = new Promise((resolve) => setTimeout(resolve, 5));
  try {
    await Promise.race([first, silent]);
  } finally {
    controller.abort();
    first.catch(() => {});
  }
}
