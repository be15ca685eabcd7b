import { afterEach, describe, expect, it } from "vitest";
import { LoginIntent, WaitError, wellKnownFile } from "../../src/index.js";
import { rendezvousKey } from "../../src/rendezvous/key.js";
import { buildLogin, login, stranger, verifierPublicKey } from "../support/login.js";
import { cleanUp, soon, started } from "../support/login-client.js";
import { failureOf } from "../support/outcomes.js";
import { login as loginRequest, sendLogin } from "../support/sequencer.js";

afterEach(cleanUp);

describe("a login in a browser, which has only the public key", () => {
  const inBrowser = ({ clientSecret, id, login }: LoginIntent) =>
    LoginIntent.fromClientSecret({ clientSecret, login, expectedId: id });

  it("is watched until it is submitted", async () => {
    const { code, emulator } = await started();
    const intent = inBrowser(await code.loginIntents.create({ login }));
    const types: string[] = [];
    for await (const { type } of code.loginIntents.watch(intent, soon)) {
      types.push(type);
      if (type === "requested") await emulator.wallet.scan(intent.payload);
      if (type === "scanned") await emulator.wallet.login(intent);
    }
    expect(types).toEqual(["requested", "scanned", "submitted"]);
  });

  it("cannot be created: nothing is sent, and the error names what is missing", async () => {
    const { code, emulator } = await started();
    const intent = inBrowser(buildLogin());
    const error = await failureOf(code.loginIntents.create(intent));
    expect(error).toMatchObject({ code: "missing_option", field: "login.verifier", retryable: false });
    expect(error.message).toContain("only a public key");
    const state = await emulator.exportState();
    expect(state).not.toContain(intent.id);
  });
});

describe("a watch of a login", () => {
  it("reports a scan, rejections, which do not end it, and the login", async () => {
    const { code, emulator } = await started();
    const intent = await code.loginIntents.create({ login });
    const types: string[] = [];
    for await (const event of code.loginIntents.watch(intent, soon)) {
      types.push(event.type);
      if (event.type === "requested") await emulator.wallet.scan(intent);
      if (event.type === "scanned") await emulator.wallet.reject(intent);
      if (event.type === "rejected") await emulator.wallet.login(intent);
      if (event.type === "submitted") expect(event.payment).toBeUndefined();
    }
    expect(types).toEqual(["requested", "scanned", "rejected", "submitted"]);
  });

  it('ends on a rejection with until: "rejected"', async () => {
    const { code, emulator } = await started();
    const intent = await code.loginIntents.create({ login });
    await emulator.wallet.reject(intent);
    const types: string[] = [];
    for await (const { type } of code.loginIntents.watch(intent, { ...soon, until: "rejected" }))
      types.push(type);
    expect(types).toEqual(["requested", "rejected"]);
    const error = await failureOf(code.loginIntents.waitForLogin(intent, { ...soon, until: "rejected" }));
    expect(error).toBeInstanceOf(WaitError);
    expect(error).toMatchObject({
      code: "login_rejected",
      intentId: intent.id,
      lastRejectionId: expect.any(String),
    });
    expect(error.message).toMatch(
      /^The user declined \(message \w+\)\. Intent \w+ stays open: the user can still log in\.$/,
    );
  });

  it("states at its timeout that the login stays open, and names the last rejection", async () => {
    const { code, emulator } = await started();
    const intent = await code.loginIntents.create({ login });
    const wait = () => failureOf(code.loginIntents.waitForLogin(intent, { intervalMs: 50, timeoutMs: 300 }));
    const first = await wait();
    expect(first).toMatchObject({ code: "login_timeout", lastRejectionId: undefined, retryable: false });
    expect(first.message).toMatch(
      /^No login was reported within 300 ms\. Intent \w+ stays open: the user can still log in\.$/,
    );
    await emulator.wallet.reject(intent);
    const second = await wait();
    expect(second).toMatchObject({ code: "login_timeout", lastRejectionId: expect.any(String) });
    expect(second.message).toContain("The user declined before");
  });

  it('states that the login was submitted if the webhook never came with until: "webhook"', async () => {
    const { code, emulator } = await started();
    const intent = await code.loginIntents.create({ login });
    await emulator.wallet.login(intent);
    const watching = async () => {
      for await (const _ of code.loginIntents.watch(intent, {
        until: "webhook",
        intervalMs: 50,
        timeoutMs: 300,
      }));
    };
    expect(await failureOf(watching())).toMatchObject({ code: "webhook_unconfirmed" });
    expect(
      await failureOf(code.loginIntents.waitForLogin(intent, { until: "webhook" } as never)),
    ).toMatchObject({ code: "invalid_option", field: "until" });
  });

  it("ends with its signal and with its client", async () => {
    const { code } = await started();
    const intent = await code.loginIntents.create({ login });
    const waiting = failureOf(code.loginIntents.waitForLogin(intent, { signal: AbortSignal.timeout(50) }));
    expect(await waiting).toMatchObject({
      code: "aborted",
      message: expect.stringContaining("stays open"),
    });
    const closed = failureOf(code.loginIntents.waitForLogin(intent));
    await code.close();
    expect((await closed).code).toBe("client_closed");
  });

  it("reports a request by another verifier of the same domain as a conflict", async () => {
    const both = wellKnownFile([verifierPublicKey, stranger.key]);
    const { code, emulator } = await started(
      {},
      { fetchWellKnown: async () => ({ status: 200, body: both }) },
    );
    const intent = await code.loginIntents.create({ login });
    const key = rendezvousKey(intent.payload);
    await sendLogin(emulator, key, loginRequest(key, stranger.key, "example.com"));
    const events = [];
    for await (const event of code.loginIntents.watch(intent, soon)) {
      events.push(event);
      if (event.type === "conflicting") await emulator.wallet.login(intent);
    }
    expect(events).toMatchObject([
      { type: "requested" },
      { type: "conflicting", subject: "request", field: "verifier" },
      { type: "submitted" },
    ]);
  });
});
