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

/** What every way of building a login intent needs to know. */
export interface LoginDetails {
  /** Who asks. */
  readonly login: LoginOption;
  /** Registered with the intent. Its token names no intent, so put one in the path; see `code-intents/webhook`. */
  readonly webhook?: WebhookOption | undefined;
  /** As the official client writes it; nothing depends on it. */
  readonly mode?: "login" | undefined;
  /** As the official client has it: keys, of which the one of `login.verifier` signs. */
  readonly signers?: readonly VerifierKey[] | undefined;
}

/** Options of {@link LoginIntent.from}. */
export type LoginIntentOptions = LoginDetails & NonceOptions;

/** Options of {@link LoginIntent.fromClientSecret}. */
export interface RebuildLoginOptions extends LoginDetails {
  /** Client secret of the intent: base58 of 11 bytes. */
  readonly clientSecret: string;
  /** Id that the intent must have; another one throws `intent_mismatch`. */
  readonly expectedId?: string | undefined;
}

/** A signed login request. Every property is a fresh copy. */
export interface SignedLoginRequest extends SignedRequest {
  /** Serialized `code.messaging.v1.RequestToLogin`: the request in `message`. */
  readonly requestToLogin: Uint8Array;
}

const detailNames = ["login", "webhook", "mode", "signers"] as const;
const optionNames = [...detailNames, ...nonceNames];
const rebuildNames = [...detailNames, "clientSecret", "expectedId"];
const notPaid = "nothing is paid here; use PaymentIntent with the option login to be paid as well";
const inLogin = "belongs to login: { domain, verifier }";
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
 * "Somebody should log in at this domain": built, keyed and signed without any network. The verifier, whose public key the
 * domain's well-known file lists, signs the request; then the rendezvous key signs the message.
 *
 * The instance is immutable and holds a secret, the nonce. Logging or serializing it shows none of it.
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
        if (asked === undefined) throw new Error("a login intent has a login");
        return encodeLoginRequest(asked, verifierSignature);
      },
    });
    Object.freeze(this);
  }

  /**
   * Builds an intent from options.
   *
   * @throws InputError naming the field and the mend: `missing_option`, `invalid_option`, `unknown_option`,
   * `conflicting_options`
   */
  static from(options: LoginIntentOptions): LoginIntent {
    checkOptions(options, "", optionNames, hints);
    const request = checkDetails(options);
    const scope = { kind: PAYLOAD_KINDS.login, currencyIndex: 0, units: 0n };
    return new LoginIntent(request, nonceOf(options, scope));
  }

  /**
   * Rebuilds an intent from its client secret, as a browser does; there `login.verifier` is the public key, and nothing is
   * signed. The domain and the verifier are not in the id.
   *
   * @throws IntentMismatchError `intent_mismatch` where the id is not the expected one
   * @throws InputError as {@link LoginIntent.from}
   */
  static fromClientSecret(options: RebuildLoginOptions): LoginIntent {
    checkOptions(options, "", rebuildNames, {
      ...hints,
      idempotencyKey: "not used here; the client secret alone gives the nonce",
    });
    return buildExpected(options.expectedId, () => {
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
