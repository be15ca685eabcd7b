/** Decides what an input is: every reading of it is held against everything that it can be. */

import type { Reading } from "../notations/types.js";
import { inspection } from "../tree.js";
import { WIRE } from "../wire.js";
import { hexByte } from "../words.js";
import { type Kind, kindNamed, kinds } from "./kinds.js";

/** What an input is taken for. */
export interface Recognized {
  readonly kind: Kind;
  readonly reading: Reading;
  /** Whether nothing known fits. */
  readonly isUnknown: boolean;
  /** Full names of what fits as well, or nearly; the likeliest first. */
  readonly alternatives: readonly string[];
  /** What the first byte should be, where everything fits but for that. */
  readonly tagHint?: { readonly expected: string; readonly found: string };
}

// Below, bytes are rather nothing that is known here.
const LEAST_FIT = 0.05;
// Below, a slip in the first byte explains more.
const POOR_FIT = 0.5;
// From here on it is hard to believe that bytes fit by chance.
const GOOD_FIT = 0.85;
const MAX_TRIED_BYTES = 4096;
// What is behind by no more might be meant as well.
const CLOSE = 0.04;

/** Takes the readings of an input for what fits best, or for what is asked for. */
export function recognize(readings: readonly [Reading, ...Reading[]], as: Kind | undefined): Recognized {
  const candidates = readings
    .flatMap((reading) =>
      (as === undefined ? kinds() : [as]).map((kind) => {
        const fit = kind.fit(reading.bytes, reading.notation);
        return { kind, reading, fit: fit > 0 ? fit * reading.prior : fit };
      }),
    )
    .sort((a, b) => b.fit - a.fit);
  const [best] = candidates;
  if (best === undefined) return unknown(readings[0]);
  if (as === undefined && best.fit < POOR_FIT) {
    const other = withOtherTag(readings[0]);
    if (other !== undefined) return other;
    if (best.fit < LEAST_FIT) return unknown(readings[0]);
  }
  const close = as === undefined ? candidates.filter(({ fit }) => fit >= best.fit - CLOSE) : [];
  const names = new Set(close.map(({ kind }) => kind.name));
  names.delete(best.kind.name);
  return { kind: best.kind, reading: best.reading, isUnknown: false, alternatives: [...names] };
}

/** Fields without names where there are any, else bytes. */
function unknown(reading: Reading): Recognized {
  const raw = kindNamed("protobuf");
  const bytes = kindNamed("bytes");
  if (raw === undefined || bytes === undefined) throw new Error("there are kinds for what is unknown");
  const [section] = reading.bytes.length < 2 ? [] : raw.read(reading.bytes).sections;
  const isRaw =
    section !== undefined && inspection(section.root).problems.every(({ kind }) => kind !== "malformed");
  return { kind: isRaw ? raw : bytes, reading, isUnknown: true, alternatives: [] };
}

/** The message that the bytes would fit very well if their first byte were the tag of another of its fields. */
function withOtherTag(reading: Reading): Recognized | undefined {
  const { bytes, notation } = reading;
  if (bytes.length < 8 || bytes.length > MAX_TRIED_BYTES) return undefined;
  const changed = Uint8Array.from(bytes);
  let best: { readonly found: Recognized; readonly fit: number } | undefined;
  for (const kind of kinds()) {
    for (const { number, name, fieldKind } of kind.message?.fields ?? []) {
      if (fieldKind !== "message" || number > 15) continue;
      const tag = number * 8 + WIRE.LEN;
      changed[0] = tag;
      const fit = kind.fit(changed, notation);
      if (fit < GOOD_FIT || fit <= (best?.fit ?? 0)) continue;
      const tagHint = {
        expected: `${hexByte(tag)}, the tag of ${name} (field ${number})`,
        found: `${hexByte(bytes[0])}, which is field ${(bytes[0] ?? 0) >> 3}`,
      };
      best = { fit, found: { kind, reading, isUnknown: false, alternatives: [], tagHint } };
    }
  }
  return best?.found;
}
