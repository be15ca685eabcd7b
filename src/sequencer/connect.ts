import { create, fromBinary } from "@bufbuild/protobuf";
import { type Client, Code, ConnectError, createClient, type Transport } from "@connectrpc/connect";
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
import { CodeIntentsError, type ConnectCodeName, SequencerError, TransportError } from "../errors.js";
import type { PaymentIntent } from "../intents/payment-intent.js";
import { CAPABILITIES, type Capabilities, type Protocol } from "./capabilities.js";
import { type Attempt, type IntentStatus, type Sequencer, statusOf } from "./port.js";
import { refusal } from "./refusal.js";
import { redirectRefused, responseTooLarge } from "./transports/fetch-sender.js";
import type { OwnedTransport } from "./transports/types.js";
import { unreachable } from "./unreachable.js";

const MESSAGE_ID_LENGTH = 16;

/** A sequencer that is reached by any Connect transport: Connect, gRPC, gRPC-Web or in memory. */
export function connectSequencer(
  transport: Transport,
  close: () => void = () => {},
  protocol: Exclude<Protocol, "rest"> = "connect",
): Sequencer {
  return new ConnectSequencer({ transport, close }, CAPABILITIES[protocol]);
}

class ConnectSequencer implements Sequencer {
  readonly capabilities: Capabilities;
  readonly #messaging: Client<typeof Messaging>;
  readonly #microPayment: Client<typeof MicroPayment>;
  readonly #close: () => void;

  constructor({ transport, close }: OwnedTransport, capabilities: Capabilities) {
    this.capabilities = capabilities;
    this.#messaging = createClient(Messaging, transport);
    this.#microPayment = createClient(MicroPayment, transport);
    this.#close = close;
  }

  async createPaymentIntent(intent: PaymentIntent, attempt: Attempt): Promise<void> {
    // Decoded from the bytes around the signed message; canonical bytes encode to themselves again.
    const request = fromBinary(SendMessageRequestSchema, intent.toSendMessageRequest());
    const { result, messageId } = await typed(this.#messaging.sendMessage(request, { ...attempt }));
    if (result === SendMessageResponse_Result.NO_ACTIVE_STREAM) throw notStored("no active stream");
    // An empty answer decodes to OK; only a message id shows that the message was stored.
    if (result !== SendMessageResponse_Result.OK || messageId?.value.length !== MESSAGE_ID_LENGTH) {
      throw malformed("SendMessage", "the message id that a stored message has");
    }
    if (intent.webhook !== undefined)
      await this.#registerWebhook(intent.sign().publicKey, intent.webhook.url, attempt);
  }

  async getStatus(publicKey: Uint8Array, attempt: Attempt): Promise<IntentStatus> {
    const request = create(GetStatusRequestSchema, { intentId: { value: publicKey } });
    const { exists, codeScanned, intentSubmitted } = await typed(
      this.#microPayment.getStatus(request, { ...attempt }),
    );
    return statusOf(exists, codeScanned, intentSubmitted);
  }

  async close(): Promise<void> {
    this.#close();
  }

  /** As over REST, a webhook that is registered already counts as success: it may be ours, from an earlier attempt. */
  async #registerWebhook(publicKey: Uint8Array, url: string, attempt: Attempt): Promise<void> {
    const request = create(RegisterWebhookRequestSchema, { intentId: { value: publicKey }, url });
    const { result } = await typed(this.#microPayment.registerWebhook(request, { ...attempt }));
    switch (result) {
      case RegisterWebhookResponse_Result.OK:
      case RegisterWebhookResponse_Result.ALREADY_REGISTERED:
        return;
      case RegisterWebhookResponse_Result.INVALID_URL:
        throw webhookRefused("invalid url");
      case RegisterWebhookResponse_Result.REQUEST_NOT_FOUND:
        throw webhookRefused("request not found");
      case RegisterWebhookResponse_Result.INTENT_EXISTS:
        throw refusal({ connectCode: "invalid_argument", text: "client submitted intent" });
      default:
        throw malformed("RegisterWebhook", "a result that is known");
    }
  }
}

/** Maps what a Connect client throws. */
async function typed<T>(call: Promise<T>): Promise<T> {
  try {
    return await call;
  } catch (error) {
    throw connectFailure(error);
  }
}

// What the library says of an answer that it cannot read.
const unreadable =
  /^(unsupported content type|unsupported response encoding|protocol error|parse binary|invalid envelope|received compressed|promised )/;

/** The typed error of a failed Connect call. */
export function connectFailure(error: unknown): CodeIntentsError {
  if (error instanceof CodeIntentsError) return error;
  const failure = ConnectError.from(error);
  const { cause, rawMessage: text, code } = failure;
  if (cause instanceof CodeIntentsError) return cause;
  if (cause !== undefined || text.startsWith("http/2 ")) return unreachable(failure);
  if (/ is larger than configured readMaxBytes /.test(text)) return responseTooLarge(failure);
  const redirect = /^HTTP (3\d\d)$/.exec(text);
  if (redirect !== null) return redirectRefused(Number(redirect[1]));
  if (unreadable.test(text)) return malformed("the call", `an answer of the protocol (${text})`, failure);
  return refusal({ connectCode: connectCodeName(code), text, cause: failure });
}

function connectCodeName(code: Code): ConnectCodeName {
  const name = Code[code] ?? "Unknown";
  return name.replace(/(?!^)[A-Z]/g, (letter) => `_${letter}`).toLowerCase() as ConnectCodeName;
}

function malformed(call: string, expected: string, cause?: unknown): TransportError {
  return new TransportError("malformed_response", {
    message: `The answer to ${call} is not ${expected}. Check that baseUrl leads to a sequencer of this protocol`,
    cause,
  });
}

function webhookRefused(why: string): SequencerError {
  return new SequencerError("request_refused", {
    message: `webhook.url: the intent is registered, but the sequencer refused its webhook: ${why}`,
    connectCode: "failed_precondition",
    sequencerMessage: why,
  });
}

function notStored(why: string): SequencerError {
  return new SequencerError("request_refused", {
    message: `The sequencer did not store the message: ${why}`,
    connectCode: "failed_precondition",
    sequencerMessage: why,
  });
}
