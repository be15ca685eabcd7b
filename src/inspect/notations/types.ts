/**
 * The notation of the bytes. `bytes` means the input was bytes; `text` means the text could not be read in
 * any notation.
 */
export type InspectNotation =
  | "bytes"
  | "hex"
  | "hex dump"
  | "escaped text"
  | "numbers"
  | "base64"
  | "base64url"
  | "base58"
  | "JSON"
  | "JWT"
  | "text";

/** One reading of the input. */
export interface Reading {
  readonly notation: InspectNotation;
  readonly bytes: Uint8Array;
  /** How likely this notation is if several can be read, from 0 to 1. */
  readonly prior: number;
  /** What is missing if the text ends within a byte. */
  readonly brokenOff?: string;
}

/** The position at which text can no longer be read. */
export interface TextFlaw {
  readonly notation: InspectNotation;
  /** Offset of the first wrong character, in characters. */
  readonly at: number;
  readonly expected: string;
}
