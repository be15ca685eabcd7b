import { inspect } from "node:util";
import { describe, expect, it } from "vitest";
import {
  createWebhookUrl,
  readWebhookPathToken,
  verifyWebhook,
  webhookPathToken,
} from "../../src/webhook/index.js";
import { equalSecrets } from "../../src/webhook/path-token.js";
import { expectRefusal } from "../support/refusal.js";
import { expectRefused, intent, loginToken, publicKey, webhookRequest } from "./support.js";

const token = "k3yE9vQ_-Zp0aB7cD2fG4hJ6";

it("creates unguessable tokens", () => {
  const tokens = new Set(Array.from({ length: 100 }, webhookPathToken));
  expect(tokens.size).toBe(100);
  for (const made of tokens) expect(made).toMatch(/^[A-Za-z0-9_-]{32}$/);
});

it.each([
  ["https://shop.example/hooks/code", `https://shop.example/hooks/code/${token}`],
  ["https://shop.example/hooks/code/", `https://shop.example/hooks/code/${token}`],
  ["https://shop.example", `https://shop.example/${token}`],
  ["https://shop.example/hooks?shop=1", `https://shop.example/hooks/${token}?shop=1`],
  ["http://localhost:3000/hooks", `http://localhost:3000/hooks/${token}`],
])("appends the token to %s and reads it back", (base, url) => {
  expect(createWebhookUrl(base, { token })).toBe(url);
  expect(readWebhookPathToken(url)).toBe(token);
  expect(readWebhookPathToken(url.replace(/^https?:\/\/[^/]+/, ""))).toBe(token);
});

it.each([
  ["a relative base", () => createWebhookUrl("/hooks", { token }), "base"],
  ["a base of another scheme", () => createWebhookUrl("ftp://shop.example/", { token }), "base"],
  ["a base with a fragment", () => createWebhookUrl("https://shop.example/#a", { token }), "base"],
  [
    "a URL over 1024 characters",
    () => createWebhookUrl(`https://shop.example/${"a".repeat(990)}`, { token }),
    "base",
  ],
  ["a short token", () => createWebhookUrl("https://shop.example/", { token: "order-1042" }), "token"],
  [
    "a token that needs escaping",
    () => createWebhookUrl("https://x.example/", { token: `${token}/..` }),
    "token",
  ],
])("rejects %s without revealing the token", (_, act, field) => {
  const error = expectRefusal(act, "invalid_option", field);
  expect(inspect(error)).not.toContain(token);
});

describe("path of a webhook request", () => {
  const verify = (url: string, pathToken: string | ((found: string) => boolean | Promise<boolean>)) =>
    verifyWebhook(webhookRequest(undefined, { url }), { publicKey, expect: intent, pathToken });

  it.each([
    `https://shop.example/hooks/${token}`,
    `https://shop.example/hooks/${token}/`,
    `https://shop.example/hooks/${token}?a=/b#/c`,
  ])("is accepted with the token: %s", async (url) => {
    expect((await verify(url, token)).bound).toBe(true);
  });

  it.each([
    "https://shop.example/",
    "https://shop.example/hooks",
    `https://shop.example/hooks/${token}x`,
    `https://shop.example/hooks/${token.slice(1)}`,
    `https://shop.example/hooks/${token.toLowerCase()}`,
    `https://shop.example/hooks/${token}/other`,
    `https://shop.example/hooks/other?t=/${token}`,
    `https://shop.example/hooks/other#/${token}`,
  ])("is rejected without the token: %s", async (url) => {
    const error = await expectRefused(verify(url, token), "webhook_wrong_path");
    expect(inspect(error)).not.toContain(token);
  });

  it("is checked by a function if pathToken is one", async () => {
    const asked: string[] = [];
    const known = async (found: string) => {
      asked.push(found);
      return found === token;
    };
    expect((await verify(`https://shop.example/${token}`, known)).bound).toBe(true);
    await expectRefused(verify("https://shop.example/other", known), "webhook_wrong_path");
    await expectRefused(verify("https://shop.example", known), "webhook_wrong_path");
    await expectRefused(
      verify(`https://shop.example/${token}`, () => 1 as never),
      "webhook_wrong_path",
    );
    expect(asked).toEqual([token, "other"]);
  });

  it("is checked before the body is read", async () => {
    const request = webhookRequest(undefined, { url: "https://shop.example/other" });
    await expectRefused(
      verifyWebhook(request, { publicKey, expect: intent, pathToken: token }),
      "webhook_wrong_path",
    );
    expect(request.bodyUsed).toBe(false);
  });

  it("binds a login to a session", async () => {
    const options = { publicKey, expect: { kind: "login" }, pathToken: token } as const;
    const request = (path: string) =>
      webhookRequest(loginToken, { url: `https://shop.example/login/${path}` });
    expect((await verifyWebhook(request(token), options)).kind).toBe("login");
    await expectRefused(verifyWebhook(request(webhookPathToken()), options), "webhook_wrong_path");
  });
});

it("compares secrets of any length", () => {
  expect(equalSecrets("", "")).toBe(true);
  expect(equalSecrets(token, token)).toBe(true);
  for (const other of ["", `${token}x`, token.slice(1), `x${token.slice(1)}`]) {
    expect(equalSecrets(token, other)).toBe(false);
  }
});
