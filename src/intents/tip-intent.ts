import { InputError } from "../errors.js";
import { toBase58 } from "../lib/bytes.js";
import { checkOptions, requireString } from "../lib/options.js";
import { rendezvousKey } from "../rendezvous/key.js";
import { encodePayload } from "../rendezvous/payload.js";
import { checkMode, officialHints } from "./official-options.js";

/** Platforms whose users can be tipped. The payload does not contain the platform. */
export const TIP_PLATFORMS = ["x", "twitter"] as const;

/** Name of a platform. */
export type TipPlatform = (typeof TIP_PLATFORMS)[number];

/** Options of {@link TipIntent.from}. */
export type TipIntentOptions = {
  /** Accepted for compatibility with the official client. Has no effect. */
  readonly mode?: "tip" | undefined;
} & (
  | {
      /** Platform on which the user has this name. It is not part of the payload. */
      readonly platform: TipPlatform;
      /** The user's name on the platform, 1 to 15 UTF-16 units. It is truncated to 15 bytes of UTF-8. */
      readonly username: string;
    }
  | {
      /** The official client's form of both options. */
      readonly platform: { readonly name: TipPlatform; readonly username: string };
      readonly username?: undefined;
    }
);

/**
 * A tip to a user: only a scan code. Nothing is sent or registered.
 *
 * It has no nonce and so no secret: anyone who knows the name derives the same key.
 *
 * @example
 * ```ts
 * const tip = TipIntent.from({ platform: "x", username: "getcode" });
 * tip.payload; // 20 bytes, for the scan code
 * ```
 */
export class TipIntent {
  /** Base58 of the 32-byte rendezvous public key. */
  readonly id: string;
  /** The platform as given. It is not part of the payload, and so not of the id. */
  readonly platform: TipPlatform;
  /** The name as given, even if the payload contains only its beginning. */
  readonly username: string;
  readonly #payload: Uint8Array;

  private constructor(platform: TipPlatform, user: UserName) {
    this.#payload = payloadOf(user);
    this.id = toBase58(rendezvousKey(this.#payload).publicKey);
    this.platform = platform;
    this.username = user.username;
    Object.freeze(this);
  }

  /**
   * Builds a tip.
   *
   * @throws InputError `missing_option`, `invalid_option` or `unknown_option`, naming the field and how to
   * fix it
   */
  static from(options: TipIntentOptions): TipIntent {
    checkOptions(options, "", ["platform", "username", "mode"], officialHints);
    checkMode(options.mode, "tip");
    const { platform } = options;
    if (typeof platform !== "object" || platform === null) {
      return new TipIntent(checkPlatform(platform, "platform"), checkName(options.username, "username"));
    }
    checkOptions(platform, "platform", ["name", "username"]);
    if (options.username !== undefined) {
      throw new InputError("conflicting_options", "username", "is already in platform; omit one of them");
    }
    const name = checkPlatform(platform.name, "platform.name");
    return new TipIntent(name, checkName(platform.username, "platform.username"));
  }

  /** The 20 bytes of the scan code, as a new copy. */
  get payload(): Uint8Array {
    return this.#payload.slice();
  }

  /** Returns what can be shown and logged: all of it. */
  toJSON(): Record<string, unknown> {
    const { id, platform, username } = this;
    return { id, kind: "tip", platform, username };
  }
}

function checkPlatform(value: unknown, field: string): TipPlatform {
  const name = requireString(value, field, `the platform, one of ${TIP_PLATFORMS.join(", ")}`);
  if ((TIP_PLATFORMS as readonly string[]).includes(name)) return name as TipPlatform;
  throw new InputError("invalid_option", field, `must be one of ${TIP_PLATFORMS.join(", ")}`);
}

/** A user's name, and the option that contained it. */
interface UserName {
  readonly username: string;
  readonly field: string;
}

function checkName(value: unknown, field: string): UserName {
  return { username: requireString(value, field, "the user's name on the platform"), field };
}

/** Applies the payload's rules. Errors name the option as the caller wrote it. */
function payloadOf({ username, field }: UserName): Uint8Array {
  try {
    return encodePayload({ kind: "tip", username });
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    throw new InputError(error.code, field, error.message.slice(`${error.field}: `.length));
  }
}
