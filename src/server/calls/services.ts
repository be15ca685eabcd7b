/**
 * The sequencer's calls, independent of the protocol. Each call is validated first and then runs in one
 * transaction.
 */
import { create, fromBinary } from "@bufbuild/protobuf";
import type { ConnectRouter } from "@connectrpc/connect";
import {
  AckMessagesRequestSchema,
  AckMesssagesResponseSchema,
  MessageSchema,
  Messaging,
  PollMessagesRequestSchema,
  PollMessagesResponseSchema,
  SendMessageRequestSchema,
  SendMessageResponseSchema,
} from "../../../gen/code/messaging/v1/messaging_service_pb.js";
import {
  GetStatusRequestSchema,
  GetStatusResponseSchema,
  MicroPayment,
  RegisterWebhookRequestSchema,
  RegisterWebhookResponse_Result,
  RegisterWebhookResponseSchema,
} from "../../../gen/code/micropayment/v1/micro_payment_service_pb.js";
import {
  GetLoginForThirdPartyAppRequestSchema,
  GetLoginForThirdPartyAppResponseSchema,
  Identity,
  LoginToThirdPartyAppRequestSchema,
  LoginToThirdPartyAppResponseSchema,
} from "../../../gen/code/user/v1/identity_service_pb.js";
import { toBase58 } from "../../lib/bytes.js";
import { unauthenticated } from "../failure.js";
import { type SendMessageRules, sendMessage } from "../rules/send-message.js";
import { type WebhookUrlRules, webhookUrlProblem } from "../rules/webhook-url.js";
import { isSignedBy } from "../signed.js";
import type { MessageRecord } from "../store/store.js";
import { getLogin, type LoginContext, login } from "./identity.js";
import { openMessageStream, openMessageStreamWithKeepAlive, type StreamContext } from "./message-streams.js";
import { checkedBy, type UnaryCall } from "./unary-call.js";

/** Dependencies of the services. */
export interface ServiceContext extends StreamContext, LoginContext {
  /** `lenient` skips the signature check of GetLoginForThirdPartyApp. */
  readonly rules: SendMessageRules & { readonly lenient: boolean };
  readonly webhookUrls: WebhookUrlRules;
  /** Receives unexpected errors. Callers receive only Internal, without text. */
  readonly onError: (error: unknown) => void;
}

/** The unary calls, callable in process, and the streams. */
export interface SequencerServices {
  readonly streams: StreamContext;
  readonly sendMessage: UnaryCall<typeof SendMessageRequestSchema, typeof SendMessageResponseSchema>;
  readonly pollMessages: UnaryCall<typeof PollMessagesRequestSchema, typeof PollMessagesResponseSchema>;
  readonly ackMessages: UnaryCall<typeof AckMessagesRequestSchema, typeof AckMesssagesResponseSchema>;
  readonly getStatus: UnaryCall<typeof GetStatusRequestSchema, typeof GetStatusResponseSchema>;
  readonly registerWebhook: UnaryCall<
    typeof RegisterWebhookRequestSchema,
    typeof RegisterWebhookResponseSchema
  >;
  readonly getLoginForThirdPartyApp: UnaryCall<
    typeof GetLoginForThirdPartyAppRequestSchema,
    typeof GetLoginForThirdPartyAppResponseSchema
  >;
  readonly loginToThirdPartyApp: UnaryCall<
    typeof LoginToThirdPartyAppRequestSchema,
    typeof LoginToThirdPartyAppResponseSchema
  >;
}

// The real sequencer stops after this many messages, one more than it intends.
const POLL_LIMIT = 257;
// A response in JSON stays below the mebibyte that clients read at most.
const POLL_BYTES = 512 * 1024;

/** Creates the services on a store. */
export function sequencerServices(context: ServiceContext): SequencerServices {
  const { store, hub, clock, rules, webhookUrls, onError } = context;
  const { fetchWellKnown, lenient } = rules;
  const checked = checkedBy(onError, context.report);
  return {
    streams: context,

    sendMessage: checked(SendMessageRequestSchema, SendMessageResponseSchema, async (request) => {
      const intentId = idOf(request.rendezvousKey);
      const { result, messageId, stored } = await store.transaction(intentId, (transaction) =>
        sendMessage(request, { ...rules, now: clock.now(), hasOpenStream: hub.has(intentId) }, transaction),
      );
      if (stored !== undefined) await hub.deliver(intentId, stored);
      return create(
        SendMessageResponseSchema,
        messageId === undefined ? { result } : { result, messageId: { value: messageId } },
      );
    }),

    pollMessages: checked(PollMessagesRequestSchema, PollMessagesResponseSchema, async (request) => {
      const key = request.rendezvousKey?.value ?? new Uint8Array(0);
      if (!isSignedBy(PollMessagesRequestSchema, request, key)) throw unauthenticated();
      const records = await store.transaction(toBase58(key), (transaction) =>
        transaction.listMessages(POLL_LIMIT),
      );
      return create(PollMessagesResponseSchema, {
        messages: pageOf(records).map(({ bytes }) => fromBinary(MessageSchema, bytes)),
      });
    }),

    ackMessages: checked(AckMessagesRequestSchema, AckMesssagesResponseSchema, async (request) => {
      const ids = request.messageIds.map(({ value }) => toBase58(value));
      await store.transaction(idOf(request.rendezvousKey), (transaction) => transaction.deleteMessages(ids));
      return create(AckMesssagesResponseSchema);
    }),

    getStatus: checked(GetStatusRequestSchema, GetStatusResponseSchema, (request) =>
      store.transaction(idOf(request.intentId), async (transaction) => {
        if ((await transaction.getRequest()) === undefined) return create(GetStatusResponseSchema);
        return create(GetStatusResponseSchema, {
          exists: true,
          codeScanned: await transaction.hasMessage("codeScanned"),
          intentSubmitted: (await transaction.getIntent())?.state === "submitted",
        });
      }),
    ),

    registerWebhook: checked(
      RegisterWebhookRequestSchema,
      RegisterWebhookResponseSchema,
      async ({ intentId, url }, explain) => {
        const answer = (result: RegisterWebhookResponse_Result) =>
          create(RegisterWebhookResponseSchema, { result });
        const problem = await webhookUrlProblem(url, webhookUrls, false);
        if (problem !== undefined) {
          explain(problem);
          return answer(RegisterWebhookResponse_Result.INVALID_URL);
        }
        return store.transaction(idOf(intentId), async (transaction) => {
          if ((await transaction.getIntent()) !== undefined)
            return answer(RegisterWebhookResponse_Result.INTENT_EXISTS);
          if ((await transaction.getRequest()) === undefined)
            return answer(RegisterWebhookResponse_Result.REQUEST_NOT_FOUND);
          if ((await transaction.getWebhook()) !== undefined)
            return answer(RegisterWebhookResponse_Result.ALREADY_REGISTERED);
          await transaction.putWebhook({ url, createdAt: clock.now(), state: "registered", attempts: [] });
          return answer(RegisterWebhookResponse_Result.OK);
        });
      },
    ),

    getLoginForThirdPartyApp: checked(
      GetLoginForThirdPartyAppRequestSchema,
      GetLoginForThirdPartyAppResponseSchema,
      (request) => getLogin(request, { store, fetchWellKnown, lenient }),
    ),

    loginToThirdPartyApp: checked(
      LoginToThirdPartyAppRequestSchema,
      LoginToThirdPartyAppResponseSchema,
      (request) => login(request, context),
    ),
  };
}

/** Registers the services with a Connect router, which serves them over HTTP and in memory. */
export function sequencerRoutes(services: SequencerServices): (router: ConnectRouter) => void {
  const { sendMessage, pollMessages, ackMessages, getStatus, registerWebhook, streams } = services;
  const { getLoginForThirdPartyApp, loginToThirdPartyApp } = services;
  return (router) => {
    router.service(Messaging, {
      sendMessage,
      pollMessages,
      ackMessages,
      openMessageStream: (request, { signal }) => openMessageStream(streams, request, signal),
      openMessageStreamWithKeepAlive: (requests, { signal }) =>
        openMessageStreamWithKeepAlive(streams, requests, signal),
    });
    router.service(MicroPayment, { getStatus, registerWebhook });
    router.service(Identity, { getLoginForThirdPartyApp, loginToThirdPartyApp });
  };
}

/**
 * Returns the first messages whose bytes fit in a response, and always one. Callers acknowledge and poll
 * again.
 */
function pageOf(records: readonly MessageRecord[]): readonly MessageRecord[] {
  let length = 0;
  const end = records.findIndex(({ bytes }, index) => {
    length += bytes.length;
    return index > 0 && length > POLL_BYTES;
  });
  return end === -1 ? records : records.slice(0, end);
}

function idOf(key: { readonly value: Uint8Array } | undefined): string {
  return toBase58(key?.value ?? new Uint8Array(0));
}
