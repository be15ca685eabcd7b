/** How bytes were written down. `bytes` were given as bytes; `text` could not be read in any notation. */
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

/** One way to read the input. */
export interface Reading {
  readonly notation: InspectNotation;
  readonly bytes: Uint8Array;
  /** How likely it is that somebody means this notation where several can be read, 0 to 1. */
  readonly prior: number;
  /** What is missing at the end of the bytes, where the text breaks off within one. */
  readonly brokenOff?: string;
}

/** The place at which a text can no longer be read. */
export interface TextFlaw {
  readonly notation: InspectNotation;
  /** Offset of the first wrong character, in characters. */
  readonly at: number;
  readonly expected: string;
}
