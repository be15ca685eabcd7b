import { InputError } from "../errors.js";
import { toBase58 } from "../lib/bytes.js";
import { checkOptions, requireString } from "../lib/options.js";
import { rendezvousKey } from "../rendezvous/key.js";
import { encodePayload } from "../rendezvous/payload.js";
import { checkMode, officialHints } from "./official-options.js";

/** Platforms whose users can be tipped. The payload does not say which. */
export const TIP_PLATFORMS = ["x", "twitter"] as const;

/** Name of a platform. */
export type TipPlatform = (typeof TIP_PLATFORMS)[number];

/** Options of {@link TipIntent.from}. */
export type TipIntentOptions = {
  /** As the official client writes it; nothing depends on it. */
  readonly mode?: "tip" | undefined;
} & (
  | {
      /** Where the user is known by this name. It is not in the payload. */
      readonly platform: TipPlatform;
      /** The user's name there, 1 to 15 UTF-16 units. What reaches beyond 15 bytes of UTF-8 is cut off. */
      readonly username: string;
    }
  | {
      /** As the official client writes both. */
      readonly platform: { readonly name: TipPlatform; readonly username: string };
      readonly username?: undefined;
    }
);

/**
 * "Tip this user": a scan code, and nothing that is sent or registered.
 *
 * It has no nonce, and so no secret: whoever knows the name derives the same key.
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
  /** The platform as it was given; it is not in the payload, and so not in the id. */
  readonly platform: TipPlatform;
  /** The name as it was given, also where the payload holds only its beginning. */
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
   * @throws InputError `missing_option`, `invalid_option`, `unknown_option`, naming the field and the mend
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
      throw new InputError(
        "conflicting_options",
        "username",
        "is in platform already; leave one of them out",
      );
    }
    const name = checkPlatform(platform.name, "platform.name");
    return new TipIntent(name, checkName(platform.username, "platform.username"));
  }

  /** The 20 bytes of the scan code, a fresh copy. */
  get payload(): Uint8Array {
    return this.#payload.slice();
  }

  /** What may be shown and logged: all of it. */
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

/** A user's name, and the option that it was given by. */
interface UserName {
  readonly username: string;
  readonly field: string;
}

function checkName(value: unknown, field: string): UserName {
  return { username: requireString(value, field, "the user's name on the platform"), field };
}

/** By the payload's own rules; what breaks one is named as the caller wrote it. */
function payloadOf({ username, field }: UserName): Uint8Array {
  try {
    return encodePayload({ kind: "tip", username });
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    throw new InputError(error.code, field, error.message.slice(`${error.field}: `.length));
  }
}
