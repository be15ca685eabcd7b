/** The emulator's services for wallet, state and clock, for any language that speaks Connect or gRPC. */
import { create } from "@bufbuild/protobuf";
import { durationMs, timestampFromMs } from "@bufbuild/protobuf/wkt";
import { Code, ConnectError, type ConnectRouter, type HandlerContext } from "@connectrpc/connect";
import {
  AdvanceClockResponseSchema,
  DownloadStateResponseSchema,
  EmulatorService,
  ExplainMessageResponseSchema,
  GetEmulatorResponseSchema,
  ResendWebhookResponseSchema,
  type UploadStateRequest,
  type WatchIntentsRequest,
  type WatchIntentsResponse,
} from "../../../gen/codeintents/emulator/v1/emulator_service_pb.js";
import { type PayRequest, WalletService } from "../../../gen/codeintents/emulator/v1/wallet_service_pb.js";
import { InputError } from "../../errors.js";
import { requireBase58 } from "../../lib/bytes.js";
import { invalidArgument } from "../../server/failure.js";
import { LATEST_TIME, readState, writeState } from "../../server/store/state-text.js";
import type { KeyState, WebhookAttempt } from "../../server/store/store.js";
import type { Wallet } from "../wallet/wallet.js";
import { explanationOf } from "./explanation.js";
import { attemptView, byAge, domainView, intentView, requestedView, submittedView } from "./intent-view.js";
import { pastedPayload } from "./pasted-payload.js";
import { joinChunks, splitChunks } from "./state-chunks.js";
import type { WatchSource } from "./watch.js";

/** The parts of the emulator that the control services control. */
export interface Controls extends WatchSource {
  readonly wallet: Wallet;
  /** Base58. */
  readonly webhookPublicKey: string;
  /** Replaces the complete state, ends every stream and reschedules every webhook. */
  load(states: ReadonlyMap<string, KeyState>): Promise<void>;
  /** Reports changes until the signal aborts. */
  watchIntents(request: WatchIntentsRequest, signal: AbortSignal): AsyncIterable<WatchIntentsResponse>;
  /** Sends the webhook of a submitted intent once more. */
  resendWebhook(intentId: string): Promise<WebhookAttempt>;
  /** Moves the clock and resolves with its new time, in milliseconds since 1970. */
  advance(ms: number): Promise<number>;
}

/** Registers the control services. `authorize` throws if the caller may not use them. */
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
  const stateOf = async (intentId: string): Promise<KeyState> => {
    checkIntentId(intentId);
    const state = (await controls.dump()).get(intentId);
    if (state === undefined) throw new ConnectError("nothing is stored for this intent", Code.NotFound);
    return state;
  };
  const { wallet } = controls;
  return (router) => {
    router.service(
      WalletService,
      {
        scan: guarded(async ({ payload }) => {
          const { intentId, payment, domain } = await wallet.scan(payload);
          return { intentId, ...(payment && { payment: requestedView(payment) }), ...domainView(domain) };
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
          return { intentId, payment: submittedView(payment), userId: userId ?? "" };
        }),
        login: guarded(({ target, user }) => wallet.login(checkTarget(target), { user })),
        reject: guarded(({ payload }) => wallet.reject(payload)),
        vanish: guarded(({ payload }) => wallet.vanish(payload)),
        readPayload: guarded(async ({ intentId, text }) => {
          const { request } = await stateOf(intentId);
          return { payload: pastedPayload(intentId, text, request) };
        }),
      },
      strictJson,
    );
    router.service(
      EmulatorService,
      {
        listIntents: guarded(async () => ({
          intents: byAge(await controls.dump()).map(([id, state]) =>
            intentView(id, state, controls.hasStream(id)),
          ),
        })),
        getIntent: guarded(async ({ intentId }) => {
          const state = await stateOf(intentId);
          return { intent: intentView(intentId, state, controls.hasStream(intentId)) };
        }),
        watchIntents(request, context) {
          authorize(context);
          return controls.watchIntents(request, context.signal);
        },
        explainMessage: guarded(async ({ intentId, messageId }) => {
          const { messages } = await stateOf(intentId);
          const message = messages.find((stored) => stored.messageId === messageId);
          if (message === undefined) throw new ConnectError("no such message is stored", Code.NotFound);
          return create(ExplainMessageResponseSchema, explanationOf(intentId, message));
        }),
        getEmulator: guarded(async () => {
          const { webhookPublicKey } = controls;
          const now = timestampFromMs(controls.now());
          return create(GetEmulatorResponseSchema, { webhookPublicKey, now });
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
        async *downloadState(_request, context) {
          authorize(context);
          const text = writeState(await controls.dump());
          for (const chunk of splitChunks(text)) yield create(DownloadStateResponseSchema, { chunk });
        },
        uploadState: guarded(async (requests: AsyncIterable<UploadStateRequest>) => {
          await controls.load(readState(await joinChunks(requests)));
          return {};
        }),
        resendWebhook: guarded(async ({ intentId }) => {
          await stateOf(intentId);
          return create(ResendWebhookResponseSchema, {
            attempt: attemptView(await controls.resendWebhook(intentId)),
          });
        }),
        advanceClock: guarded(async ({ duration }) => {
          const ms = duration === undefined ? 0 : durationMs(duration);
          if (ms < 0) throw invalidArgument("duration: must not be negative");
          if (controls.now() + ms > LATEST_TIME)
            throw invalidArgument("duration: must not move the clock beyond the year 9999");
          return create(AdvanceClockResponseSchema, { now: timestampFromMs(await controls.advance(ms)) });
        }),
      },
      strictJson,
    );
  };
}

// A misspelt field in a call written by hand must not be ignored.
const strictJson = { jsonOptions: { ignoreUnknownFields: false } } as const;

function checkTarget(target: PayRequest["target"]): Uint8Array | string {
  if (target.value === undefined) throw invalidArgument("target: required; set a payload or an intent id");
  if (target.case === "intentId") checkIntentId(target.value);
  return target.value;
}

function checkIntentId(text: string): void {
  requireBase58(text, "intent_id", 32, "the id of an intent, base58 of 32 bytes");
}
