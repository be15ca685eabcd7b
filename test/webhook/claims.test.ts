import { describe, it } from "vitest";
import { type PaymentClaims, verifyWebhook, type WebhookInput } from "../../src/webhook/index.js";
import { claimsJson, expectRefused, header, intent, paidToken, publicKey, signText } from "./support.js";

const verify = (input: WebhookInput): Promise<PaymentClaims<true>> =>
  verifyWebhook(input, { publicKey, expect: intent });

describe("malformed webhooks", () => {
  it.each([
    ["nothing", ""],
    ["a word", "paid"],
    ["JSON", '{"intent":"x"}'],
    ["two parts", "e30.e30"],
    ["four parts", `${paidToken()}.e30`],
    ["an encrypted token's five parts", "e30.e30.e30.e30.e30"],
    ["a trailing line break", `${paidToken()}\n`],
    ["a leading space", ` ${paidToken()}`],
    ["a leading byte order mark", `\uFEFF${paidToken()}`],
    ["padding", `${paidToken()}==`],
    ["plain base64", paidToken().replaceAll("-", "+").replaceAll("_", "/").replace(/\.(.)/, "+.$1")],
    ["a header that is not JSON", signText("EdDSA", claimsJson())],
    ["a header that is an array", signText('["EdDSA"]', claimsJson())],
    ["claims that are not JSON", signText(header, "paid")],
    ["claims that are an array", signText(header, `[${claimsJson()}]`)],
    ["claims that are a string", signText(header, '"SUBMITTED"')],
    ["claims that are null", signText(header, "null")],
    ["claims with trailing text", signText(header, `${claimsJson()}{}`)],
    ["claims with a byte order mark", signText(header, `\uFEFF${claimsJson()}`)],
    ["claims that are not UTF-8", signText(header, Uint8Array.of(0x7b, 0xff, 0x7d))],
    ["a claim that occurs twice", signText(header, claimsJson().replace("{", '{"amount":2.5,'))],
  ])("rejects %s", async (_, token) => {
    await expectRefused(verify(token), "webhook_malformed");
  });

  it.each(["amount", "currency", "destination", "exchangeRate", "fees", "intent", "quarks", "state"])(
    "rejects a payment without %s",
    async (name) => {
      await expectRefused(
        verify(signText(header, claimsJson({ [name]: undefined }))),
        "webhook_malformed",
        name,
      );
    },
  );

  it.each([
    ["amount", '"2.5"'],
    ["amount", "null"],
    ["amount", "0"],
    ["amount", "-2.5"],
    ["amount", "1e999"],
    ["currency", "1"],
    ["currency", '""'],
    ["currency", '"US D"'],
    ["destination", '"0OIl"'],
    ["destination", '"abc"'],
    ["exchangeRate", "true"],
    ["fees", "1.0"],
    ["fees", "1e2"],
    ["fees", "-1"],
    ["fees", '"1"'],
    ["intent", '["x"]'],
    ["intent", "{}"],
    ["quarks", "18446744073709551616"],
    ["quarks", "99999999999999999999999999"],
    ["quarks", "2.5"],
    ["quarks", "-0"],
    ["state", '"PENDING"'],
    ["state", '"submitted"'],
    ["state", '"REVOKED"'],
    ["state", "1"],
    ["user", "1"],
    ["user", '""'],
  ])("rejects a payment whose %s is %s", async (name, json) => {
    await expectRefused(verify(signText(header, claimsJson({ [name]: json }))), "webhook_malformed", name);
  });

  it("rejects a login whose user is not a public id", async () => {
    await expectRefused(
      verifyWebhook(signText(header, '{"user":"x"}'), { publicKey, expect: "unbound" }),
      "webhook_malformed",
      "user",
    );
  });
});
