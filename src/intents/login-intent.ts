import { InputError } from "../errors.js";
import { checkOptions } from "../lib/options.js";
import { nonceFromClientSecret } from "../rendezvous/nonce.js";
import { encodePayload, PAYLOAD_KINDS } from "../rendezvous/payload.js";
import { buildExpected, Intent, type SignedRequest, shownParts } from "./intent.js";
import { type CheckedLogin, checkLogin, type Login, type LoginOption } from "./login.js";
import { encodeLoginRequest, REQUEST_FIELDS } from "./message.js";
import { type NonceOptions, nonceNames, nonceOf } from "./nonce-options.js";
import { checkMode, officialHints } from "./official-options.js";
import type { VerifierKey } from "./signer.js";
import { checkWebhook, type WebhookOption } from "./webhook-option.js";

/** Options that every way to build a login intent shares. */
export interface LoginDetails {
  /** The domain that requests the login. */
  readonly login: LoginOption;
  /**
   * Registered with the intent. Its token does not name the intent, so put a token in the path; see
   * `code-intents/webhook`.
   */
  readonly webhook?: WebhookOption | undefined;
  /** Accepted for compatibility with the official client. Has no effect. */
  readonly mode?: "login" | undefined;
  /** The official client's list of keys. The one that matches `login.verifier` signs. */
  readonly signers?: readonly VerifierKey[] | undefined;
}

/** Options of {@link LoginIntent.from}. */
export type LoginIntentOptions = LoginDetails & NonceOptions;

/** Options of {@link LoginIntent.fromClientSecret}. */
export interface RebuildLoginOptions extends LoginDetails {
  /** Client secret of the intent: base58 of 11 bytes. */
  readonly clientSecret: string;
  /** Expected intent id. Throws `intent_mismatch` if the id differs, and `missing_option` for `undefined`. */
  readonly expectedId?: string;
}

/** A signed login request. Each read of a property returns a new copy. */
export interface SignedLoginRequest extends SignedRequest {
  /** Serialized `code.messaging.v1.RequestToLogin`: the request inside `message`. */
  readonly requestToLogin: Uint8Array;
}

const detailNames = ["login", "webhook", "mode", "signers"] as const;
const optionNames = [...detailNames, ...nonceNames];
const rebuildNames = [...detailNames, "clientSecret", "expectedId"];
const notPaid = "not part of a login; use PaymentIntent with the login option to request a payment too";
const inLogin = "belongs in login: { domain, verifier }";
const hints = {
  ...officialHints,
  destination: notPaid,
  amount: notPaid,
  currency: notPaid,
  fees: notPaid,
  domain: inLogin,
  verifier: inLogin,
};

/**
 * A request to log in at a domain. It is built, keyed and signed without network access. The verifier signs
 * the request; its public key is listed in the domain's well-known file. Then the rendezvous key signs the
 * message.
 *
 * The instance is immutable and contains a secret, the nonce. Logging or serializing it does not reveal the
 * nonce.
 *
 * @example
 * ```ts
 * const intent = LoginIntent.from({ login: { domain: "example.com", verifier: secretKey } });
 * await code.loginIntents.create(intent);
 * await code.loginIntents.waitForLogin(intent, { timeoutMs: 600_000 });
 * const { userId } = await code.loginIntents.getUserId({ intent, verifier: secretKey });
 * ```
 */
export class LoginIntent extends Intent {
  declare readonly login: Login;

  private constructor({ login, webhook }: CheckedRequest, nonce: Uint8Array) {
    super({
      payload: encodePayload({ kind: "login", nonce }),
      nonce,
      login,
      webhook,
      field: REQUEST_FIELDS.requestToLogin,
      encode: (asked, verifierSignature) => {
        if (asked === undefined) throw new Error("a login intent requires a login");
        return encodeLoginRequest(asked, verifierSignature);
      },
    });
    Object.freeze(this);
  }

  /**
   * Builds an intent from options.
   *
   * @throws InputError `missing_option`, `invalid_option`, `unknown_option` or `conflicting_options`, naming
   * the field and how to fix it
   */
  static from(options: LoginIntentOptions): LoginIntent {
    checkOptions(options, "", optionNames, hints);
    const request = checkDetails(options);
    const scope = { kind: PAYLOAD_KINDS.login, currencyIndex: 0, units: 0n };
    return new LoginIntent(request, nonceOf(options, scope));
  }

  /**
   * Rebuilds an intent from its client secret, for example in a browser. There, `login.verifier` is the
   * public key and nothing is signed. The id does not cover the domain and the verifier.
   *
   * @throws IntentMismatchError `intent_mismatch` if the id is not the expected one
   * @throws InputError as {@link LoginIntent.from}
   */
  static fromClientSecret(options: RebuildLoginOptions): LoginIntent {
    checkOptions(options, "", rebuildNames, {
      ...hints,
      idempotencyKey: "not used here; the client secret alone determines the nonce",
    });
    return buildExpected(options, () => {
      const nonce = nonceFromClientSecret(options.clientSecret);
      return new LoginIntent(checkDetails(options), nonce);
    });
  }

  override sign(): SignedLoginRequest {
    return { ...super.sign(), requestToLogin: this.encoded().inner.slice() };
  }

  override async signAsync(): Promise<SignedLoginRequest> {
    await super.signAsync();
    return this.sign();
  }

  override toJSON(): Record<string, unknown> {
    return { id: this.id, ...shownParts(this) };
  }
}

interface CheckedRequest {
  readonly login: CheckedLogin;
  readonly webhook: WebhookOption | undefined;
}

function checkDetails({ login, signers, webhook, mode }: LoginDetails): CheckedRequest {
  checkMode(mode, "login");
  if (login === undefined || login === null) {
    throw new InputError("missing_option", "login", "required: { domain, verifier }");
  }
  return { login: checkLogin(login, signers), webhook: checkWebhook(webhook) };
}
