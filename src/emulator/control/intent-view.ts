/** The stored state in the form that the control services return. */
import type { MessageInitShape } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import {
  type EmulatedIntentSchema,
  type EmulatedMessageSchema,
  type EmulatedWebhookSchema,
  type WebhookAttemptSchema,
  WebhookState,
} from "../../../gen/codeintents/emulator/v1/emulator_service_pb.js";
import type {
  RequestedPaymentSchema,
  SubmittedPaymentSchema,
} from "../../../gen/codeintents/emulator/v1/wallet_service_pb.js";
import type {
  KeyState,
  MessageRecord,
  RequestedDomain,
  RequestedPayment,
  SubmittedPayment,
  WebhookAttempt,
  WebhookRecord,
} from "../../server/store/store.js";
import { nextAttemptAt } from "./next-attempt.js";

/** An intent in a response. */
export type IntentView = MessageInitShape<typeof EmulatedIntentSchema>;

/** Most messages in one outline. */
const MESSAGES_PER_OUTLINE = 100;

/** Returns the known intents, oldest first. */
export function byAge(states: ReadonlyMap<string, KeyState>): [string, KeyState][] {
  return [...states].sort(([, a], [, b]) => (a.firstSeenAt ?? 0) - (b.firstSeenAt ?? 0));
}

/** Returns an intent with its request, payment, messages and webhook. */
export function intentView(intentId: string, state: KeyState, streamOpen: boolean): IntentView {
  const messages = state.messages.map((message) => ({ ...outline(message), message: message.bytes }));
  return withMessages(messages, intentId, state, streamOpen);
}

/** Returns an intent with its newest messages, without their bytes. */
export function intentOutline(intentId: string, state: KeyState, streamOpen: boolean): IntentView {
  return withMessages(state.messages.slice(-MESSAGES_PER_OUTLINE).map(outline), intentId, state, streamOpen);
}

function withMessages(
  messages: MessageInitShape<typeof EmulatedMessageSchema>[],
  intentId: string,
  { request, intent, webhook, messages: { length: messageCount }, firstSeenAt }: KeyState,
  streamOpen: boolean,
): IntentView {
  return {
    intentId,
    ...(firstSeenAt === undefined ? {} : { firstSeenAt: timestampFromMs(firstSeenAt) }),
    ...(request?.payment === undefined ? {} : { requested: requestedView(request.payment) }),
    ...domainView(request?.domain),
    ...(intent?.payment === undefined ? {} : { submitted: submittedView(intent.payment) }),
    intentSubmitted: intent?.state === "submitted",
    userId: intent?.user ?? "",
    messages,
    messageCount,
    ...(webhook === undefined ? {} : { webhook: webhookView(webhook) }),
    streamOpen,
  };
}

function outline(record: MessageRecord) {
  const { messageId, kind, bytes, createdAt } = record;
  return {
    messageId,
    kind: kind.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`),
    createdAt: timestampFromMs(createdAt),
    size: bytes.length,
  };
}

/** Returns the domain of a request. */
export function domainView(domain: RequestedDomain | undefined): { domain: string; verified: boolean } {
  return { domain: domain?.base ?? "", verified: domain?.verified ?? false };
}

const webhookStates = {
  registered: WebhookState.REGISTERED,
  pending: WebhookState.PENDING,
  confirmed: WebhookState.CONFIRMED,
  failed: WebhookState.FAILED,
} as const;

/** Returns an attempt to deliver a webhook. */
export function attemptView({
  startedAt,
  httpStatus,
  error,
}: WebhookAttempt): MessageInitShape<typeof WebhookAttemptSchema> {
  return { startedAt: timestampFromMs(startedAt), httpStatus: httpStatus ?? 0, error: error ?? "" };
}

function webhookView(webhook: WebhookRecord): MessageInitShape<typeof EmulatedWebhookSchema> {
  const next = nextAttemptAt(webhook);
  return {
    url: webhook.url,
    state: webhookStates[webhook.state],
    attempts: webhook.attempts.map(attemptView),
    ...(next === undefined ? {} : { nextAttemptAt: timestampFromMs(next) }),
  };
}

/** Returns the payment that a request asks for. */
export function requestedView(payment: RequestedPayment): MessageInitShape<typeof RequestedPaymentSchema> {
  const { destination, currency, nativeAmount, fees } = payment;
  return { destination, currency, nativeAmount, fees: fees.map((fee) => ({ ...fee })) };
}

/** Returns a submitted payment. */
export function submittedView({
  ...payment
}: SubmittedPayment): MessageInitShape<typeof SubmittedPaymentSchema> {
  return payment;
}
