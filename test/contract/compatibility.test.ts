/**
 * Makes every call over every protocol and compares the outcome with `docs/compatibility.md`, which `vitest
 * -u` regenerates. Every cell is also compared with the capability table.
 */
import { create, toBinary } from "@bufbuild/protobuf";
import { describe, expect, it } from "vitest";
import { type Message, MessageSchema } from "../../gen/code/messaging/v1/messaging_service_pb.js";
import { AirdropType } from "../../gen/code/transaction/v2/transaction_service_pb.js";
import { checkClientOptions } from "../../src/client/options.js";
import type { SigningKey } from "../../src/crypto/types.js";
import { Emulator, type MessageRecord, memoryStore, type Store } from "../../src/emulator/index.js";
import {
  CodeClient,
  CodeIntentsError,
  type Intent,
  type LoginIntent,
  wellKnownFile,
} from "../../src/index.js";
import { toBase58 } from "../../src/lib/bytes.js";
import { rendezvousKey } from "../../src/rendezvous/key.js";
import type { Capabilities } from "../../src/sequencer/capabilities.js";
import { openSequencer } from "../../src/sequencer/open.js";
import type { Sequencer, StreamKind } from "../../src/sequencer/port.js";
import { clientOf, type Way, ways } from "../support/protocols.js";
import { filled, newKey, sendKind } from "../support/sequencer.js";

const destination = "E8otxw1CVX9bfyddKu3ZB3BVLa4VVF9J7CTPdnUwT9jR";
const order = { destination, amount: "1.00", currency: "usd" } as const;
const verifier = newKey();
const login = { domain: "example.com", verifier } as const;
const webhook = { url: "http://localhost:3000/paid" };

/** The parameters of a probe: one protocol's client and its emulator. */
interface Stage {
  readonly way: Way;
  readonly emulator: Emulator;
  readonly code: CodeClient;
}

/** One row: its probe and the expected cell. */
interface Row {
  readonly name: string;
  /** Returns the outcome in a word or two. Throws if the call fails. */
  readonly probe: (stage: Stage) => Promise<string>;
  readonly expected: (capabilities: Capabilities, way: Way) => string;
}

const yes = "yes";
const ifCapable =
  (name: keyof Capabilities, otherwise = "`unsupported_by_protocol`") =>
  (capabilities: Capabilities): string =>
    capabilities[name] ? yes : otherwise;

/** Builds a probe of a call that must resolve. */
const resolves = (call: (stage: Stage) => Promise<unknown>) => async (stage: Stage) => {
  await call(stage);
  return yes;
};

const calls: readonly Row[] = [
  {
    name: "`paymentIntents.create`",
    probe: resolves(async ({ code }) => exists(code, await code.paymentIntents.create(order))),
    expected: ifCapable("createPaymentIntent"),
  },
  {
    name: "`paymentIntents.create` with fees",
    probe: resolves(async ({ code }) => {
      const fees = [{ destination: "9sK9x3MC7yEMzfA5VRRcu2P72gCGGsF1htpeAMXae9bz", basisPoints: 100 }];
      await exists(code, await code.paymentIntents.create({ ...order, fees }));
    }),
    expected: ifCapable("createPaymentIntent"),
  },
  {
    name: "`paymentIntents.create` in kin",
    probe: resolves(async ({ code }) =>
      exists(code, await code.paymentIntents.create({ destination, amount: 2500, currency: "kin" })),
    ),
    expected: ifCapable("createPaymentIntent"),
  },
  {
    name: "`paymentIntents.create` with a login",
    probe: resolves(async ({ code }) => exists(code, await code.paymentIntents.create({ ...order, login }))),
    expected: ifCapable("createPaymentIntent"),
  },
  {
    name: "`paymentIntents.create` with a webhook",
    probe: async ({ code, emulator }) => {
      const intent = await code.paymentIntents.create({ ...order, webhook });
      return (await stateOf(emulator, intent.id)).includes(webhook.url) ? yes : "not registered";
    },
    expected: () => yes,
  },
  {
    name: "`paymentIntents.getStatus`",
    probe: async ({ code, emulator }) => {
      const intent = await code.paymentIntents.create(order);
      await emulator.wallet.scan(intent);
      const before = await code.paymentIntents.getStatus(intent);
      await emulator.wallet.pay(intent);
      const after = await code.paymentIntents.getStatus(intent);
      expect([before.state, after.state]).toEqual(["pending", "submitted"]);
      return before.codeScanned === true ? yes : "without `codeScanned`";
    },
    expected: ifCapable("codeScanned", "without `codeScanned`"),
  },
  {
    name: "`paymentIntents.watch`, `waitForPayment`",
    probe: async ({ code, emulator, way }) => {
      const intent = await code.paymentIntents.create(order);
      const heard: string[] = [];
      if (!way.capabilities.messages) await emulator.wallet.pay(intent);
      for await (const event of code.paymentIntents.watch(intent, { intervalMs: 100, timeoutMs: 110_000 })) {
        heard.push(event.type);
        if (event.type === "requested") await emulator.wallet.pay(intent);
      }
      return heard.join() === "requested,submitted" ? yes : `only ${heard.join(", ")}, from the status`;
    },
    expected: ifCapable("messages", "only submitted, from the status"),
  },
  {
    name: "`watch` until the webhook was called",
    probe: resolves(async ({ code, emulator }) => {
      const intent = code.paymentIntents.build({ ...order, webhook });
      const events = code.paymentIntents.watch(intent, { until: "webhook", timeoutMs: 110_000 });
      await code.paymentIntents.create(intent);
      for await (const event of events) {
        if (event.type === "requested") await emulator.wallet.pay(intent);
      }
    }),
    expected: ifCapable("messages"),
  },
  {
    name: "`loginIntents.create`",
    probe: resolves(async ({ code }) => exists(code, await code.loginIntents.create({ login }))),
    expected: ifCapable("createLoginIntent"),
  },
  {
    name: "`loginIntents.watch`, `waitForLogin`",
    probe: async ({ code, emulator, way }) => {
      const intent = await registeredLogin(emulator);
      const heard: string[] = [];
      if (!way.capabilities.messages) await emulator.wallet.login(intent);
      for await (const event of code.loginIntents.watch(intent, { intervalMs: 100, timeoutMs: 110_000 })) {
        heard.push(event.type);
        if (event.type === "requested") await emulator.wallet.login(intent);
      }
      return heard.join() === "requested,submitted" ? yes : `only ${heard.join(", ")}, from the status`;
    },
    expected: ifCapable("messages", "only submitted, from the status"),
  },
  {
    name: "`loginIntents.getUserId`",
    probe: async ({ code, emulator }) => {
      const intent = await registeredLogin(emulator);
      const { reason } = await code.loginIntents.getUserId({ intent, verifier });
      const { userId } = await emulator.wallet.login(intent);
      expect(await code.loginIntents.getUserId({ intent, verifier })).toEqual({ userId });
      return reason === "no_user_logged_in" ? yes : "without `reason`";
    },
    expected: ifCapable("detailedErrors", "without `reason`"),
  },
  {
    name: "`webhooks.register` for an intent",
    probe: async ({ code, emulator }) => {
      const intent = await code.paymentIntents.create(order);
      await code.webhooks.register({ intent, url: webhook.url });
      return (await stateOf(emulator, intent.id)).includes(webhook.url) ? yes : "not registered";
    },
    expected: () => yes,
  },
  {
    name: "`webhooks.register` for a bare id",
    probe: resolves(async ({ code }) => {
      const { id } = await code.paymentIntents.create(order);
      await code.webhooks.register({ intent: id, url: webhook.url });
    }),
    expected: ifCapable("separateWebhook"),
  },
  {
    name: "a rejected request, with the sequencer's error text",
    probe: async ({ code }) =>
      refusal(code.paymentIntents.create({ ...order, amount: 10 }), {
        code: "request_refused",
        sequencerMessage: "usd currency has a maximum amount of 5.00",
      }),
    expected: () => yes,
  },
  {
    name: "an unauthenticated call, with the sequencer's error text",
    probe: async ({ code, emulator }) => {
      const intent = await registeredLogin(emulator);
      const stranger = newKey();
      const sequencerMessage = `${toBase58(stranger.publicKey)} does not own the domain for the login`;
      const call = code.loginIntents.getUserId({ intent, verifier: stranger });
      return refusal(call, { code: "unauthenticated", sequencerMessage });
    },
    expected: ifCapable("detailedErrors", "without the text"),
  },
];

/** The ways to read the messages of a key. */
type Reading = "poll" | StreamKind;

const readings: readonly Reading[] = ["poll", "plain", "keep-alive"];
const readingNames = { poll: "poll", plain: "stream", "keep-alive": "keep-alive stream" } as const;

/** The kinds of `Message`, by the name of the oneof's field. */
const kinds = MessageSchema.oneofs.flatMap(({ fields }) => fields);

/** Ways that differ only in who created the HTTP client have no separate column. */
const columns = ways.filter(({ name }) => !name.includes("fetch"));

/** The cells of each column by row name. Computed once, for the first test that needs them. */
const outcomes = new Map<Way, Promise<ReadonlyMap<string, string>>>();

describe.each(columns)("over $name", (way) => {
  it.each(calls)("$name", async ({ name, expected }) => {
    expect((await outcomeOf(way)).get(name)).toBe(expected(way.capabilities, way));
  });

  it.each(kinds)("messages of the kind $name", async ({ name, localName }) => {
    const expected = expectedReadings(way, localName).map((reading) => readingNames[reading]);
    expect((await outcomeOf(way)).get(`\`${name}\``)).toBe(expected.join(", ") || "no messages");
  });
});

it("equals docs/compatibility.md", async () => {
  const found = await Promise.all(columns.map(outcomeOf));
  const table = (rows: readonly string[]) =>
    [
      ["", ...columns.map(({ name }) => name.replace(/^the /, ""))],
      ["---", ...columns.map(() => "---")],
      ...rows.map((name) => [name, ...found.map((cells) => cells.get(name) ?? "")]),
    ]
      .map((row) => `| ${row.join(" | ")} |`)
      .join("\n");
  const text = `# Protocol compatibility

Generated by a test. It makes each call over each protocol and compares the outcome with the capability table that the client
uses (\`CAPABILITIES\`). If a cell is an error code, the call throws this error before it sends anything.

The emulator gives the real sequencer's verdict, by code and text, in 1,560 of 1,563 calls, which is 99.8 %. A test replays
them. [The exceptions](emulator.md#differences-from-the-real-sequencer) have reasons.

## Calls

${table(calls.map(({ name }) => name))}

## Message kinds

How a client receives each kind of message. AirdropReceived is never sent on a stream, as in the original sequencer.

${table(kinds.map(({ name }) => `\`${name}\``))}
`;
  await expect(text).toMatchFileSnapshot("../../docs/compatibility.md");
});

function outcomeOf(way: Way): Promise<ReadonlyMap<string, string>> {
  const outcome = outcomes.get(way) ?? tryAll(way);
  outcomes.set(way, outcome);
  return outcome;
}

async function tryAll(way: Way): Promise<ReadonlyMap<string, string>> {
  const store = memoryStore();
  await using emulator = await Emulator.start({
    store,
    deliverWebhook: async () => ({ status: 200 }),
    fetchWellKnown: async () => ({ status: 200, body: wellKnownFile([verifier]) }),
    isTemporaryIncomingAccount: () => true,
  });
  await using code = clientOf(emulator, way);
  const sequencer = await sequencerOf(emulator, way);
  const cells = new Map<string, string>();
  try {
    const stage = { way, emulator, code };
    for (const { name, probe } of calls) cells.set(name, await probe(stage).catch(cellOf));
    const keys = await keysWithEveryKind(emulator, store);
    for (const reading of readings) {
      const messages = (await Promise.all(keys.map((key) => read(sequencer, reading, key)))).flat();
      for (const { name, localName } of kinds) {
        if (!messages.some(({ kind }) => kind.case === localName)) continue;
        const before = cells.get(`\`${name}\``);
        cells.set(
          `\`${name}\``,
          [...(before === undefined ? [] : [before]), readingNames[reading]].join(", "),
        );
      }
    }
    for (const { name } of kinds) if (!cells.has(`\`${name}\``)) cells.set(`\`${name}\``, "no messages");
    return cells;
  } finally {
    await sequencer.close();
  }
}

/**
 * Returns the cell of a failed call: its code if the protocol does not support it, otherwise its complete
 * message.
 */
function cellOf(error: unknown): string {
  if (error instanceof CodeIntentsError && error.code.startsWith("unsupported")) return `\`${error.code}\``;
  return `fails: ${String(error)}`;
}

async function exists(code: CodeClient, intent: Intent): Promise<void> {
  expect(await code.paymentIntents.getStatus(intent.id)).toMatchObject({ exists: true });
}

async function stateOf(emulator: Emulator, id: string): Promise<string> {
  return (await emulator.exportState())
    .split("\n")
    .filter((line) => line.includes(id))
    .join();
}

/** Returns whether a call is refused as expected, including the sequencer's text. */
async function refusal(
  call: Promise<unknown>,
  expected: { readonly code: string; readonly sequencerMessage: string },
): Promise<string> {
  const error = (await call.then(
    () => undefined,
    (reason: unknown) => reason,
  )) as { readonly code?: unknown; readonly sequencerMessage?: unknown } | undefined;
  expect(error?.code).toBe(expected.code);
  return error?.sequencerMessage === expected.sequencerMessage ? yes : "without the text";
}

/** Registers a login in memory, for any protocol under test. */
async function registeredLogin(emulator: Emulator): Promise<LoginIntent> {
  const code = new CodeClient({ transport: emulator.transport });
  const intent = await code.loginIntents.create({ login });
  await code.close();
  return intent;
}

function sequencerOf({ url, transport }: Emulator, { connecting }: Way): Promise<Sequencer> {
  const options = connecting === undefined ? { transport } : { ...connecting, baseUrl: url };
  return openSequencer(checkClientOptions(options).target);
}

/** Returns the keys of a payment and of a login at which every kind of message is stored. */
async function keysWithEveryKind(emulator: Emulator, store: Store): Promise<readonly SigningKey[]> {
  const code = new CodeClient({ transport: emulator.transport });
  const payment = await code.paymentIntents.create({ ...order, webhook });
  const paymentKey = rendezvousKey(payment.payload);
  const requestorAccount = { value: filled(3) };
  await sendKind(emulator, paymentKey, { case: "requestToGrabBill", value: { requestorAccount } });
  await emulator.wallet.scan(payment);
  await emulator.wallet.reject(payment);
  await store.transaction(payment.id, (transaction) => transaction.addMessage(airdrop()));
  const events = code.paymentIntents.watch(payment, { until: "webhook", timeoutMs: 110_000 });
  await emulator.wallet.pay(payment);
  for await (const _ of events);
  const loginIntent = await code.loginIntents.create({ login });
  await emulator.wallet.reject(loginIntent);
  await code.close();
  return [paymentKey, rendezvousKey(loginIntent.payload)];
}

/** Builds a message of a kind that only the server creates, and that the emulator never does. */
function airdrop(): MessageRecord {
  const id = globalThis.crypto.getRandomValues(new Uint8Array(16));
  const exchangeData = { currency: "kin", exchangeRate: 1, nativeAmount: 1, quarks: 100_000n };
  const value = { airdropType: AirdropType.GIVE_FIRST_KIN, exchangeData, timestamp: { seconds: 1n } };
  const message = create(MessageSchema, { id: { value: id }, kind: { case: "airdropReceived", value } });
  const bytes = toBinary(MessageSchema, message);
  return { messageId: toBase58(id), kind: "airdropReceived", bytes, createdAt: 1 };
}

/** Returns the stored messages of a key, read in one way; empty if the protocol does not support it. */
async function read({ messages }: Sequencer, reading: Reading, key: SigningKey): Promise<readonly Message[]> {
  if (messages === undefined) return [];
  const end = new AbortController();
  const attempt = { signal: end.signal, timeoutMs: 110_000, headers: {}, mayRepeat: false };
  const stored = await messages.poll(key, attempt);
  if (reading === "poll") return stored;
  if (!messages.streams.includes(reading)) return [];
  const streamed: Message[] = [];
  const awaited = stored.filter(({ kind }) => kind.case !== "airdropReceived").length;
  for await (const frame of messages.open(reading, key, attempt)) {
    if (frame.case === "message") streamed.push(frame.message);
    if (streamed.length === awaited) break;
  }
  end.abort();
  return streamed;
}

function expectedReadings({ capabilities, connecting }: Way, kind: string): readonly Reading[] {
  if (!capabilities.messages) return [];
  if (kind === "airdropReceived") return ["poll"];
  // Bidirectional streams need HTTP/2 or a WebSocket.
  return connecting?.httpVersion === "1.1" ? ["poll", "plain"] : readings;
}
