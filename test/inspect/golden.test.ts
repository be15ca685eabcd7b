import { describe, expect, it } from "vitest";
import { PaymentIntent } from "../../src/index.js";
import { diff, explain, renderDifference, renderExplanation } from "../../src/inspect/index.js";
import { vectors } from "../support/vectors.js";

const seed = vectors.intents.find(({ id }) => id === "seed-54-byte");
const webhook = vectors.intents.find(({ id }) => id === "usd-webhook");
const login = vectors.intents.find(({ id }) => id === "usd-with-login");
const message = seed?.messageHex ?? "";
const { token } = (vectors as unknown as { webhookJwt: { token: string }[] }).webhookJwt[0] ?? { token: "" };

// The notation of the protocol's documentation.
const walkThrough = (message.match(/../g) ?? []).map((pair) => `0x${pair.toUpperCase()}`).join(", ");

describe("renderExplanation and renderDifference", () => {
  it.each([
    ["message", walkThrough],
    ["send-message-request", seed?.sendMessageRequestHex],
    ["rest-body", JSON.stringify(webhook?.restBody)],
    ["envelope-with-login", login?.httpEnvelopeHex],
    ["payload", seed?.payloadHex],
    ["client-secret", seed?.clientSecret],
    ["webhook-token", token],
    ["poll-messages", vectors.otherMessages.find(({ id }) => id === "poll-messages")?.requestHex],
    ["wrong-length", message.replace(/^2a34/, "2a33")],
    ["wrong-order", `2a341a0e0a037573641100000000000024400a220a20${"00".repeat(32)}`],
    ["wrong-signature", JSON.stringify({ ...seed?.restBody, signature: webhook?.restBody?.signature })],
    ["no-hex", `${message.slice(0, 30)}O${message.slice(31)}`],
  ])("write the golden text: %s", async (name, input) => {
    await expect(`${renderExplanation(explain(input ?? ""))}\n`).toMatchFileSnapshot(`golden/${name}.txt`);
  });

  it("write the golden text: difference", async () => {
    const intent = (changes: object): PaymentIntent =>
      PaymentIntent.from({
        destination: "E8otxw1CVX9bfyddKu3ZB3BVLa4VVF9J7CTPdnUwT9jR",
        amount: "2.50",
        currency: "usd",
        idempotencyKey: "order-1042",
        ...changes,
      });
    const text = renderDifference(diff(intent({}), intent({ currency: "eur" })));
    await expect(`${text}\n`).toMatchFileSnapshot("golden/difference.txt");
  });
});

it("rendered text is the same in color apart from the escapes, and in custom colors", () => {
  const explanation = explain(seed?.sendMessageRequestHex?.replace("757364", "555344") ?? "");
  const plain = renderExplanation(explanation);
  // biome-ignore lint/suspicious/noControlCharactersInRegex: the test searches for these escapes
  expect(renderExplanation(explanation, { color: true }).replaceAll(/\u001b\[\d*m/g, "")).toBe(plain);
  const styles = new Set<string>();
  const own = renderExplanation(explanation, {
    color: true,
    style: (text, style) => {
      styles.add(style);
      return style === "plain" ? text : `\u{e000}${text}\u{e001}`;
    },
  });
  expect(own.replaceAll(/[\u{e000}\u{e001}]/gu, "")).toBe(plain);
  expect([...styles].sort()).toEqual([
    "heading",
    "length",
    "name",
    "offset",
    "plain",
    "problem",
    "tag",
    "value",
  ]);
});

it.each([0, 12, Number.NaN])("rendered text has the minimum width for a width of %s", (width) => {
  const explanation = explain(message);
  expect(renderExplanation(explanation, { width })).toBe(renderExplanation(explanation, { width: 60 }));
  for (const line of renderExplanation(explanation, { width: 60 }).split("\n")) {
    expect(line.length).toBeLessThanOrEqual(60);
  }
});
