/**
 * Payment intents for custom Code wallet backends: build, sign, register and track them.
 *
 * @module code-intents
 */

export { CodeClient } from "./client/client.js";

import "./lib/docs-url.js";

export type { IntentReference } from "./client/intent-reference.js";
export type { GetUserIdOptions, LoginIntents } from "./client/login-intents.js";
export type {
  CodeClientOptions,
  CommonClientOptions,
  ConnectingClientOptions,
  Logger,
  TransportClientOptions,
} from "./client/options.js";
export type { PaymentIntents } from "./client/payment-intents.js";
export type { WaitOptions } from "./client/wait.js";
export type { WatchOptions } from "./client/watch-options.js";
export type { RegisterWebhookOptions, Webhooks } from "./client/webhooks.js";
export type { SigningKey } from "./crypto/types.js";
export {
  type AnyCodeIntentsError,
  CodeIntentsError,
  type ConnectCodeName,
  type ErrorCode,
  InputError,
  type InputErrorCode,
  IntentMismatchError,
  type IntentMismatchErrorCode,
  RegistrationUnknownError,
  type RegistrationUnknownErrorCode,
  type ScanCodeErrorCode,
  SequencerError,
  type SequencerErrorCode,
  SignerError,
  type SignerErrorCode,
  TransportError,
  type TransportErrorCode,
  UnsupportedError,
  type UnsupportedErrorCode,
  WaitError,
  type WaitErrorCode,
  type WebhookErrorCode,
} from "./errors.js";
export type {
  ConflictingEvent,
  ForgedEvent,
  HeardPayment,
  LoginEvent,
  PaymentEvent,
  RejectedEvent,
  RequestedEvent,
  ScannedEvent,
  SubmittedEvent,
  WebhookCalledEvent,
} from "./events/events.js";
export type { WatchUntil } from "./events/watch-options.js";
export type { Fee, FeeInput } from "./intents/fees.js";
export { Intent, type SignedRequest } from "./intents/intent.js";
export type { Login, LoginOption } from "./intents/login.js";
export {
  type LoginDetails,
  LoginIntent,
  type LoginIntentOptions,
  type RebuildLoginOptions,
  type SignedLoginRequest,
} from "./intents/login-intent.js";
export type { NonceOptions } from "./intents/nonce-options.js";
export {
  type CreateIntentBody,
  type PaymentDetails,
  PaymentIntent,
  type PaymentIntentOptions,
  type PaymentRecord,
  type RebuildOptions,
  type SignedPaymentRequest,
} from "./intents/payment-intent.js";
export type { OfficialKeypair, SecretKeyPair, Signer, VerifierKey } from "./intents/signer.js";
export { TIP_PLATFORMS, TipIntent, type TipIntentOptions, type TipPlatform } from "./intents/tip-intent.js";
export type { WebhookOption } from "./intents/webhook-option.js";
export {
  type Amount,
  formatUnits,
  kinQuarks,
  MAX_UNITS,
  parseAmount,
  type Rounding,
} from "./money/amount.js";
export {
  CURRENCIES,
  type Currency,
  type CurrencyInput,
  currencyAt,
  currencyIndex,
  parseCurrency,
} from "./money/currency.js";
export { rendezvousKey } from "./rendezvous/key.js";
export {
  clientSecretOf,
  type NonceScope,
  nonceFromClientSecret,
  nonceFromIdempotencyKey,
  nonceFromKeyedIdempotencyKey,
  randomNonce,
} from "./rendezvous/nonce.js";
export {
  type CashPayload,
  decodePayload,
  encodePayload,
  type LoginPayload,
  PAYLOAD_KINDS,
  PAYLOAD_LENGTH,
  type PayloadKind,
  type PaymentKind,
  type PaymentPayload,
  type RendezvousPayload,
  type TipPayload,
} from "./rendezvous/payload.js";
export type { RetryOptions } from "./sequencer/call.js";
export { CAPABILITIES, type Capabilities, PROTOCOLS, type Protocol } from "./sequencer/capabilities.js";
export type { CallOptions, IntentStatus, LoggedInUser, WebhookRegistration } from "./sequencer/port.js";
export type {
  FetchAnswer,
  FetchBodyReader,
  FetchFunction,
  FetchInit,
  HttpVersion,
  WebSocketConstructor,
  WebSocketEvent,
  WebSocketLike,
} from "./sequencer/transports/types.js";
export {
  type ListedVerifier,
  WELL_KNOWN_PATH,
  type WellKnownRequest,
  type WellKnownResponse,
  wellKnownFile,
  wellKnownHandler,
  wellKnownMiddleware,
} from "./well-known.js";
