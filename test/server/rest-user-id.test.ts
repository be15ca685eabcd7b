import { create, toBinary } from "@bufbuild/protobuf";
import { afterEach, describe, expect, it } from "vitest";
import { GetLoginForThirdPartyAppRequestSchema } from "../../gen/code/user/v1/identity_service_pb.js";
import type { SigningKey } from "../../src/crypto/types.js";
import { type Emulator, type EmulatorOptions, memoryStore } from "../../src/emulator/index.js";
import { toBase58 } from "../../src/lib/bytes.js";
import { cleanUp, type Emulated, emulated } from "../support/emulated.js";
import { getLoginRequest, listing, loginBytes } from "../support/identity.js";
import { rawRequest } from "../support/raw-http.js";
import {
  filled,
  lengthDelimited,
  login,
  newKey,
  payment,
  sendLogin,
  sendPayment,
  verifiedPayment,
} from "../support/sequencer.js";

afterEach(cleanUp);

const verifier = newKey();
const succeeded = '{"success":true}';
const failed = (error: string) => `{"error":${JSON.stringify(error)},"success":false}`;
const base64url = (bytes: Uint8Array) => Buffer.from(bytes).toString("base64url");

const started = (options: EmulatorOptions = {}): Promise<Emulated> =>
  emulated({ fetchWellKnown: async () => listing(verifier), ...options });

async function asked(emulator: Emulator): Promise<SigningKey> {
  const key = newKey();
  await sendLogin(emulator, key, login(key, verifier, "example.com"));
  return key;
}

/** The body of a valid call. */
function bodyOf(key: SigningKey, request = getLoginRequest(key.publicKey, verifier)) {
  return {
    intent: toBase58(key.publicKey),
    message: base64url(toBinary(GetLoginForThirdPartyAppRequestSchema, request)),
    signature: toBase58(request.signature?.value ?? filled(0, 0)),
  };
}

/** The status and exact text of a response. Also checks its headers. */
async function answerOf(
  emulator: Emulator,
  body: unknown,
  method = "POST",
): Promise<readonly [number, string]> {
  const { status, headers, text } = await rawRequest(emulator, {
    method,
    path: "/v1/getUserId",
    body: typeof body === "string" ? body : JSON.stringify(body),
  });
  expect(headers["content-type"]).toBe("application/json");
  expect(headers["content-length"]).toBe(String(Buffer.byteLength(text)));
  return [status, text];
}

// The original decodes into an unnamed struct, and Go prints it with its tags.
const goStruct =
  'struct { Intent string "json:\\"intent\\""; Message string "json:\\"message\\""; Signature string "json:\\"signature\\"" }';

describe("POST /v1/getUserId", () => {
  it("returns the user who logged in or paid", async () => {
    const { emulator } = await started();
    const [key, paid] = [await asked(emulator), newKey()];
    await sendPayment(emulator, paid, verifiedPayment(paid, verifier, "example.com"));
    const { userId } = await emulator.wallet.login(toBase58(key.publicKey));
    await emulator.wallet.pay(toBase58(paid.publicKey));
    for (const at of [key, paid])
      expect(await answerOf(emulator, bodyOf(at))).toEqual([200, `{"success":true,"user":"${userId}"}`]);
  });

  it("returns success without a user for every result other than OK", async () => {
    const { emulator } = await started();
    const [unasked, plain, anonymous] = [newKey(), newKey(), newKey()];
    const open = await asked(emulator);
    await sendPayment(emulator, plain, payment());
    await sendPayment(emulator, anonymous, verifiedPayment(anonymous, verifier, "example.com"));
    await emulator.wallet.pay(toBase58(anonymous.publicKey), { anonymous: true });
    for (const key of [unasked, plain, open, anonymous])
      expect(await answerOf(emulator, bodyOf(key))).toEqual([200, succeeded]);
  });

  it("checks the rules in the order of the protocol: each request violates one rule and those after it", async () => {
    const { emulator, errors } = await started();
    let body: Record<string, unknown> = {
      intent: "not base58",
      message: "not base64=",
      signature: "not base58",
    };
    const step = async (change: object, text: string) => {
      body = { ...body, ...change };
      expect(await answerOf(emulator, body)).toEqual([400, failed(text)]);
    };
    for (const method of ["GET", "DELETE"])
      expect(await answerOf(emulator, undefined, method)).toEqual([400, failed("http post expected")]);
    for (const method of ["PUT", "PATCH"])
      expect(await answerOf(emulator, "{", method)).toEqual([400, failed("http post expected")]);
    expect(await answerOf(emulator, "")).toEqual([400, failed("unexpected end of JSON input")]);
    expect(await answerOf(emulator, "[]")).toEqual([
      400,
      failed(`json: cannot unmarshal array into Go value of type ${goStruct}`),
    ]);
    expect(await answerOf(emulator, "{")).toEqual([400, failed("unexpected end of JSON input")]);
    await step(
      { signature: 1 },
      "json: cannot unmarshal number into Go struct field .signature of type string",
    );
    await step({ signature: "not base58" }, "intent is not a public key");
    const key = await asked(emulator);
    await step({ intent: toBase58(key.publicKey) }, "message not valid base64");
    await step({ message: "BQ" }, "message bytes is not a GetLoginForThirdPartyAppRequest");
    await step(
      { message: "" },
      "message failed proto validation: invalid GetLoginForThirdPartyAppRequest.IntentId: value is required",
    );
    const { message } = bodyOf(key);
    await step({ message }, "signature is invalid");
    body = { ...body, signature: toBase58(filled(1, 64)) };
    expect(await answerOf(emulator, body)).toEqual([401, failed("authentication failed")]);
    expect(await answerOf(emulator, bodyOf(key))).toEqual([200, succeeded]);
    expect(errors).toEqual([]);
  });

  it("validates the message before it is changed: with its own signature and an intent", async () => {
    const { emulator } = await started();
    const key = await asked(emulator);
    const { intent, signature } = bodyOf(key);
    const prefix = "message failed proto validation: invalid GetLoginForThirdPartyAppRequest.";
    const length = (field: string, message: string, count: number) =>
      `${field}: embedded message failed validation | caused by: invalid ${message}.Value: value length must be ${count} bytes`;
    const fields = {
      intentId: { value: filled(1) },
      verifier: { value: filled(1) },
      signature: { value: filled(1, 64) },
    };
    const wrong: [object, string][] = [
      [{ intentId: undefined }, "IntentId: value is required"],
      [{ verifier: undefined }, "Verifier: value is required"],
      [{ signature: undefined }, "Signature: value is required"],
      [{ intentId: { value: filled(1, 33) } }, length("IntentId", "IntentId", 32)],
      [{ verifier: { value: filled(1, 31) } }, length("Verifier", "SolanaAccountId", 32)],
      [{ signature: { value: filled(1, 63) } }, length("Signature", "Signature", 64)],
    ];
    for (const [change, text] of wrong) {
      const request = create(GetLoginForThirdPartyAppRequestSchema, { ...fields, ...change });
      const { message } = bodyOf(key, request);
      expect(await answerOf(emulator, { intent, message, signature })).toEqual([400, failed(prefix + text)]);
    }
  });

  it("replaces the message's intent and signature with those of the body", async () => {
    const { emulator } = await started();
    const key = await asked(emulator);
    const { userId } = await emulator.wallet.login(toBase58(key.publicKey));
    const answer = [200, `{"success":true,"user":"${userId}"}`];
    // Inside the message, any intent and signature of the right length pass.
    const inside = getLoginRequest(newKey().publicKey, verifier, filled(1, 64));
    const { message } = bodyOf(key, inside);
    expect(await answerOf(emulator, { ...bodyOf(key), message })).toEqual(answer);
    // The signature covers the replaced message.
    const signature = toBase58(
      verifier.sign(loginBytes(inside.intentId?.value ?? filled(0), verifier.publicKey)),
    );
    expect(await answerOf(emulator, { ...bodyOf(key), message, signature })).toEqual([
      401,
      failed("authentication failed"),
    ]);
  });

  it("includes unknown fields in the signed bytes, last", async () => {
    const { emulator } = await started();
    const key = await asked(emulator);
    const unknown = lengthDelimited(15, filled(1, 3));
    const signed = Buffer.concat([loginBytes(key.publicKey, verifier.publicKey), unknown]);
    const message = base64url(Buffer.concat([unknown, Buffer.from(bodyOf(key).message, "base64url")]));
    expect(await answerOf(emulator, { ...bodyOf(key), message })).toEqual([
      401,
      failed("authentication failed"),
    ]);
    const signature = toBase58(verifier.sign(signed));
    expect(await answerOf(emulator, { ...bodyOf(key), message, signature })).toEqual([200, succeeded]);
  });

  it.each([
    ["padding", "BQ=="],
    ["the other alphabet", "AB+/"],
    ["a lone character", "ABCDE"],
    ["a space", "AB CD"],
  ])("rejects a message with %s", async (_, message) => {
    const { emulator } = await started();
    const call = answerOf(emulator, { ...bodyOf(newKey()), message });
    expect(await call).toEqual([400, failed("message not valid base64")]);
  });

  it.each([
    ["nothing", "", ""],
    ["31 and 63 bytes", toBase58(filled(1, 31)), toBase58(filled(1, 63))],
    ["33 and 65 bytes", toBase58(filled(1, 33)), toBase58(filled(1, 65))],
    ["bytes that are not base58", "0OIl", "0OIl"],
    ["null", null, null],
    ["no field at all", undefined, undefined],
  ])("rejects an intent and a signature of %s", async (_, intent, signature) => {
    const { emulator } = await started();
    const key = newKey();
    expect(await answerOf(emulator, { ...bodyOf(key), intent })).toEqual([
      400,
      failed("intent is not a public key"),
    ]);
    expect(await answerOf(emulator, { ...bodyOf(key), signature })).toEqual([
      400,
      failed("signature is invalid"),
    ]);
  });

  it("ignores a webhook and the case of field names", async () => {
    const { emulator } = await started();
    const { intent, message, signature } = bodyOf(newKey());
    const body = JSON.stringify({ INTENT: intent, Message: message, sIgnature: signature, webhook: 5 });
    expect(await answerOf(emulator, body)).toEqual([200, succeeded]);
  });

  it("simplifies errors of the call", async () => {
    let wellKnown = listing(verifier);
    const { emulator } = await started({ fetchWellKnown: async () => wellKnown });
    const key = await asked(emulator);
    const forged = getLoginRequest(key.publicKey, verifier, filled(1, 64));
    const unauthenticated = [401, failed("authentication failed")];
    expect(await answerOf(emulator, bodyOf(key, forged))).toEqual(unauthenticated);
    for (wellKnown of [listing(), { status: 500, body: "" }])
      expect(await answerOf(emulator, bodyOf(key))).toEqual(unauthenticated);

    const failure = new Error("broken");
    const store = memoryStore();
    store.transaction = () => Promise.reject(failure);
    const broken = await started({ store });
    expect(await answerOf(broken.emulator, bodyOf(key))).toEqual([500, failed("internal server error")]);
    expect(broken.errors).toEqual([failure]);
  });

  it("accepts any signature of 64 bytes if the server is lenient", async () => {
    const { emulator } = await started({ lenient: true });
    const key = await asked(emulator);
    const { userId } = await emulator.wallet.login(toBase58(key.publicKey));
    const forged = getLoginRequest(key.publicKey, verifier, filled(0, 64));
    expect(await answerOf(emulator, bodyOf(key, forged))).toEqual([
      200,
      `{"success":true,"user":"${userId}"}`,
    ]);
    expect(await answerOf(emulator, { ...bodyOf(key), signature: toBase58(filled(0, 63)) })).toEqual([
      400,
      failed("signature is invalid"),
    ]);
  });
});
