/** The consequences of a difference: for the intent id, for the sequencer, for signatures. */
import { toBase58 } from "../../lib/bytes.js";
import { rendezvousKey } from "../../rendezvous/key.js";
import { PAYLOAD_LENGTH } from "../../rendezvous/payload.js";
import { nodesOf } from "../nodes.js";
import type { Inspection, InspectNode } from "../types.js";
import type { FieldDifference } from "./difference.js";
import type { Piece } from "./sides.js";

/** The same piece of both inputs. */
export type Pair = readonly [piece: Piece, here: Inspection, there: Inspection];

/** Returns sentences about the consequences of the differences. */
export function consequencesOf(pairs: readonly Pair[], fields: readonly FieldDifference[]): string[] {
  const differs = (piece: Piece): boolean => fields.some((field) => field.piece === piece);
  const payload = pairs.find(([piece, tree]) => piece === "payload" || tree.kind === "payload");
  const sentences =
    payload === undefined ? messageSentences(pairs, fields) : payloadSentences(payload, fields);
  if (differs("key")) {
    sentences.push(
      "The rendezvous keys differ, so the payloads differ too: in kind, currency, amount or nonce.",
    );
  }
  if (differs("signature") && !differs("message") && !differs("key")) {
    sentences.push(
      "The message and the key are equal, and Ed25519 signatures of equal bytes are equal, so one signature covers other bytes.",
    );
  }
  return sentences;
}

const causes: Readonly<Record<string, string>> = {
  kind: "The kinds differ: one was built with fees (an empty list of fees is enough), or one is a login.",
  currency: "The currencies differ. The currency is part of the payload.",
  units:
    "The amounts differ. The amount is part of the payload, and clients round to hundredths differently.",
  nonce: "The nonces differ: the client secret, the idempotency key or the idempotency secret is different.",
};

function payloadSentences([, here, there]: Pair, fields: readonly FieldDifference[]): string[] {
  const names = Object.keys(causes).filter((name) =>
    fields.some(({ path, piece }) => path === name && (piece === "payload" || piece === "input")),
  );
  const sentences = names.map((name) => causes[name] ?? "");
  if (here.length !== PAYLOAD_LENGTH || there.length !== PAYLOAD_LENGTH) return sentences;
  const [one, other] = [here, there].map(({ bytes }) => toBase58(rendezvousKey(bytes).publicKey));
  if (one === other)
    return ["The payloads are equal, so the keys and the intent ids are equal.", ...secondRequest(fields)];
  return [...sentences, `So the keys and the intent ids differ: ${one} here, ${other} there.`];
}

const inPayload = /(^|\.)(currency|native_amount)$/;
// The second request can have another verifier key, but both or neither must have one.
const outside = /(^|\.)(requestor_account|domain|additional_fees\[\d+\])(\.|$)/;
const verifier = /(^|\.)verifier(\.|$)/;

function messageSentences(pairs: readonly Pair[], fields: readonly FieldDifference[]): string[] {
  const sentences: string[] = [];
  if (fields.some(({ path }) => path === "nonce")) sentences.push(`${causes.nonce} So the keys differ.`);
  if (fields.some(({ path }) => inPayload.test(path))) {
    sentences.push(
      "The currency and the amount are part of the payload, so the keys and the intent ids differ too.",
    );
  }
  const hasFees = (tree: Inspection): boolean =>
    [...nodesOf<InspectNode>(tree)].some(({ field }) => field?.name === "additional_fees");
  if (pairs.some(([, here, there]) => hasFees(here) !== hasFees(there))) {
    sentences.push("The payload encodes in its kind whether there are fees.");
  } else {
    sentences.push(...secondRequest(fields));
  }
  return sentences;
}

/** Describes how the sequencer handles two requests at one key. */
function secondRequest(fields: readonly FieldDifference[]): string[] {
  const isCompared = ({ path, here, there }: FieldDifference): boolean =>
    outside.test(path) || (verifier.test(path) && (here === undefined || there === undefined));
  if (!fields.some(isCompared)) return [];
  return [
    "Account, domain and fees are not part of the payload: with the same client secret the intent id is the same, and the " +
      "sequencer rejects the second request.",
  ];
}
