import { Code, ConnectError, createRouterTransport } from "@connectrpc/connect";
import { base58 } from "@scure/base";
import { afterEach, describe, expect, it } from "vitest";
import {
  type GetLoginForThirdPartyAppResponse,
  Identity,
} from "../../gen/code/user/v1/identity_service_pb.js";
import { type Answer, startHostile } from "../support/hostile-servers.js";
import { verifier } from "../support/login.js";
import { cleanUp, clientOf, later } from "../support/login-client.js";
import { failureOf } from "../support/outcomes.js";
import { filled } from "../support/sequencer.js";
import { hex } from "../support/vectors.js";

afterEach(cleanUp);

const asked = { intent: "2dfg3x2cWtkGMCtAYpx74paKRHsDkCPFdVUtesaPDdoZ", verifier: verifier.secretKey };
// The request of `@code-wallet/client` 2.0.8 for this intent.
const official =
  "0a220a20184052f70776d67a76688bfe7fb577f5b124ac5655f775e867dba1ee6647e47c" +
  "12220a201398f62c6d1a457c51ba6a4b5f3dbd2f69fca93216218dc8997e416bd17d93ca" +
  "1a420a403a35f861f608ceeacf1d4e58cfdf1b46c4fc8d1fe4ecb420f93049f2f120823e" +
  "ea901ee19c6f93ab8fcc6d8a6093ce4fba5408ef5894a4efefa75d2dbc5da60e";
const userId = "8qbHbw2BbbTHBW1sbeqakYXVKRQM8Ne7pLK7m6CVfeR";

/** Requests the user over REST from a server with this response. Returns the result and the posted body. */
async function overRest(answer: Answer) {
  const posted: { path: string; body: string }[] = [];
  const server = await startHostile(async (exchange) => {
    posted.push({ path: exchange.path, body: String(await exchange.body()) });
    exchange.answer(answer);
  });
  later(() => server.close());
  const code = clientOf({ baseUrl: server.url, protocol: "rest", retry: false });
  return { ask: () => code.loginIntents.getUserId(asked), posted };
}

const json = (body: unknown, status = 200): Answer => ({
  status,
  headers: { "content-type": "application/json" },
  body: typeof body === "string" ? body : JSON.stringify(body),
});

describe("a request for the user over REST", () => {
  it("is posted as by the official client", async () => {
    const { ask, posted } = await overRest(json({ success: true, user: userId }));
    expect(await ask()).toEqual({ userId });
    expect(posted.map(({ path }) => path)).toEqual(["/v1/getUserId"]);
    const body = JSON.parse(posted[0]?.body ?? "");
    const message = Buffer.from(body.message, "base64url");
    expect(body.message).not.toMatch(/[+/=]/);
    expect(Object.keys(body)).toEqual(["intent", "message", "signature"]);
    expect(body.intent).toBe(asked.intent);
    expect(hex(message)).toBe(official);
    expect(body.signature).toBe(base58.encode(message.subarray(76)));
  });

  it.each<[string, Answer, object]>([
    ["nobody", json({ success: true }), { userId: undefined }],
    ["a user", json({ success: true, user: userId, more: 1 }), { userId }],
  ])("succeeds with %s", async (_, answer, expected) => {
    expect(await (await overRest(answer)).ask()).toEqual(expected);
  });

  it.each<[string, Answer, string]>([
    ["null for a user", json({ success: true, user: null }), "malformed_response"],
    ["an empty user", json({ success: true, user: "" }), "malformed_response"],
    ["a user that is no key", json({ success: true, user: "abc" }), "malformed_response"],
    ["a user of 64 bytes", json({ success: true, user: "1".repeat(64) }), "malformed_response"],
    ["a user that is a number", json({ success: true, user: 7 }), "malformed_response"],
    ["a user without success", json({ user: userId }), "malformed_response"],
    ["a user and no success", json({ success: false, user: userId }), "malformed_response"],
    ["nothing", json(""), "malformed_response"],
    ["a page", json("<html>"), "malformed_response"],
    ["401", json({ error: "authentication failed", success: false }, 401), "unauthenticated"],
    ["500 with a user", json({ success: true, user: userId }, 500), "sequencer_failed"],
    ["400", json({ error: "signature is invalid", success: false }, 400), "request_refused"],
  ])("fails with %s", async (_, answer, code) => {
    expect((await failureOf((await overRest(answer)).ask())).code).toBe(code);
  });
});

describe("a request for the user over Connect", () => {
  function over(
    answer: () => Partial<Omit<GetLoginForThirdPartyAppResponse, "userId">> & { userId?: object },
  ) {
    const transport = createRouterTransport(({ service }) => {
      service(Identity, { getLoginForThirdPartyApp: () => answer() as GetLoginForThirdPartyAppResponse });
    });
    return clientOf({ transport, retry: false }).loginIntents.getUserId(asked);
  }

  it.each([
    [0, { userId: { value: filled(7) } }, { userId: "US517G5965aydkZ46HS38QLi7UQiSojurfbQfKCELFx" }],
    [1, {}, { userId: undefined, reason: "request_not_found" }],
    [2, {}, { userId: undefined, reason: "login_not_supported" }],
    [3, {}, { userId: undefined, reason: "no_user_logged_in" }],
    // The result decides: a user next to another result is ignored.
    [3, { userId: { value: filled(7) } }, { userId: undefined, reason: "no_user_logged_in" }],
  ])("succeeds with result %j", async (result, more, expected) => {
    expect(await over(() => ({ result, ...more }))).toEqual(expected);
  });

  it.each<[string, () => object, string]>([
    ["an empty answer, which decodes to OK", () => ({}), "malformed_response"],
    ["a user of 31 bytes", () => ({ userId: { value: filled(7, 31) } }), "malformed_response"],
    ["a user without bytes", () => ({ userId: {} }), "malformed_response"],
    ["an unknown result", () => ({ result: 9, userId: { value: filled(7) } }), "malformed_response"],
    [
      "a refusal",
      () => {
        throw new ConnectError("no", Code.Unauthenticated);
      },
      "unauthenticated",
    ],
  ])("fails with %s", async (_, answer, code) => {
    expect((await failureOf(over(answer))).code).toBe(code);
  });
});
