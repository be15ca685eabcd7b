import "../lib/docs-url.js";
import { CodeIntentsError, type ScanCodeErrorCode } from "../errors.js";

/**
 * A scan code that cannot be read: more than 6 of its 35 bytes are wrong, it has another type, or the picture
 * has no code at the sampled place. The message never contains the bytes read.
 *
 * @example
 * ```ts
 * import { decodeScanCode, ScanCodeError } from "code-intents/scan-code";
 *
 * function payloadOf(encoded: Uint8Array): Uint8Array | undefined {
 *   try {
 *     return decodeScanCode(encoded).payload;
 *   } catch (error) {
 *     if (error instanceof ScanCodeError) return undefined; // scan again
 *     throw error;
 *   }
 * }
 * ```
 */
export class ScanCodeError extends CodeIntentsError {
  declare readonly code: ScanCodeErrorCode;

  /** @internal */
  constructor(message: string) {
    super("scan_code_unreadable", { message });
  }

  static {
    // The registry symbol of src/errors.ts, so `instanceof` works across two copies of the package.
    Object.defineProperty(ScanCodeError, Symbol.for("code-intents.error.classes"), {
      value: "ScanCodeError",
    });
  }
}
