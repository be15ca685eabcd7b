import "../lib/docs-url.js";
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

/** A signed request. Each read of a property returns a new copy. */
export interface SignedRequest {
  /** Serialized `code.messaging.v1.Message`: exactly the signed bytes. */
  readonly message: Uint8Array;
  /** Ed25519 signature over `message`, 64 bytes. */
  readonly signature: Uint8Array;
  /** Rendezvous public key, 32 bytes. Its base58 text is the intent id. */
  readonly publicKey: Uint8Array;
}

/** The parts that define a kind of intent. */
export interface IntentParts {
  /** 20 bytes. */
  readonly payload: Uint8Array;
  /** 11 bytes. */
  readonly nonce: Uint8Array;
  readonly login: CheckedLogin | undefined;
  readonly webhook: WebhookOption | undefined;
  /** Field number in `Message` that holds the request. */
  readonly field: number;
  /** Encodes the request, with the verifier's signature if given. */
  readonly encode: (login: LoginRequest | undefined, verifierSignature?: Uint8Array) => Uint8Array;
}

/**
 * Base class of every intent that is registered with a sequencer. It has its own key and one signed message.
 */
export abstract class Intent {
  /** Base58 of the 32-byte rendezvous public key. Public: it identifies the intent everywhere. */
  readonly id: string;
  /** The domain that requests a login; `undefined` if the intent requests none. */
  readonly login: Login | undefined;

  readonly #webhook: WebhookOption | undefined;
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
    // Without this, console.log and util.inspect call the getters when their options ask for it.
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
    this.#webhook = webhook;
  }

  /**
   * The webhook that is registered with the intent. Its URL may contain a path token, so it is a getter like
   * {@link Intent.clientSecret}: a spread, a clone or a log of the intent does not contain it.
   */
  get webhook(): WebhookOption | undefined {
    return this.#webhook;
  }

  /**
   * Base58 of the nonce. A browser rebuilds the intent from it, and a backend persists it. Together with the
   * rest of the payload it gives the rendezvous private key, so send it to the payer's browser and nowhere
   * else.
   */
  get clientSecret(): string {
    return clientSecretOf(this.#nonce);
  }

  /** The 20 bytes of the scan code, as a new copy. They give the rendezvous private key. */
  get payload(): Uint8Array {
    return this.#payload.slice();
  }

  /**
   * Returns the serialized `code.messaging.v1.Message`, the signed bytes, as a new copy. With a login, it
   * contains the verifier's signature.
   *
   * @throws as {@link Intent.sign}
   */
  toBinary(): Uint8Array {
    return this.encoded().message.slice();
  }

  /**
   * Returns the serialized request that the verifier of a login signs: without its signature. `undefined`
   * without a login.
   */
  get bytesForVerifier(): Uint8Array | undefined {
    return this.#verifier === undefined ? undefined : this.#encode();
  }

  /**
   * Signs the message with the rendezvous key. With a login, the verifier signs the request first. The result
   * is cached: the same intent always gives the same bytes.
   *
   * @throws InputError `missing_option` for `login.verifier` if only its public key is known;
   * `invalid_option` if the signer is asynchronous: use {@link Intent.signAsync}
   * @throws SignerError `signer_failed`
   */
  sign(): SignedRequest {
    const { message } = this.encoded();
    return { message: message.slice(), signature: this.#sign().slice(), publicKey: this.#key.publicKey };
  }

  /**
   * Like {@link Intent.sign}, and supports an asynchronous verifier such as a KMS. Afterwards, `sign()` and
   * the other methods work synchronously.
   */
  async signAsync(): Promise<SignedRequest> {
    if (this.#encoded === undefined) {
      // Concurrent callers share one request. A failure is not cached.
      this.#verifying ??= (async () => this.#askVerifier())();
      const signature = await this.#verifying.finally(() => {
        this.#verifying = undefined;
      });
      // Keep the first signature: it may have been sent already.
      this.#encoded ??= encodeMessage(this.#field, this.#encode(signature));
    }
    return this.sign();
  }

  /** Returns the serialized `code.messaging.v1.SendMessageRequest` that contains the signed bytes. */
  toSendMessageRequest(): Uint8Array {
    const { message } = this.encoded();
    return encodeSendMessageRequest({ message, publicKey: this.#key.publicKey, signature: this.#sign() });
  }

  /**
   * Returns what can be shown and logged: everything except secrets. For a webhook that is its origin,
   * because its path may contain a token.
   */
  abstract toJSON(): Record<string, unknown>;

  /** Returns the message. The verifier signs it now if it has not yet. */
  protected encoded(): EncodedRequest {
    if (this.#encoded === undefined) {
      const signature = this.#askVerifier();
      if (isPromise(signature)) {
        // This copy of the promise has no other handler.
        signature.catch(() => {});
        throw new InputError("invalid_option", "login.verifier", "is asynchronous; await signAsync() first");
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
        "is only a public key, but a login must be signed; pass a signer { publicKey, sign } or the secret key",
      );
    }
    return signatureOf({ ...verifier, sign }, this.#encode());
  }

  #sign(): Uint8Array {
    this.#signature ??= this.#key.sign(this.encoded().message);
    return this.#signature;
  }
}

/**
 * Builds an intent and throws if its id is not the expected one. An `expectedId` that is there with
 * `undefined` is rejected: the caller meant to compare the id.
 */
export function buildExpected<I extends Intent>(
  options: { readonly expectedId?: string | undefined },
  build: () => I,
): I {
  if (!Object.hasOwn(options, "expectedId")) return build();
  const { expectedId = "" } = options;
  requireBase58(
    expectedId,
    "expectedId",
    32,
    "the id of the intent, base58 of 32 bytes; omit it to compare nothing",
  );
  const intent = build();
  if (intent.id !== expectedId) throw new IntentMismatchError(expectedId, intent.id);
  return intent;
}

/** The part of {@link Intent.toJSON} that all intents share. */
export function shownParts({ login, webhook }: Pick<Intent, "login" | "webhook">): Record<string, unknown> {
  return {
    ...(login === undefined ? {} : { login }),
    ...(webhook === undefined ? {} : { webhook: new URL(webhook.url).origin }),
  };
}
