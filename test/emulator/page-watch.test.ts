import { createClient } from "@connectrpc/connect";
import { afterEach, describe, expect, it } from "vitest";
import { EmulatorService, WebhookState } from "../../gen/codeintents/emulator/v1/emulator_service_pb.js";
import { type Emulator, MovableClock } from "../../src/emulator/index.js";
import type { PaymentIntent } from "../../src/intents/payment-intent.js";
import { rendezvousKey } from "../../src/rendezvous/key.js";
import {
  cleanUp,
  emulated,
  intentOf,
  later,
  memory,
  type RawWay,
  rawWays,
  register,
} from "../support/emulated.js";
import { type Reading, reading } from "../support/reading.js";
import { codeScanned, messagingOf, microPaymentOf, poll, refusalOf, sendKind } from "../support/sequencer.js";
import { until } from "../support/turns.js";

afterEach(cleanUp);

type Told =
  Awaited<ReturnType<ReturnType<typeof controlOf>["watchIntents"]>> extends AsyncIterable<infer T>
    ? T
    : never;

const controlOf = (emulator: Emulator, { open }: RawWay = memory) =>
  createClient(EmulatorService, open(emulator));

/** A watch that ends with the test, and its responses. */
function watching(
  emulator: Emulator,
  way: RawWay = memory,
  limit = 0,
): Reading<Told> & { leave: () => void } {
  const end = new AbortController();
  later(() => end.abort());
  const stream = reading(controlOf(emulator, way).watchIntents({ limit }, { signal: end.signal }));
  return Object.assign(stream, { leave: () => end.abort() });
}

/** The intents that a client knows after these responses, in the order of their arrival. */
function known({ items }: { readonly items: readonly Told[] }): Map<string, Told["intents"][number]> {
  const intents = new Map<string, Told["intents"][number]>();
  for (const { startsOver, intents: told } of items) {
    if (startsOver) intents.clear();
    for (const intent of told) intents.set(intent.intentId, intent);
  }
  return intents;
}

const idOf = ({ payload }: PaymentIntent) => ({ value: rendezvousKey(payload).publicKey });
const kindsOf = (watch: Reading<Told>, { id }: PaymentIntent) =>
  known(watch)
    .get(id)
    ?.messages.map(({ kind }) => kind);

describe.each(rawWays)("over $name, a watch", (way) => {
  it("sends the present intents first, then every change", async () => {
    const { emulator } = await emulated({ deliverWebhook: async () => ({ status: 200 }) });
    const [first, second] = [intentOf(), intentOf()];
    await register(emulator, first);
    const watch = watching(emulator, way);
    await until(() => known(watch).size === 1);
    expect(watch.items[0]).toMatchObject({ startsOver: true, total: 1, clockRunning: false });
    await register(emulator, second);
    await until(() => known(watch).size === 2);
    expect(watch.items.at(-1)).toMatchObject({ startsOver: false, total: 2 });
    expect([...known(watch).keys()]).toEqual([first.id, second.id]);
    await microPaymentOf(emulator).registerWebhook({ intentId: idOf(second), url: "http://localhost/paid" });
    await until(() => known(watch).get(second.id)?.webhook?.state === WebhookState.REGISTERED);
    await emulator.wallet.scan(second);
    await emulator.wallet.pay(second);
    await emulator.clock.advance(0);
    await until(() => known(watch).get(second.id)?.webhook?.state === WebhookState.CONFIRMED);
    expect(known(watch).get(second.id)).toMatchObject({
      intentSubmitted: true,
      messageCount: 4,
      webhook: { attempts: [{ httpStatus: 200 }] },
    });
    expect(kindsOf(watch, second)).toEqual([
      "request_to_receive_bill",
      "code_scanned",
      "intent_submitted",
      "webhook_called",
    ]);
    expect(known(watch).get(first.id)).toMatchObject({ intentSubmitted: false, messageCount: 1 });
  });

  it("ends when the emulator closes", async () => {
    const { emulator } = await emulated();
    const watch = watching(emulator, way);
    await until(() => watch.items.length > 0);
    await emulator.close();
    expect(await watch.ending).toMatchObject({ code: "Unavailable" });
  });
});

describe("a watch", () => {
  it("sends an empty response at once if there are no intents", async () => {
    const { emulator } = await emulated();
    const watch = watching(emulator);
    await until(() => watch.items.length > 0);
    expect(watch.items).toMatchObject([{ startsOver: true, intents: [], total: 0 }]);
  });

  it("reports when a stream opens and ends", async () => {
    const { emulator } = await emulated();
    const intent = intentOf();
    await register(emulator, intent);
    const watch = watching(emulator);
    const isOpen = () => known(watch).get(intent.id)?.streamOpen;
    await until(() => isOpen() === false);
    const end = new AbortController();
    const stream = reading(
      messagingOf(emulator).openMessageStream({ rendezvousKey: idOf(intent) }, { signal: end.signal }),
    );
    await until(() => isOpen() === true);
    end.abort();
    await stream.ending;
    await until(() => isOpen() === false);
  });

  it("reports acknowledged messages", async () => {
    const { emulator } = await emulated();
    const intent = intentOf();
    await register(emulator, intent);
    const watch = watching(emulator);
    await until(() => known(watch).get(intent.id)?.messageCount === 1);
    const messages = await poll(emulator, rendezvousKey(intent.payload));
    const messageIds = messages.flatMap(({ id }) => (id === undefined ? [] : [id]));
    await messagingOf(emulator).ackMessages({ rendezvousKey: idOf(intent), messageIds });
    await until(() => known(watch).get(intent.id)?.messageCount === 0);
    expect(kindsOf(watch, intent)).toEqual([]);
  });

  it("reports nothing for a rejected request or a read", async () => {
    const { emulator } = await emulated();
    const [intent, last] = [intentOf(), intentOf()];
    await register(emulator, intent);
    const watch = watching(emulator);
    await until(() => known(watch).size === 1);
    const before = watch.items.length;
    await microPaymentOf(emulator).getStatus({ intentId: idOf(intent) });
    await poll(emulator, rendezvousKey(intent.payload));
    await refusalOf(emulator.wallet.pay(intentOf().id));
    await register(emulator, last);
    await until(() => known(watch).size === 2);
    expect(watch.items.slice(before).map(({ intents }) => intents.map(({ intentId }) => intentId))).toEqual([
      [last.id],
    ]);
  });

  it("starts over after a reset and an import", async () => {
    const { emulator } = await emulated();
    const intent = intentOf();
    await register(emulator, intent);
    const state = await emulator.exportState();
    const watch = watching(emulator);
    await until(() => known(watch).size === 1);
    await emulator.reset();
    await until(() => known(watch).size === 0);
    expect(watch.items.at(-1)).toMatchObject({ startsOver: true, total: 0 });
    await emulator.importState(state);
    await until(() => known(watch).size === 1);
    expect(watch.items.at(-1)).toMatchObject({ startsOver: true, total: 1 });
  });

  it("reports only the newest intents, with the total", async () => {
    const { emulator, clock } = await emulated();
    const intents = [intentOf(), intentOf(), intentOf()];
    for (const intent of intents) {
      await register(emulator, intent);
      await clock.advance(1);
    }
    const [oldest, second, newest] = intents.map(({ id }) => id);
    const watch = watching(emulator, memory, 2);
    await until(() => watch.items.length > 0);
    expect(watch.items[0]?.total).toBe(3);
    expect([...known(watch).keys()]).toEqual([second, newest]);
    await emulator.wallet.pay(oldest ?? "");
    await emulator.wallet.pay(newest ?? "");
    await until(() => known(watch).get(newest ?? "")?.intentSubmitted);
    expect(known(watch).has(oldest ?? "")).toBe(false);
  });

  it("splits a large state, and omits the bytes of messages and all but the newest messages", async () => {
    const { emulator } = await emulated();
    const intents = Array.from({ length: 45 }, () => intentOf());
    for (const intent of intents) await register(emulator, intent);
    const [busy = intentOf()] = intents;
    const key = rendezvousKey(busy.payload);
    for (let i = 0; i < 120; i++) await sendKind(emulator, key, codeScanned);
    const watch = watching(emulator);
    await until(() => known(watch).size === 45);
    expect(watch.items.map(({ intents, startsOver }) => [intents.length, startsOver])).toEqual([
      [20, true],
      [20, false],
      [5, false],
    ]);
    const shown = known(watch).get(busy.id);
    expect(shown?.messageCount).toBe(121);
    expect(shown?.messages).toHaveLength(100);
    for (const { message, size, kind } of shown?.messages ?? []) {
      expect([message.length, kind]).toEqual([0, "code_scanned"]);
      expect(size).toBeGreaterThan(0);
    }
  });

  it("is rejected for more than 200 intents", async () => {
    const { emulator } = await emulated();
    expect(await watching(emulator, memory, 201).ending).toMatchObject({ code: "InvalidArgument" });
    const most = watching(emulator, memory, 200);
    await until(() => most.items.length > 0);
  });

  it("is rejected while 16 others are open", async () => {
    const { emulator } = await emulated();
    const watches = Array.from({ length: 16 }, () => watching(emulator));
    await until(() => watches.every(({ items }) => items.length > 0));
    const many = { code: "ResourceExhausted", text: "16 watches are already open; close one first" };
    expect(await watching(emulator).ending).toEqual(many);
    watches[0]?.leave();
    await watches[0]?.ending;
    await until(async () => {
      const next = watching(emulator);
      await until(() => next.items.length > 0 || next.ended);
      return !next.ended;
    });
  });

  it("sends an empty response while nothing changes", async () => {
    const { emulator } = await emulated();
    const watch = watching(emulator);
    await until(() => watch.items.length === 2);
    expect(watch.items[1]).toMatchObject({ startsOver: false, intents: [], total: 0 });
  });

  it("reports the time, and whether the clock runs", async () => {
    const { emulator, clock } = await emulated();
    const frozen = watching(emulator);
    await until(() => frozen.items.length > 0);
    expect(frozen.items[0]).toMatchObject({
      clockRunning: false,
      now: { seconds: BigInt(clock.now() / 1000) },
    });
    await register(emulator, intentOf());
    await clock.advance(60_000);
    // The registration may be reported before the clock moves.
    await until(() => frozen.items.at(-1)?.now?.seconds === BigInt(clock.now() / 1000));
    expect(frozen.items.at(-1)?.clockRunning).toBe(false);

    const other = await emulated({ clock: new MovableClock() });
    const running = watching(other.emulator);
    await until(() => running.items.length > 0);
    expect(running.items[0]?.clockRunning).toBe(true);
  });
});

it("predicts the time of each next attempt of a webhook, up to the last", async () => {
  const startedAt: number[] = [];
  const { emulator, clock } = await emulated({
    deliverWebhook: async () => {
      startedAt.push(clock.now());
      return { status: 503 };
    },
  });
  const intent = intentOf();
  await register(emulator, intent);
  await microPaymentOf(emulator).registerWebhook({ intentId: idOf(intent), url: "http://localhost/paid" });
  const next = async () => {
    const { intent: shown } = await controlOf(emulator).getIntent({ intentId: intent.id });
    const at = shown?.webhook?.nextAttemptAt;
    return at === undefined ? undefined : Number(at.seconds) * 1000;
  };
  expect(await next()).toBeUndefined();
  await emulator.wallet.pay(intent);
  await clock.advance(0);
  for (let attempts = 1; attempts < 8; attempts++) {
    expect(startedAt).toHaveLength(attempts);
    const at = (await next()) ?? 0;
    await clock.advance(at - clock.now() - 1);
    expect(startedAt).toHaveLength(attempts);
    await clock.advance(1);
    expect(startedAt.at(-1)).toBe(at);
  }
  expect(startedAt).toHaveLength(8);
  expect(await next()).toBeUndefined();
});
