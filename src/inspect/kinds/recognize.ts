/** Decides what an input is: every reading of it is held against everything that it can be. */
import { messageShape } from "../message/shape.js";
import type { Reading } from "../notations/types.js";
import { inspection } from "../tree.js";
import { WIRE } from "../wire.js";
import { nearFitOf } from "./fit.js";
import { type Kind, kindNamed, kinds } from "./kinds.js";
import { type Prefix, prefixesOf } from "./prefix.js";

/** What an input is taken for. */
export interface Recognized {
  readonly kind: Kind;
  readonly reading: Reading;
  /** Whether nothing known fits. */
  readonly isUnknown: boolean;
  /** Full names of what fits as well, or nearly; the likeliest first. */
  readonly alternatives: readonly string[];
  /** What the first byte should be, where everything fits but for that. */
  readonly firstTag?: { readonly tag: number; readonly name: string };
  /** What goes before the message. */
  readonly prefix?: Prefix;
}

type Readings = readonly [Reading, ...Reading[]];

/** Something that fits, and how well. */
interface Candidate {
  readonly found: Recognized;
  readonly fit: number;
}

// Below, bytes are rather nothing that is known here.
const LEAST_FIT = 0.05;
/** Below, a slip explains more. */
export const POOR_FIT = 0.5;
// From here on it is hard to believe that bytes fit by chance.
const GOOD_FIT = 0.85;
// The same of bytes of which much is forgiven.
const NEAR_FIT = 0.55;
// What has to be forgiven has to explain so much more.
const CLEARLY = 0.2;
const MAX_TRIED_BYTES = 4096;
// Of fewer bytes too much could be meant.
const LEAST_TRIED_BYTES = 8;
// What is behind by no more might be meant as well.
const CLOSE = 0.04;

/** Takes the readings of an input for what fits best, or for what is asked for. */
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

/** What the bytes would be but for a slip, where that explains clearly more than what they fit as they are. */
function nearOf(readings: Readings, best: Candidate): Candidate | undefined {
  const other = bestOf(readings, withOtherTag);
  if (other !== undefined) return other;
  const near = bestOf(readings, nearest);
  return near !== undefined && near.fit >= best.fit + CLEARLY ? near : undefined;
}

/** The best of what is found in readings that are worth a closer look. */
function bestOf(readings: Readings, look: (reading: Reading) => readonly Candidate[]): Candidate | undefined {
  return readings
    .filter(({ bytes }) => bytes.length >= LEAST_TRIED_BYTES && bytes.length <= MAX_TRIED_BYTES)
    .flatMap(look)
    .sort(byFit)[0];
}

// A byte too many or lost: of 32 or 64 that is a slip, of fewer it may be anything.
const nearLengths: ReadonlyMap<number, string> = new Map([
  [31, "public-key"],
  [33, "public-key"],
  [63, "signature"],
  [65, "signature"],
]);

/** The key or signature that bytes would be but for one of them. */
function nearLength(readings: Readings): Recognized | undefined {
  for (const reading of readings) {
    const kind = kindNamed(nearLengths.get(reading.bytes.length) ?? "");
    if (kind !== undefined) return foundAs(kind, reading);
  }
  return undefined;
}

/** Fields without names where there are any, else what has nearly this length, else bytes. */
function unknown(readings: Readings): Recognized {
  const [reading] = readings;
  const raw = kindNamed("protobuf");
  const bytes = kindNamed("bytes");
  if (raw === undefined || bytes === undefined) throw new Error("there are kinds for what is unknown");
  const [section] = reading.bytes.length < 2 ? [] : raw.read(reading.bytes).sections;
  const isRaw =
    section !== undefined && inspection(section.root).problems.every(({ kind }) => kind !== "malformed");
  const near = isRaw ? undefined : nearLength(readings);
  return near ?? { ...foundAs(isRaw ? raw : bytes, reading), isUnknown: true };
}

/** The messages that the bytes fit very well after a prefix that is none of theirs. */
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

/** The messages that the bytes would fit very well if their first byte were the tag of another field. */
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

/** The messages that the bytes come near, with a wrong tag or values that break their rules. */
function nearest(reading: Reading): Candidate[] {
  const { bytes, notation, prior } = reading;
  // Letters in a notation that most text is in are more likely a slip in something else.
  if (notation === "base58") return [];
  return kinds().flatMap((kind) => {
    const fit = kind.message === undefined ? -1 : nearFitOf(messageShape(kind.message), bytes);
    return fit < NEAR_FIT ? [] : [{ found: foundAs(kind, reading), fit: fit * prior }];
  });
}
