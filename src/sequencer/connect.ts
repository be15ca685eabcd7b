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
import { SequencerError, TransportError } from "../errors.js";
import type { PaymentIntent } from "../intents/payment-intent.js";
import { withArrival } from "./call.js";
import { CAPABILITIES, type Capabilities, type Protocol } from "./capabilities.js";
import { malformed, optionsOf, typed } from "./connect-failure.js";
import { connectMessages } from "./messages.js";
import {
  type Attempt,
  type IntentStatus,
  type MessageCalls,
  type Sequencer,
  statusOf,
  type WebhookRegistration,
  type WebhookTarget,
} from "./port.js";
import { refusal } from "./refusal.js";
import type { OwnedTransport } from "./transports/types.js";

const MESSAGE_ID_LENGTH = 16;

/** How a sequencer is reached by a Connect transport. */
export interface ConnectSequencerOptions extends OwnedTransport {
  readonly protocol: Exclude<Protocol, "rest">;
  /** Whether streams in both directions may work; if they do not, plain streams are used. */
  readonly bidirectional: boolean;
}

/** A sequencer that is reached by any Connect transport: Connect, gRPC, gRPC-Web or in memory. */
export function connectSequencer(options: ConnectSequencerOptions): Sequencer {
  return new ConnectSequencer(options);
}

class ConnectSequencer implements Sequencer {
  readonly capabilities: Capabilities;
  readonly #messaging: Client<typeof Messaging>;
  readonly #microPayment: Client<typeof MicroPayment>;
  readonly #close: () => void;
  readonly messages: MessageCalls;

  constructor({ transport, close, protocol, bidirectional }: ConnectSequencerOptions) {
    this.capabilities = CAPABILITIES[protocol];
    this.#messaging = createClient(Messaging, transport);
    this.messages = connectMessages(this.#messaging, bidirectional ? ["keep-alive", "plain"] : ["plain"]);
    this.#microPayment = createClient(MicroPayment, transport);
    this.#close = close;
  }

  async createPaymentIntent(
    intent: PaymentIntent,
    attempt: Attempt,
  ): Promise<WebhookRegistration | undefined> {
    // Decoded from the bytes around the signed message; canonical bytes encode to themselves again.
    const request = fromBinary(SendMessageRequestSchema, intent.toSendMessageRequest());
    const { result, messageId } = await typed(this.#messaging.sendMessage(request, optionsOf(attempt)));
    if (result === SendMessageResponse_Result.NO_ACTIVE_STREAM) throw notStored("no active stream");
    // An empty answer decodes to OK; only a message id shows that the message was stored.
    if (result !== SendMessageResponse_Result.OK || messageId?.value.length !== MESSAGE_ID_LENGTH) {
      throw malformed("SendMessage", "the message id that a stored message has");
    }
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

  async getStatus(publicKey: Uint8Array, attempt: Attempt): Promise<IntentStatus> {
    const request = create(GetStatusRequestSchema, { intentId: { value: publicKey } });
    const { exists, codeScanned, intentSubmitted } = await typed(
      this.#microPayment.getStatus(request, optionsOf(attempt)),
    );
    return statusOf(exists, codeScanned, intentSubmitted);
  }

  async close(): Promise<void> {
    this.#close();
  }

  async registerWebhook(
    { publicKey }: WebhookTarget,
    url: string,
    attempt: Attempt,
  ): Promise<WebhookRegistration> {
    const request = create(RegisterWebhookRequestSchema, { intentId: { value: publicKey }, url });
    const { result } = await typed(this.#microPayment.registerWebhook(request, optionsOf(attempt)));
    switch (result) {
      case RegisterWebhookResponse_Result.OK:
        return "registered";
      case RegisterWebhookResponse_Result.ALREADY_REGISTERED:
        return attempt.mayRepeat ? "probably_ours" : "already_registered";
      case RegisterWebhookResponse_Result.INVALID_URL:
        throw refusal({ connectCode: "failed_precondition", text: "invalid url" });
      case RegisterWebhookResponse_Result.REQUEST_NOT_FOUND:
        throw refusal({ connectCode: "failed_precondition", text: "request not found" });
      case RegisterWebhookResponse_Result.INTENT_EXISTS:
        throw refusal({ connectCode: "invalid_argument", text: "client submitted intent" });
      default:
        throw malformed("RegisterWebhook", "a result that is known");
    }
  }
}

/** The intent is registered by now, which no failure of its webhook may hide. */
function afterStored(error: unknown): unknown {
  if (error instanceof TransportError) return withArrival(error, true);
  if (!(error instanceof SequencerError) || error.code === "already_submitted") return error;
  const { message, connectCode, sequencerMessage, retryable, cause } = error;
  // Where it will be tried again, what follows must not read as if nothing had arrived.
  return new SequencerError(retryable ? "sequencer_failed" : "webhook_refused", {
    message: `webhook.url: the intent is registered, but its webhook is not. ${message}`,
    connectCode,
    sequencerMessage,
    retryable,
    cause,
  });
}

function notStored(why: string): SequencerError {
  return new SequencerError("request_refused", {
    message: `The sequencer did not store the message: ${why}`,
    connectCode: "failed_precondition",
    sequencerMessage: why,
  });
}
