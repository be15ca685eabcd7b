/** The emulator's own services: the wallet, the state and the clock, for any language that speaks Connect or gRPC. */
import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { durationMs, timestampFromMs } from "@bufbuild/protobuf/wkt";
import { Code, ConnectError, type ConnectRouter, type HandlerContext } from "@connectrpc/connect";
import {
  AdvanceClockResponseSchema,
  type EmulatedIntentSchema,
  EmulatorService,
  WebhookState,
} from "../../../gen/codeintents/emulator/v1/emulator_service_pb.js";
import {
  type PayRequest,
  type RequestedPaymentSchema,
  type SubmittedPaymentSchema,
  WalletService,
} from "../../../gen/codeintents/emulator/v1/wallet_service_pb.js";
import { InputError } from "../../errors.js";
import { requireBase58 } from "../../lib/bytes.js";
import { invalidArgument } from "../failure.js";
import { LATEST_TIME, readState, writeState } from "../store/state-text.js";
import type {
  KeyState,
  RequestedDomain,
  RequestedPayment,
  SubmittedPayment,
  WebhookRecord,
} from "../store/store.js";
import type { Wallet } from "../wallet/wallet.js";

/** What the control services steer. */
export interface Controls {
  readonly wallet: Wallet;
  /** Everything that is stored. */
  dump(): Promise<ReadonlyMap<string, KeyState>>;
  /** Replaces everything, streams and schedules included. */
  load(states: ReadonlyMap<string, KeyState>): Promise<void>;
  hasStream(intentId: string): boolean;
  /** The clock's time in milliseconds since 1970. */
  now(): number;
  /** Moves the clock, and resolves with its new time in milliseconds since 1970. */
  advance(ms: number): Promise<number>;
}

/** Registers the control services. `authorize` throws for callers that may not use them. */
export function controlRoutes(
  controls: Controls,
  authorize: (context: HandlerContext) => void,
): (router: ConnectRouter) => void {
  const guarded =
    <I, O>(handle: (request: I) => Promise<O>) =>
    async (request: I, context: HandlerContext): Promise<O> => {
      authorize(context);
      try {
        return await handle(request);
      } catch (error) {
        if (error instanceof InputError) throw invalidArgument(error.message);
        throw error;
      }
    };
  const { wallet } = controls;
  return (router) => {
    router.service(
      WalletService,
      {
        scan: guarded(async ({ payload }) => {
          const { intentId, payment, domain } = await wallet.scan(payload);
          return { intentId, ...(payment && { payment: requested(payment) }), ...shownDomain(domain) };
        }),
        pay: guarded(async ({ target, currency, nativeAmount, destination, user, anonymous }) => {
          const changes = {
            ...(currency === undefined ? {} : { currency }),
            ...(nativeAmount === undefined ? {} : { nativeAmount }),
            ...(destination === undefined ? {} : { destination }),
          };
          const { intentId, payment, userId } = await wallet.pay(checkTarget(target), {
            ...changes,
            user,
            anonymous,
          });
          return { intentId, payment: submitted(payment), userId: userId ?? "" };
        }),
        login: guarded(({ target, user }) => wallet.login(checkTarget(target), { user })),
        reject: guarded(({ payload }) => wallet.reject(payload)),
        vanish: guarded(({ payload }) => wallet.vanish(payload)),
      },
      strictJson,
    );
    router.service(
      EmulatorService,
      {
        listIntents: guarded(async () => ({ intents: await listIntents(controls) })),
        getIntent: guarded(async ({ intentId }) => {
          checkIntentId(intentId);
          const state = (await controls.dump()).get(intentId);
          if (state === undefined) throw new ConnectError("nothing is stored for this intent", Code.NotFound);
          return { intent: shown(intentId, state, controls) };
        }),
        reset: guarded(async () => {
          await controls.load(new Map());
          return {};
        }),
        exportState: guarded(async () => ({ state: writeState(await controls.dump()) })),
        importState: guarded(async ({ state }) => {
          await controls.load(readState(state));
          return {};
        }),
        advanceClock: guarded(async ({ duration }) => {
          const ms = duration === undefined ? 0 : durationMs(duration);
          if (ms < 0) throw invalidArgument("duration: must not be negative");
          if (controls.now() + ms > LATEST_TIME)
            throw invalidArgument("duration: must not lead beyond the year 9999");
          return create(AdvanceClockResponseSchema, { now: timestampFromMs(await controls.advance(ms)) });
        }),
      },
      strictJson,
    );
  };
}

// A misspelt field of a call by hand must not pass silently.
const strictJson = { jsonOptions: { ignoreUnknownFields: false } } as const;

function checkTarget(target: PayRequest["target"]): Uint8Array | string {
  if (target.value === undefined) throw invalidArgument("target: required, a payload or an intent id");
  if (target.case === "intentId") checkIntentId(target.value);
  return target.value;
}

function checkIntentId(text: string): void {
  requireBase58(text, "intent_id", 32, "the id of an intent, base58 of 32 bytes");
}

async function listIntents(controls: Controls): Promise<MessageInitShape<typeof EmulatedIntentSchema>[]> {
  const states = [...(await controls.dump())];
  states.sort(([, a], [, b]) => (a.firstSeenAt ?? 0) - (b.firstSeenAt ?? 0));
  return states.map(([intentId, state]) => shown(intentId, state, controls));
}

function shown(
  intentId: string,
  { request, intent, webhook, messages, firstSeenAt }: KeyState,
  controls: Controls,
): MessageInitShape<typeof EmulatedIntentSchema> {
  return {
    intentId,
    ...(firstSeenAt === undefined ? {} : { firstSeenAt: timestampFromMs(firstSeenAt) }),
    ...(request?.payment === undefined ? {} : { requested: requested(request.payment) }),
    ...shownDomain(request?.domain),
    ...(intent?.payment === undefined ? {} : { submitted: submitted(intent.payment) }),
    intentSubmitted: intent?.state === "submitted",
    userId: intent?.user ?? "",
    messages: messages.map(({ messageId, kind, bytes, createdAt }) => ({
      messageId,
      kind: kind.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`),
      message: bytes,
      createdAt: timestampFromMs(createdAt),
    })),
    ...(webhook === undefined ? {} : { webhook: shownWebhook(webhook) }),
    streamOpen: controls.hasStream(intentId),
  };
}

function shownDomain(domain: RequestedDomain | undefined) {
  return { domain: domain?.base ?? "", verified: domain?.verified ?? false };
}

const webhookStates = {
  registered: WebhookState.REGISTERED,
  pending: WebhookState.PENDING,
  confirmed: WebhookState.CONFIRMED,
  failed: WebhookState.FAILED,
} as const;

function shownWebhook({ url, state, attempts }: WebhookRecord) {
  return {
    url,
    state: webhookStates[state],
    attempts: attempts.map(({ startedAt, httpStatus, error }) => ({
      startedAt: timestampFromMs(startedAt),
      httpStatus: httpStatus ?? 0,
      error: error ?? "",
    })),
  };
}

function requested(payment: RequestedPayment): MessageInitShape<typeof RequestedPaymentSchema> {
  const { destination, currency, nativeAmount, fees } = payment;
  return { destination, currency, nativeAmount, fees: fees.map((fee) => ({ ...fee })) };
}

function submitted({ ...payment }: SubmittedPayment): MessageInitShape<typeof SubmittedPaymentSchema> {
  return payment;
}
