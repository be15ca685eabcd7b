import { create, toBinary } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { SignatureSchema } from "../../../gen/code/common/v1/model_pb.js";
import {
  type Message,
  MessageSchema,
  SendMessageRequestSchema,
} from "../../../gen/code/messaging/v1/messaging_service_pb.js";
import {
  LoginToThirdPartyAppRequestSchema,
  LoginToThirdPartyAppResponse_Result,
} from "../../../gen/code/user/v1/identity_service_pb.js";
import type { SigningKey } from "../../crypto/types.js";
import { InputError } from "../../errors.js";
import { toBase58 } from "../../lib/bytes.js";
import { checkOptions } from "../../lib/options.js";
import { rendezvousKey } from "../../rendezvous/key.js";
import { PAYLOAD_KINDS } from "../../rendezvous/payload.js";
import { type PaymentContext, type SubmittedIntent, submitPayment } from "../../server/calls/payments.js";
import type { SequencerServices } from "../../server/calls/services.js";
import { invalidArgument } from "../../server/failure.js";
import type { Payment } from "../../server/rules/payment.js";
import { readRequest, type Scan } from "./request.js";
import { keyBytesOf, payloadOf, type Scannable } from "./target.js";
import { checkUser, type WalletUsers } from "./users.js";

/** Options of {@link Wallet.login}. */
export interface LoginOptions {
  /** Name of one of the wallet's users; any text is valid. Default: the wallet's default user. */
  readonly user?: string | undefined;
}

/** Options of {@link Wallet.pay}: who pays, and changes to the requested payment. */
export interface PayOptions extends Partial<Payment>, LoginOptions {
  /** Whether to pay without disclosing the user to a verified domain. Default `false`. */
  readonly anonymous?: boolean | undefined;
}

/** A payment by the wallet, and the user who paid. */
export interface PaidIntent extends SubmittedIntent {
  /** Base58. */
  readonly intentId: string;
}

/** A login by the wallet. */
export interface LoggedIn {
  /** Base58. */
  readonly intentId: string;
  /** Base domain. */
  readonly domain: string;
  /** The user's id at this domain: base58 of 32 bytes. */
  readonly userId: string;
}

/** A virtual wallet that plays the payer through the same calls as a phone. */
export class Wallet {
  readonly #services: SequencerServices;
  readonly #users: WalletUsers;
  readonly #context: PaymentContext;
  readonly #vanished = new Set<string>();

  /** @internal */
  constructor(services: SequencerServices, users: WalletUsers, context: PaymentContext) {
    this.#services = services;
    this.#users = users;
    this.#context = context;
  }

  /**
   * Scans an intent: derives the key, polls, checks the request and its signatures, and sends CodeScanned.
   *
   * @throws ConnectError with the sequencer's text if no request exists, or if the key or the named verifier
   * did not sign it
   */
  async scan(target: Scannable): Promise<Scan> {
    const key = rendezvousKey(payloadOf(target));
    const scan = await readRequest(this.#services, key);
    this.#vanished.delete(scan.intentId);
    const timestamp = timestampFromMs(this.#context.clock.now());
    await this.#send(key, create(MessageSchema, { kind: { case: "codeScanned", value: { timestamp } } }));
    return scan;
  }

  /**
   * Pays the requested amount, and discloses the user to a verified domain. `options` change this; the
   * sequencer rejects a payment that differs from the request. Also accepts an intent id: the emulator then
   * acts as the phone, without a secret.
   *
   * @throws ConnectError with the sequencer's text
   * @example
   * ```ts
   * const { userId } = await emulator.wallet.pay(intent, { user: "alice" });
   * ```
   */
  async pay(target: Scannable | string, options: PayOptions = {}): Promise<PaidIntent> {
    checkOptions(options, "", ["destination", "currency", "nativeAmount", "user", "anonymous"]);
    const { user, anonymous = false, ...given } = options as PayOptions;
    if (typeof anonymous !== "boolean")
      throw new InputError("invalid_option", "anonymous", "must be true or false");
    const name = checkUser(user);
    const changes = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
    const userIdAt = (domain: string) =>
      anonymous ? undefined : toBase58(this.#users.relate(name, domain).publicKey);
    const intentId =
      typeof target === "string" ? toBase58(keyBytesOf(target)) : (await this.#read(target)).intentId;
    return { intentId, ...(await submitPayment(this.#context, intentId, changes, userIdAt)) };
  }

  /**
   * Logs a user in: checks the request and its signatures, and calls LoginToThirdPartyApp with the key that
   * identifies the user to the domain. Also accepts an intent id, as {@link Wallet.pay} does.
   *
   * @throws ConnectError with the sequencer's text, such as `DIFFERENT_LOGIN_EXISTS` if another user has
   * logged in
   * @example
   * ```ts
   * const { domain, userId } = await emulator.wallet.login(intent, { user: "alice" });
   * ```
   */
  async login(target: Scannable | string, options: LoginOptions = {}): Promise<LoggedIn> {
    checkOptions(options, "", ["user"]);
    const user = checkUser(options.user);
    const { intentId, domain } = await this.#readLogin(target);
    const key = this.#users.relate(user, domain);
    const userId = toBase58(key.publicKey);
    const request = create(LoginToThirdPartyAppRequestSchema, {
      intentId: { value: keyBytesOf(intentId) },
      userId: { value: key.publicKey },
    });
    const value = key.sign(toBinary(LoginToThirdPartyAppRequestSchema, request));
    request.signature = create(SignatureSchema, { value });
    const { result } = await this.#services.loginToThirdPartyApp(request);
    if (result !== LoginToThirdPartyAppResponse_Result.OK)
      throw invalidArgument(LoginToThirdPartyAppResponse_Result[result] ?? `result ${result}`);
    return { intentId, domain, userId };
  }

  /**
   * Sends ClientRejectedPayment or ClientRejectedLogin. The request stays valid: the payer can still pay or
   * log in.
   */
  async reject(target: Scannable): Promise<{ readonly intentId: string }> {
    const payload = payloadOf(target);
    const key = this.#presentKeyOf(payload);
    const intentId = { value: key.publicKey };
    const timestamp = timestampFromMs(this.#context.clock.now());
    await this.#send(
      key,
      create(MessageSchema, {
        kind:
          payload[0] === PAYLOAD_KINDS.login
            ? { case: "clientRejectedLogin", value: { timestamp } }
            : { case: "clientRejectedPayment", value: { intentId } },
      }),
    );
    return { intentId: toBase58(key.publicKey) };
  }

  /** Leaves silently, like a phone that is switched off: signed calls fail until the wallet scans again. */
  async vanish(target: Scannable): Promise<{ readonly intentId: string }> {
    const intentId = toBase58(rendezvousKey(payloadOf(target)).publicKey);
    this.#vanished.add(intentId);
    return { intentId };
  }

  /**
   * Deletes which payers have left, and all relationships with domains.
   *
   * @internal
   */
  reset(): void {
    this.#vanished.clear();
    this.#users.reset();
  }

  #presentKeyOf(payload: Uint8Array): SigningKey {
    const key = rendezvousKey(payload);
    if (this.#vanished.has(toBase58(key.publicKey)))
      throw invalidArgument("the payer has left; scan again first");
    return key;
  }

  #read(target: Scannable): Promise<Scan> {
    return readRequest(this.#services, this.#presentKeyOf(payloadOf(target)));
  }

  async #readLogin(target: Scannable | string): Promise<{ intentId: string; domain: string }> {
    const { intentId, payment, domain } =
      typeof target === "string" ? await this.#storedRequest(target) : await this.#read(target);
    if (payment !== undefined || domain === undefined) throw invalidArgument("the request requires payment");
    return { intentId, domain: domain.base };
  }

  async #storedRequest(target: string): Promise<Pick<Scan, "intentId" | "payment" | "domain">> {
    const intentId = toBase58(keyBytesOf(target));
    const request = await this.#context.store.transaction(intentId, (transaction) =>
      transaction.getRequest(),
    );
    if (request === undefined) throw invalidArgument("no request exists for this intent");
    return { intentId, payment: request.payment, domain: request.domain };
  }

  async #send(key: SigningKey, message: Message): Promise<void> {
    const value = key.sign(toBinary(MessageSchema, message));
    await this.#services.sendMessage(
      create(SendMessageRequestSchema, {
        message,
        rendezvousKey: { value: key.publicKey },
        signature: { value },
      }),
    );
  }
}
