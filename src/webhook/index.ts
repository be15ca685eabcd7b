/**
 * Webhooks of the sequencer: verify a webhook against its order, fulfil the order once, and sign test
 * webhooks. Runs wherever Web Crypto supports Ed25519: Node, browsers, workers.
 *
 * @module
 */

export type { WebhookErrorCode } from "../errors.js";
export type { ByteReader } from "./body.js";
export type { LoginClaims, PaymentClaims, PaymentClaimsJson } from "./claims.js";
export type { LoginClaimsInput, PaymentClaimsInput, WebhookClaimsInput } from "./claims-json.js";
export type {
  WebhookContext,
  WebhookFulfilment,
  WebhookHandlerOptions,
  WebhookLogger,
} from "./delivery.js";
export { WebhookError } from "./errors.js";
export type {
  ExpectationLookup,
  LoginExpectation,
  PaymentExpectation,
  WebhookClaims,
  WebhookExpect,
} from "./expectation.js";
export { type HonoWebhookContext, type WebhookResponse, webhookHandler } from "./handler.js";
export type { WebhookRequest } from "./incoming.js";
export { type LambdaWebhookEvent, type LambdaWebhookResult, lambdaWebhookHandler } from "./lambda-handler.js";
export { memoryOnceStore } from "./memory-once-store.js";
export type {
  FastifyWebhookReply,
  FastifyWebhookRequest,
  KoaWebhookContext,
  NodeWebhookRequest,
  NodeWebhookResponse,
} from "./node-exchange.js";
export { type NodeWebhookHandler, nodeWebhookHandler } from "./node-handler.js";
export {
  type FulfilOnce,
  type OnceClaim,
  type OnceLease,
  type OnceOptions,
  type OnceOutcome,
  type OnceStore,
  onceOnly,
} from "./once.js";
export { createWebhookUrl, readWebhookPathToken, webhookPathToken } from "./path-token.js";
export type { VerifyWebhookOptions } from "./receiver.js";
export { type Reconciled, type ReconcileOptions, reconcile } from "./reconcile.js";
export { type SignTestWebhookOptions, signTestWebhook } from "./sign.js";
export { PRODUCTION_WEBHOOK_PUBLIC_KEY } from "./signature.js";
export { verifyWebhook, type WebhookInput } from "./verify.js";
