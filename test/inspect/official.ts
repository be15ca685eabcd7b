import type { InspectNotation } from "../../src/inspect/index.js";
import { unhex, vectors } from "../support/vectors.js";

/** Bytes or text of the official packages, and their type. */
export interface Official {
  readonly name: string;
  /** Full name of a message, or a name of `EXPLAINED_AS`. */
  readonly type: string;
  readonly hex: string;
}

const MESSAGE = "code.messaging.v1.Message";
const requests: Readonly<Record<string, string>> = {
  "2a": "code.messaging.v1.RequestToReceiveBill",
  "52": "code.messaging.v1.RequestToLogin",
};

function entry(name: string, type: string, hex: string | undefined): Official[] {
  return hex === undefined ? [] : [{ name, type, hex }];
}

const raw = vectors.intents as unknown as readonly Record<string, string | undefined>[];

/** Every separate byte string of the vectors. */
export const official: readonly Official[] = [
  ...raw.flatMap((vector) => [
    ...entry(`message of ${vector.id}`, MESSAGE, vector.messageHex),
    ...entry(
      `request of ${vector.id}`,
      requests[vector.messageHex?.slice(0, 2) ?? ""] ?? "",
      vector.innerSignedBytesHex,
    ),
    ...entry(
      `SendMessageRequest of ${vector.id}`,
      "code.messaging.v1.SendMessageRequest",
      vector.sendMessageRequestHex,
    ),
    ...entry(`envelope of ${vector.id}`, "code.common.v1.Request", vector.httpEnvelopeHex),
    ...entry(`payload of ${vector.id}`, "payload", vector.payloadHex),
    ...entry(`scan code of ${vector.id}`, "scan-code", vector.kikcodeHex),
    ...entry(`key of ${vector.id}`, "public-key", vector.rendezvousPublicKeyHex),
    ...entry(`signature of ${vector.id}`, "signature", vector.signatureHex),
    ...entry(`nonce of ${vector.id}`, "nonce", vector.nonceHex),
  ]),
  ...vectors.otherMessages.flatMap((vector) => [
    ...entry(`message of ${vector.id}`, MESSAGE, vector.messageHex),
    ...entry(`request of ${vector.id}`, vector.type ?? "", vector.requestHex),
    ...entry(`answer of ${vector.id}`, vector.type ?? "", vector.responseHex),
    ...entry(`envelope of ${vector.id}`, "code.common.v1.Request", vector.httpEnvelopeHex),
    ...entry(`frame of ${vector.id}`, "code.common.v1.Request", vector.wsFrameHex),
  ]),
  ...vectors.payloadCodec.map(({ id, payloadHex }) => ({
    name: `payload ${id}`,
    type: "payload",
    hex: payloadHex,
  })),
];

/** Every REST body of the vectors, as text. */
export const restBodies: readonly { readonly id: string; readonly text: string }[] = vectors.intents.flatMap(
  ({ id, restBody }) => (restBody === undefined ? [] : [{ id, text: JSON.stringify(restBody) }]),
);

/** The notations in which bytes are pasted. */
export const writings: Readonly<
  Record<"hex" | "base64" | "base64url" | "bytes", (hex: string) => string | Uint8Array>
> = {
  hex: (hex) => hex,
  base64: (hex) => Buffer.from(hex, "hex").toString("base64"),
  base64url: (hex) => Buffer.from(hex, "hex").toString("base64url"),
  bytes: (hex) => unhex(hex),
};

/**
 * Returns the notation as which a text may be read: without distinctive characters, base64 is base64url too.
 */
export const readAs: Readonly<Record<keyof typeof writings, readonly InspectNotation[]>> = {
  hex: ["hex"],
  base64: ["base64", "base64url"],
  base64url: ["base64", "base64url"],
  bytes: ["bytes"],
};
