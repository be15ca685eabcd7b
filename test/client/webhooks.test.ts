import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Emulator } from "../../src/emulator/index.js";
import type { CodeClient, IntentReference } from "../../src/index.js";
import { failureOf, order } from "../support/outcomes.js";
import { clientOf, ways } from "../support/protocols.js";

const url = "https://shop.example.com/paid";

describe.each(ways)("webhooks over $name", (way) => {
  let emulator: Emulator;
  let code: CodeClient;
  const warnings: string[] = [];
  beforeAll(async () => {
    emulator = await Emulator.start({
      // So that only the resolver decides.
      resolveHost: async (host: string) => {
        if (host.startsWith("unknown")) throw new Error("no such host");
      },
      deliverWebhook: async () => ({ status: 200 }),
    } as Parameters<typeof Emulator.start>[0]);
    code = clientOf(emulator, way, { logger: { warn: (message: string) => warnings.push(message) } });
  });
  afterAll(async () => {
    await code.close();
    await emulator.close();
  });
  const create = (more = {}) => code.paymentIntents.create({ ...order, ...more });
  const separate = way.capabilities.separateWebhook;

  it("are registered, and distinguished from existing ones", async () => {
    const intent = await create();
    const expected = separate
      ? ["registered", "already_registered"]
      : Array(2).fill("registered_or_existing");
    expect(await code.webhooks.register({ intent, url })).toBe(expected[0]);
    expect(await code.webhooks.register({ intent, url })).toBe(expected[1]);
    expect(await code.webhooks.register({ intent, url: `${url}/other` })).toBe(expected[1]);
    const state = JSON.parse(await emulator.exportState());
    expect(JSON.stringify(state)).toContain(url);
    expect(JSON.stringify(state)).not.toContain(`${url}/other`);
  });

  it("are registered for an id, except over REST", async () => {
    const { id } = await create();
    for (const intent of [id, { intent: id }] as const) {
      const registering = code.webhooks.register({ intent, url });
      if (separate) expect(["registered", "already_registered"]).toContain(await registering);
      else {
        const error = await failureOf(registering);
        expect(error).toMatchObject({ code: "unsupported_by_protocol", retryable: false });
        expect(error.message).toContain("pass the PaymentIntent");
      }
    }
  });

  it("are rejected by the sequencer with its reason", async () => {
    const intent = await create();
    const refused = await failureOf(code.webhooks.register({ intent, url: "https://unknown.example.com/" }));
    expect(refused).toMatchObject({ code: "request_refused", retryable: false });
    if (separate) expect(refused).toMatchObject({ sequencerMessage: "invalid url" });
    await emulator.wallet.pay(intent);
    const late = await failureOf(code.webhooks.register({ intent, url }));
    expect(late.code).toBe("already_submitted");
  });

  it("require a registered intent, which REST registers with them", async () => {
    const intent = code.paymentIntents.build(order);
    const registering = code.webhooks.register({ intent, url });
    if (separate) {
      expect(await failureOf(registering)).toMatchObject({
        code: "request_refused",
        sequencerMessage: "request not found",
      });
    } else {
      expect(await registering).toBe("registered_or_existing");
      expect(await code.paymentIntents.getStatus(intent)).toMatchObject({ state: "pending" });
    }
  });

  it("are rejected at once if the options are invalid", async () => {
    const intent = code.paymentIntents.build(order);
    const register = (options: unknown) =>
      failureOf(code.webhooks.register(options as { intent: IntentReference; url: string }));
    for (const [options, failure] of [
      [{ url }, { code: "missing_option", field: "intent" }],
      [
        { intent: null, url },
        { code: "missing_option", field: "intent" },
      ],
      [
        { intent: "abc", url },
        { code: "invalid_option", field: "intent" },
      ],
      [
        { intent: 7, url },
        { code: "invalid_option", field: "intent" },
      ],
      [{ intent }, { code: "missing_option", field: "url" }],
      [
        { intent, url: "" },
        { code: "missing_option", field: "url" },
      ],
      [
        { intent, url: "shop.example.com/paid" },
        { code: "invalid_option", field: "url" },
      ],
      [
        { intent, url: "ftp://shop.example.com" },
        { code: "invalid_option", field: "url" },
      ],
      [
        { intent, url: `${url}/${"x".repeat(1_024)}` },
        { code: "invalid_option", field: "url" },
      ],
      [
        { intent, url, uri: url },
        { code: "unknown_option", field: "uri" },
      ],
      [null, { code: "invalid_option", field: "options" }],
    ] as const)
      expect(await register(options), JSON.stringify(failure)).toMatchObject(failure);
    expect(await code.paymentIntents.getStatus(intent)).toMatchObject({ state: "unknown" });
  });

  it("of another party make create log a warning each time, and succeed", async () => {
    const intent = code.paymentIntents.build({ ...order, webhook: { url } });
    warnings.length = 0;
    await code.paymentIntents.create(intent);
    expect(warnings).toEqual([]);
    const foreign = code.paymentIntents.build({ ...order, webhook: { url } });
    const { clientSecret, ...rest } = { clientSecret: foreign.clientSecret, ...order };
    await code.paymentIntents.create({ ...rest, clientSecret, webhook: { url: `${url}/foreign` } });
    expect(await code.paymentIntents.create(foreign)).toBe(foreign);
    // REST does not report it.
    expect(warnings).toEqual(separate ? [expect.stringContaining(foreign.id)] : []);
    expect(warnings.join()).not.toContain(clientSecret);
  });

  it("accept the options of every call", async () => {
    const intent = await create();
    const signal = AbortSignal.abort();
    expect(await failureOf(code.webhooks.register({ intent, url }, { signal }))).toMatchObject({
      code: "aborted",
      mayHaveArrived: false,
    });
    expect(await failureOf(code.webhooks.register({ intent, url }, { timeoutMs: 0 }))).toMatchObject({
      field: "timeoutMs",
    });
  });
});
