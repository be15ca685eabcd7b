/** Decides what an input is: compares every reading of it with every kind. */
import { messageShape } from "../message/shape.js";
import type { Reading } from "../notations/types.js";
import { inspection } from "../tree.js";
import { WIRE } from "../wire.js";
import { nearFitOf } from "./fit.js";
import { type Kind, kindNamed, kinds } from "./kinds.js";
import { type Prefix, prefixesOf } from "./prefix.js";

/** What an input is recognized as. */
export interface Recognized {
  readonly kind: Kind;
  readonly reading: Reading;
  /** Whether nothing known fits. */
  readonly isUnknown: boolean;
  /** Full names of other kinds that fit equally or almost as well; the likeliest first. */
  readonly alternatives: readonly string[];
  /** The expected first byte, if only that byte is wrong. */
  readonly firstTag?: { readonly tag: number; readonly name: string };
  /** The prefix before the message. */
  readonly prefix?: Prefix;
}

type Readings = readonly [Reading, ...Reading[]];

/** A kind that fits, with its score. */
interface Candidate {
  readonly found: Recognized;
  readonly fit: number;
}

// Below this, the bytes are treated as unknown.
const LEAST_FIT = 0.05;
/** Below this, a mistake is the better explanation. */
export const POOR_FIT = 0.5;
// From here on, a match by chance is unlikely.
const GOOD_FIT = 0.85;
// The same for a tolerant match.
const NEAR_FIT = 0.55;
// A tolerant match must score higher by this much.
const CLEARLY = 0.2;
const MAX_TRIED_BYTES = 4096;
// Fewer bytes have too many possible meanings.
const LEAST_TRIED_BYTES = 8;
// A score within this distance is also an alternative.
const CLOSE = 0.04;

/** Finds the reading and the kind that fit best, or reads the input as the requested kind. */
export function recognize(readings: Readings, as: Kind | undefined): Recognized {
  const wanted = as === undefined ? kinds() : [as];
  const candidates = readings
    .flatMap((reading) => wanted.map((kind) => candidate(kind, reading)))
    .sort(byFit);
  const [best] = candidates;
  if (best === undefined) return unknown(readings);
  if (best.fit < POOR_FIT) {
    const near =
      bestOf(readings, (reading) => withPrefix(reading, wanted)) ??
      (as === undefined ? nearOf(readings, best) : undefined);
    if (near !== undefined) return near.found;
    if (as === undefined && best.fit < LEAST_FIT) return unknown(readings);
  }
  const close = as === undefined ? candidates.filter(({ fit }) => fit >= best.fit - CLOSE) : [];
  const names = new Set(close.map(({ found }) => found.kind.name));
  names.delete(best.found.kind.name);
  return {
    ...best.found,
    isUnknown: as === undefined && best.found.kind.isAnything,
    alternatives: [...names],
  };
}

function candidate(kind: Kind, reading: Reading): Candidate {
  const fit = kind.fit(reading.bytes, reading.notation);
  return { found: foundAs(kind, reading), fit: fit > 0 ? fit * reading.prior : fit };
}

function foundAs(kind: Kind, reading: Reading): Recognized {
  return { kind, reading, isUnknown: false, alternatives: [] };
}

function byFit(a: Candidate, b: Candidate): number {
  return b.fit - a.fit;
}

/**
 * Returns the kind that the bytes would be without one mistake, if that is clearly more likely than the best
 * match.
 */
function nearOf(readings: Readings, best: Candidate): Candidate | undefined {
  const other = bestOf(readings, withOtherTag);
  if (other !== undefined) return other;
  const near = bestOf(readings, nearest);
  return near !== undefined && near.fit >= best.fit + CLEARLY ? near : undefined;
}

/** Returns the best candidate of all readings of a suitable length. */
function bestOf(readings: Readings, look: (reading: Reading) => readonly Candidate[]): Candidate | undefined {
  return readings
    .filter(({ bytes }) => bytes.length >= LEAST_TRIED_BYTES && bytes.length <= MAX_TRIED_BYTES)
    .flatMap(look)
    .sort(byFit)[0];
}

// One byte more or less than 32 or 64 is a mistake; a shorter length could be anything.
const nearLengths: ReadonlyMap<number, string> = new Map([
  [31, "public-key"],
  [33, "public-key"],
  [63, "signature"],
  [65, "signature"],
]);

/** Returns the key or signature that has one byte too many or too few. */
function nearLength(readings: Readings): Recognized | undefined {
  for (const reading of readings) {
    const kind = kindNamed(nearLengths.get(reading.bytes.length) ?? "");
    if (kind !== undefined) return foundAs(kind, reading);
  }
  return undefined;
}

/** Returns unnamed fields if the bytes are well-formed, else the value of nearly this length, else bytes. */
function unknown(readings: Readings): Recognized {
  const [reading] = readings;
  const raw = kindNamed("protobuf");
  const bytes = kindNamed("bytes");
  if (raw === undefined || bytes === undefined) throw new Error("the kinds for unknown input are missing");
  const [section] = reading.bytes.length < 2 ? [] : raw.read(reading.bytes).sections;
  const isRaw =
    section !== undefined && inspection(section.root).problems.every(({ kind }) => kind !== "malformed");
  const near = isRaw ? undefined : nearLength(readings);
  return near ?? { ...foundAs(isRaw ? raw : bytes, reading), isUnknown: true };
}

/** Returns the messages that fit well after a prefix. */
function withPrefix(reading: Reading, wanted: readonly Kind[]): Candidate[] {
  const { bytes, notation, prior } = reading;
  return prefixesOf(bytes).flatMap((prefix) =>
    wanted
      .filter(({ message }) => message !== undefined)
      .map((kind) => ({
        found: { ...foundAs(kind, reading), prefix },
        fit: kind.fit(bytes.subarray(prefix.length), notation) * prior,
      }))
      .filter(({ fit }) => fit >= GOOD_FIT * prior),
  );
}

/** Returns the messages that fit well if the first byte is replaced by the tag of another field. */
function withOtherTag(reading: Reading): Candidate[] {
  const { bytes, notation, prior } = reading;
  const changed = Uint8Array.from(bytes);
  const found: Candidate[] = [];
  for (const kind of kinds()) {
    for (const { number, name, fieldKind } of kind.message?.fields ?? []) {
      if (fieldKind !== "message" || number > 15) continue;
      const tag = number * 8 + WIRE.LEN;
      changed[0] = tag;
      const fit = kind.fit(changed, notation);
      if (fit < GOOD_FIT) continue;
      found.push({ found: { ...foundAs(kind, reading), firstTag: { tag, name } }, fit: fit * prior });
    }
  }
  return found;
}

/** Returns the messages that nearly fit, with a wrong tag or values that break their rules. */
function nearest(reading: Reading): Candidate[] {
  const { bytes, notation, prior } = reading;
  // Most text is valid in a notation of letters, so a mistake in another notation is more likely.
  if (notation === "base58") return [];
  return kinds().flatMap((kind) => {
    const fit = kind.message === undefined ? -1 : nearFitOf(messageShape(kind.message), bytes);
    return fit < NEAR_FIT ? [] : [{ found: foundAs(kind, reading), fit: fit * prior }];
  });
}
