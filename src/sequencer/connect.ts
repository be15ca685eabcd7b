import { create, fromBinary } from "@bufbuild/protobuf";
import { type Client, createClient } from "@connectrpc/connect";
import {
  Messaging,
  SendMessageRequestSchema,
  SendMessageResponse_Result,
} from "../../gen/code/messaging/v1/messaging_service_pb.js";
import {
  GetStatusRequestSchema,
  MicroPayment,
  RegisterWebhookRequestSchema,
  RegisterWebhookResponse_Result,
} from "../../gen/code/micropayment/v1/micro_payment_service_pb.js";
import {
  GetLoginForThirdPartyAppRequestSchema,
  GetLoginForThirdPartyAppResponse_Result,
  Identity,
} from "../../gen/code/user/v1/identity_service_pb.js";
import { SequencerError, TransportError } from "../errors.js";
import type { Intent } from "../intents/intent.js";
import { toBase58 } from "../lib/bytes.js";
import { withArrival } from "./call.js";
import { CAPABILITIES, type Capabilities, type Protocol } from "./capabilities.js";
import { mapConnectError, optionsOf } from "./connect-error.js";
import { malformedResponse } from "./malformed-response.js";
import { connectMessages } from "./messages.js";
import {
  type CallContext,
  type IntentStatus,
  type LoggedInUser,
  type MessageCalls,
  type Sequencer,
  statusOf,
  type UserIdRequest,
  type WebhookRegistration,
  type WebhookTarget,
} from "./port.js";
import { errorOfStatus } from "./status-error.js";
import type { OwnedTransport } from "./transports/types.js";
import { withoutWebhook } from "./without-webhook.js";

const MESSAGE_ID_LENGTH = 16;
const USER_ID_LENGTH = 32;

/** Options of {@link connectSequencer}. */
export interface ConnectSequencerOptions extends OwnedTransport {
  readonly protocol: Exclude<Protocol, "rest">;
  /** Whether to try bidirectional streams. If they do not work, plain streams are used. */
  readonly bidirectional: boolean;
}

/** Returns a sequencer that is called through any Connect transport: Connect, gRPC, gRPC-Web or in memory. */
export function connectSequencer(options: ConnectSequencerOptions): Sequencer {
  return new ConnectSequencer(options);
}

class ConnectSequencer implements Sequencer {
  readonly capabilities: Capabilities;
  readonly #messaging: Client<typeof Messaging>;
  readonly #microPayment: Client<typeof MicroPayment>;
  readonly #identity: Client<typeof Identity>;
  readonly #close: () => void;
  readonly messages: MessageCalls;

  constructor({ transport, close, protocol, bidirectional }: ConnectSequencerOptions) {
    this.capabilities = CAPABILITIES[protocol];
    this.#messaging = createClient(Messaging, transport);
    this.messages = connectMessages(this.#messaging, bidirectional ? ["keep-alive", "plain"] : ["plain"]);
    this.#microPayment = createClient(MicroPayment, transport);
    this.#identity = createClient(Identity, transport);
    this.#close = close;
  }

  async register(
    intent: Intent,
    attempt: CallContext,
    onStored: () => void,
  ): Promise<WebhookRegistration | undefined> {
    // Decodes the bytes around the signed message. Canonical bytes encode to the same bytes again.
    const request = fromBinary(SendMessageRequestSchema, intent.toSendMessageRequest());
    const { result, messageId } = await mapConnectError(
      this.#messaging.sendMessage(request, optionsOf(attempt)),
    );
    if (result === SendMessageResponse_Result.NO_ACTIVE_STREAM) throw notStored("no active stream");
    // An empty response decodes to OK. Only a message id shows that the message was stored.
    if (result !== SendMessageResponse_Result.OK || messageId?.value.length !== MESSAGE_ID_LENGTH) {
      throw malformedResponse("SendMessage", "the message id that a stored message has");
    }
    onStored();
    if (intent.webhook === undefined) return undefined;
    try {
      attempt.signal.throwIfAborted();
      return await this.registerWebhook(
        { publicKey: intent.sign().publicKey, intent },
        intent.webhook.url,
        attempt,
      );
    } catch (error) {
      throw afterStored(error);
    }
  }

  async getStatus(publicKey: Uint8Array, attempt: CallContext): Promise<IntentStatus> {
    const request = create(GetStatusRequestSchema, { intentId: { value: publicKey } });
    const { exists, codeScanned, intentSubmitted } = await mapConnectError(
      this.#microPayment.getStatus(request, optionsOf(attempt)),
    );
    return statusOf(exists, codeScanned, intentSubmitted);
  }

  async getUserId({ message }: UserIdRequest, attempt: CallContext): Promise<LoggedInUser> {
    const request = fromBinary(GetLoginForThirdPartyAppRequestSchema, message);
    const { result, userId } = await mapConnectError(
      this.#identity.getLoginForThirdPartyApp(request, optionsOf(attempt)),
    );
    switch (result) {
      case GetLoginForThirdPartyAppResponse_Result.OK:
        // An empty response decodes to OK without a user.
        if (userId?.value.length !== USER_ID_LENGTH)
          throw malformedResponse("GetLoginForThirdPartyApp", "a user");
        return { userId: toBase58(userId.value) };
      case GetLoginForThirdPartyAppResponse_Result.REQUEST_NOT_FOUND:
        return { userId: undefined, reason: "request_not_found" };
      case GetLoginForThirdPartyAppResponse_Result.LOGIN_NOT_SUPPORTED:
        return { userId: undefined, reason: "login_not_supported" };
      case GetLoginForThirdPartyAppResponse_Result.NO_USER_LOGGED_IN:
        return { userId: undefined, reason: "no_user_logged_in" };
      default:
        throw malformedResponse("GetLoginForThirdPartyApp", "a known result");
    }
  }

  async close(): Promise<void> {
    this.#close();
  }

  async registerWebhook(
    { publicKey }: WebhookTarget,
    url: string,
    attempt: CallContext,
  ): Promise<WebhookRegistration> {
    const request = create(RegisterWebhookRequestSchema, { intentId: { value: publicKey }, url });
    const { result } = await mapConnectError(this.#microPayment.registerWebhook(request, optionsOf(attempt)));
    switch (result) {
      case RegisterWebhookResponse_Result.OK:
        return "registered";
      case RegisterWebhookResponse_Result.ALREADY_REGISTERED:
        return attempt.mayRepeat ? "probably_ours" : "already_registered";
      case RegisterWebhookResponse_Result.INVALID_URL:
        throw invalidUrl();
      case RegisterWebhookResponse_Result.REQUEST_NOT_FOUND:
        throw errorOfStatus({ connectCode: "failed_precondition", text: "request not found" });
      case RegisterWebhookResponse_Result.INTENT_EXISTS:
        throw errorOfStatus({ connectCode: "invalid_argument", text: "client submitted intent" });
      default:
        throw malformedResponse("RegisterWebhook", "a known result");
    }
  }
}

/**
 * Returns the error of a call that has already registered the intent, which a failure of the webhook must not
 * hide. `already_submitted` passes: the caller knows whose request was stored.
 */
function afterStored(error: unknown): unknown {
  if (error instanceof TransportError) return withArrival(error, true);
  if (!(error instanceof SequencerError) || error.code === "already_submitted") return error;
  // A retryable error must not read as if nothing had arrived.
  return withoutWebhook(error, error.retryable ? "sequencer_failed" : "webhook_refused", error.message);
}

function invalidUrl(): SequencerError {
  return new SequencerError("request_refused", {
    message:
      "The sequencer rejected the webhook: invalid url. Its host must resolve. Use https and no port; an emulator also accepts " +
      "http and ports for hosts in its allowLocalWebhooks, which by default are those of this machine if it listens on loopback",
    connectCode: "failed_precondition",
    sequencerMessage: "invalid url",
  });
}

function notStored(why: string): SequencerError {
  return new SequencerError("request_refused", {
    message: `The sequencer did not store the message: ${why}`,
    connectCode: "failed_precondition",
    sequencerMessage: why,
  });
}
