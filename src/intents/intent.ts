import type { SigningKey } from "../crypto/types.js";
import { InputError, IntentMismatchError } from "../errors.js";
import { requireBase58, toBase58 } from "../lib/bytes.js";
import { rendezvousKey } from "../rendezvous/key.js";
import { clientSecretOf } from "../rendezvous/nonce.js";
import type { CheckedLogin, Login } from "./login.js";
import {
  type EncodedRequest,
  encodeMessage,
  encodeSendMessageRequest,
  type LoginRequest,
} from "./message.js";
import { isPromise, signatureOf } from "./signer.js";
import type { WebhookOption } from "./webhook-option.js";

/** A signed request. Every property is a fresh copy. */
export interface SignedRequest {
  /** Serialized `code.messaging.v1.Message`: exactly the bytes that are signed. */
  readonly message: Uint8Array;
  /** Ed25519 signature over `message`, 64 bytes. */
  readonly signature: Uint8Array;
  /** Rendezvous public key, 32 bytes; its base58 text is the intent id. */
  readonly publicKey: Uint8Array;
}

/** What a kind of intent is made of. */
export interface IntentParts {
  /** 20 bytes. */
  readonly payload: Uint8Array;
  /** 11 bytes. */
  readonly nonce: Uint8Array;
  readonly login: CheckedLogin | undefined;
  readonly webhook: WebhookOption | undefined;
  /** Number of the field of `Message` that holds the request. */
  readonly field: number;
  /** Writes the request, with the verifier's signature where one is given. */
  readonly encode: (login: LoginRequest | undefined, verifierSignature?: Uint8Array) => Uint8Array;
}

/** What every intent that is registered with a sequencer has in common: a key of its own, and one signed message. */
export abstract class Intent {
  /** Base58 of the 32-byte rendezvous public key. Public: it names the intent everywhere. */
  readonly id: string;
  /** Who asks for a login; `undefined` where nobody does. */
  readonly login: Login | undefined;
  /** Webhook that is registered with the intent. */
  readonly webhook: WebhookOption | undefined;

  readonly #nonce: Uint8Array;
  readonly #payload: Uint8Array;
  readonly #key: SigningKey;
  readonly #field: number;
  readonly #encode: (verifierSignature?: Uint8Array) => Uint8Array;
  readonly #verifier: CheckedLogin["verifier"] | undefined;
  #encoded: EncodedRequest | undefined;
  #signature: Uint8Array | undefined;
  #verifying: Promise<Uint8Array> | undefined;

  static {
    // Node's console and util.inspect would otherwise call the getters where their options ask for it.
    Object.defineProperty(Intent.prototype, Symbol.for("nodejs.util.inspect.custom"), {
      value(
        this: Intent,
        _depth: number,
        options: object,
        inspect: (value: unknown, options: object) => string,
      ) {
        return `${this.constructor.name} ${inspect(this.toJSON(), { ...options, getters: false })}`;
      },
    });
  }

  protected constructor({ payload, nonce, login, webhook, field, encode }: IntentParts) {
    this.#payload = payload;
    this.#nonce = nonce;
    this.#key = rendezvousKey(payload);
    this.#field = field;
    this.#verifier = login?.verifier;
    const asked = login && {
      domain: login.domain,
      verifier: login.verifier.publicKey,
      rendezvousKey: this.#key.publicKey,
    };
    this.#encode = (verifierSignature) => encode(asked, verifierSignature);
    if (login === undefined) this.#encoded = encodeMessage(field, encode(undefined));
    this.id = toBase58(this.#key.publicKey);
    this.login = login && Object.freeze({ domain: login.domain, verifier: login.verifier.publicKeyText });
    this.webhook = webhook;
  }

  /**
   * Base58 of the nonce: what a browser needs to rebuild the intent, and what a backend persists. With what the payload says
   * it gives the rendezvous private key, so it goes to the payer's browser and nowhere else.
   */
  get clientSecret(): string {
    return clientSecretOf(this.#nonce);
  }

  /** The 20 bytes of the scan code, a fresh copy. They give the rendezvous private key. */
  get payload(): Uint8Array {
    return this.#payload.slice();
  }

  /**
   * Serialized `code.messaging.v1.Message`, the bytes that are signed. A fresh copy. With a login it holds the verifier's
   * signature.
   *
   * @throws as {@link Intent.sign}
   */
  toBinary(): Uint8Array {
    return this.encoded().message.slice();
  }

  /**
   * The serialized request as the verifier of a login signs it: without the signature that it is given then. `undefined`
   * without a login.
   */
  get bytesForVerifier(): Uint8Array | undefined {
    return this.#verifier === undefined ? undefined : this.#encode();
  }

  /**
   * Signs the message with the rendezvous key, and before that the request with the verifier's where there is a login. Signed
   * once: the same intent always gives the same bytes.
   *
   * @throws InputError `missing_option` for `login.verifier` where only its public key is known; `invalid_option` where it
   * answers later: use {@link Intent.signAsync}
   * @throws SignerError `signer_failed`
   */
  sign(): SignedRequest {
    const { message } = this.encoded();
    return { message: message.slice(), signature: this.#sign().slice(), publicKey: this.#key.publicKey };
  }

  /**
   * As {@link Intent.sign}, also where the verifier's signer answers later, as a KMS does. Afterwards `sign()` and everything
   * else is at hand without it.
   */
  async signAsync(): Promise<SignedRequest> {
    if (this.#encoded === undefined) {
      // Asked once, however many wait for the answer; after a failure anew.
      this.#verifying ??= (async () => this.#askVerifier())();
      const signature = await this.#verifying.finally(() => {
        this.#verifying = undefined;
      });
      // Whoever came first stays: what was signed may have been sent.
      this.#encoded ??= encodeMessage(this.#field, this.#encode(signature));
    }
    return this.sign();
  }

  /** Serialized `code.messaging.v1.SendMessageRequest`, around the signed bytes. */
  toSendMessageRequest(): Uint8Array {
    const { message } = this.encoded();
    return encodeSendMessageRequest({ message, publicKey: this.#key.publicKey, signature: this.#sign() });
  }

  /** What may be shown and logged: everything but the secrets. Of the webhook, whose path may hold one, its origin. */
  abstract toJSON(): Record<string, unknown>;

  /** The message; the verifier signs it now where it has not yet. */
  protected encoded(): EncodedRequest {
    if (this.#encoded === undefined) {
      const signature = this.#askVerifier();
      if (isPromise(signature)) {
        // It may fail, and nobody waits for it.
        signature.catch(() => {});
        throw new InputError("invalid_option", "login.verifier", "answers later; await signAsync() first");
      }
      this.#encoded = encodeMessage(this.#field, this.#encode(signature));
    }
    return this.#encoded;
  }

  #askVerifier(): Uint8Array | Promise<Uint8Array> {
    const verifier = this.#verifier;
    const sign = verifier?.sign;
    if (verifier === undefined || sign === undefined) {
      throw new InputError(
        "missing_option",
        "login.verifier",
        "is a public key alone; a login is signed, so it needs a signer { publicKey, sign } or the secret key",
      );
    }
    return signatureOf({ ...verifier, sign }, this.#encode());
  }

  #sign(): Uint8Array {
    this.#signature ??= this.#key.sign(this.encoded().message);
    return this.#signature;
  }
}

/** Builds an intent, and refuses one that is not the expected one. */
export function buildExpected<I extends Intent>(expectedId: string | undefined, build: () => I): I {
  if (expectedId !== undefined)
    requireBase58(expectedId, "expectedId", 32, "the id of the intent, base58 of 32 bytes");
  const intent = build();
  if (expectedId !== undefined && intent.id !== expectedId)
    throw new IntentMismatchError(expectedId, intent.id);
  return intent;
}

/** The part of {@link Intent.toJSON} that all have in common. */
export function shownParts({ login, webhook }: Pick<Intent, "login" | "webhook">): Record<string, unknown> {
  return {
    ...(login === undefined ? {} : { login }),
    ...(webhook === undefined ? {} : { webhook: new URL(webhook.url).origin }),
  };
}
