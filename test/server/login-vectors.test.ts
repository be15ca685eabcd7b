/** Byte-exact logins of the official client. */
import { fromBinary, toBinary } from "@bufbuild/protobuf";
import { afterEach, describe, expect, it } from "vitest";
import * as crypto from "#crypto";
import { Response_Result, ResponseSchema } from "../../gen/code/common/v1/model_pb.js";
import { MessageSchema } from "../../gen/code/messaging/v1/messaging_service_pb.js";
import {
  GetLoginForThirdPartyAppRequestSchema,
  GetLoginForThirdPartyAppResponseSchema,
} from "../../gen/code/user/v1/identity_service_pb.js";
import type { Emulator } from "../../src/emulator/index.js";
import { fromBase58, toBase58 } from "../../src/lib/bytes.js";
import { rendezvousKey } from "../../src/rendezvous/key.js";
import { cleanUp, emulated } from "../support/emulated.js";
import { getLoginRequest, listing } from "../support/identity.js";
import { rawRequest } from "../support/raw-http.js";
import { poll, postSendMessage, withoutServerFields } from "../support/sequencer.js";
import { hex, type IntentVector, unhex, vectors } from "../support/vectors.js";

afterEach(cleanUp);

const logins = vectors.intents.filter(({ input }) => input.login !== undefined);
// The seed that the vectors state for their verifier.
const verifier = crypto.keyFromSeed(new Uint8Array(32).fill(8));

/**
 * The `GetLoginForThirdPartyApp` request of `@code-wallet/client` 2.0.8 for the intent `login-client-secret`.
 */
const officialGetLogin =
  "0a220a20184052f70776d67a76688bfe7fb577f5b124ac5655f775e867dba1ee6647e47c" +
  "12220a201398f62c6d1a457c51ba6a4b5f3dbd2f69fca93216218dc8997e416bd17d93ca" +
  "1a420a403a35f861f608ceeacf1d4e58cfdf1b46c4fc8d1fe4ecb420f93049f2f120823e" +
  "ea901ee19c6f93ab8fcc6d8a6093ce4fba5408ef5894a4efefa75d2dbc5da60e";

/**
 * The prefix that it adds to post it to `/v1/api/`: service `Identity`, method `getLoginForThirdPartyApp`,
 * and a length.
 */
const officialEnvelopeHead = "12084964656e746974791a186765744c6f67696e466f7254686972645061727479417070228c01";

const started = () => emulated({ fetchWellKnown: async () => listing(verifier) });

const keyOf = ({ payloadHex }: IntentVector) => rendezvousKey(unhex(payloadHex));

/** Returns the user for a byte-exact request. */
async function userBy({ url }: Emulator, request: Uint8Array): Promise<unknown> {
  const response = await fetch(`${url}/code.user.v1.Identity/GetLoginForThirdPartyApp`, {
    method: "POST",
    headers: { "content-type": "application/proto" },
    body: new Uint8Array(request),
  });
  expect(response.status).toBe(200);
  // Field 2, an account of 32 bytes. The result OK is the default and so absent.
  const answer = new Uint8Array(await response.arrayBuffer());
  expect(hex(answer.subarray(0, 4))).toBe("12220a20");
  return toBase58(answer.subarray(4));
}

describe.each(logins)("the login of vector $id", (vector) => {
  const { messageHex = "", signatureHex = "" } = vector;
  const { login } = vector.input as { login: { domain: string; verifier: string } };

  it("is registered byte for byte, and its login is returned", async () => {
    const { emulator } = await started();
    const key = keyOf(vector);
    expect(login.verifier).toBe(toBase58(verifier.publicKey));
    const posted = await postSendMessage(emulator, key, unhex(messageHex), unhex(signatureHex));
    expect(posted).toEqual({ status: 200 });
    const [stored] = await poll(emulator, key);
    if (stored === undefined) throw new Error("nothing is stored");
    expect(hex(toBinary(MessageSchema, withoutServerFields(stored)))).toBe(messageHex);

    const payload = unhex(vector.payloadHex);
    const { kind, domain } = await emulator.wallet.scan(payload);
    expect(domain).toEqual({ base: login.domain, verified: true });
    const { wallet } = emulator;
    const { userId } = kind === "login" ? await wallet.login(payload) : await wallet.pay(payload);
    const request = getLoginRequest(key.publicKey, verifier);
    const bytes = toBinary(GetLoginForThirdPartyAppRequestSchema, request);
    expect(await userBy(emulator, bytes)).toBe(userId);

    const { status, text } = await rawRequest(emulator, {
      path: "/v1/getUserId",
      body: JSON.stringify({
        intent: vector.rendezvousPublicKey,
        message: Buffer.from(bytes).toString("base64url"),
        signature: toBase58(request.signature?.value ?? new Uint8Array(0)),
      }),
    });
    expect([status, JSON.parse(text)]).toEqual([200, { success: true, user: userId }]);
  });
});

it.each(logins.filter(({ restBody }) => restBody !== undefined))(
  "registers the payment with login of vector $id over REST with its exact body",
  async ({ restBody, payloadHex }) => {
    const { emulator } = await started();
    const body = JSON.stringify(restBody);
    const { status, text } = await rawRequest(emulator, { path: "/v1/createIntent", body });
    expect([status, text]).toEqual([200, '{"success":true}']);
    expect((await emulator.wallet.pay(unhex(payloadHex))).userId).toBeDefined();
  },
);

describe("GetLoginForThirdPartyApp of the official client", () => {
  const vector = logins.find(({ id }) => id === "login-client-secret");

  it("matches this package's signed bytes and returns the user, also in an envelope", async () => {
    if (vector === undefined) throw new Error("the vector is gone");
    const key = keyOf(vector);
    const own = toBinary(GetLoginForThirdPartyAppRequestSchema, getLoginRequest(key.publicKey, verifier));
    expect(hex(own)).toBe(officialGetLogin);
    const { emulator } = await started();
    await postSendMessage(emulator, key, unhex(vector.messageHex ?? ""), unhex(vector.signatureHex ?? ""));
    const { userId } = await emulator.wallet.login(vector.rendezvousPublicKey);
    expect(await userBy(emulator, unhex(officialGetLogin))).toBe(userId);
    const envelope = await fetch(`${emulator.url}/v1/api/`, {
      method: "POST",
      headers: { "content-type": "application/octet-stream" },
      body: new Uint8Array(unhex(officialEnvelopeHead + officialGetLogin)),
    });
    const { result, body } = fromBinary(ResponseSchema, new Uint8Array(await envelope.arrayBuffer()));
    expect(result).toBe(Response_Result.OK);
    expect(fromBinary(GetLoginForThirdPartyAppResponseSchema, body).userId?.value).toEqual(
      fromBase58(userId),
    );
  });
});
