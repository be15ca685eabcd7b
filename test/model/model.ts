/**
 * A randomized model of the shop in examples/checkout: its process, the buyers, strangers, a sequencer behind a
 * faulty network, and kills. One seed gives one plan. The times at which processes run are not part of it, so
 * a repetition can pass points in another order.
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { Emulator, type KeyState, memoryStore } from "../../src/emulator/index.js";
import { startFaultProxy } from "../support/fault-proxy.js";
import { account } from "../support/payment.js";
import { buy, orderKeyOf } from "./buyers.js";
import { Deliveries } from "./deliveries.js";
import { type FindingKind, findingsOf, outcomeOf } from "./findings.js";
import { type Entry, startLedger } from "./ledger.js";
import { buildMerchant, Merchant } from "./merchant-program.js";
import type { Leaked, PointReport } from "./messages.js";
import { type KillPlan, type Plan, type PointName, planOf, withKilledSales } from "./plan.js";
import { Strangers } from "./strangers.js";

/** A fault that the merchant can have; see `merchant/careless.ts`. */
export const carelessNames = [
  "no once-store",
  "no outbox",
  "fulfils on scanned",
  "trusts a bare status",
] as const;
export type CarelessName = (typeof carelessNames)[number];

export interface ModelOptions {
  /** Root of the repository. */
  readonly repository: string;
  readonly seed: number;
  readonly orders: number;
  readonly kills: number;
  /** Kills the merchant only when it is about to send an order that its buyer simply pays. Default: `false`. */
  readonly killsSales?: boolean | undefined;
  readonly careless?: CarelessName | undefined;
  readonly onProgress?: ((line: string) => void) | undefined;
}

export interface Finding {
  readonly kind: FindingKind;
  readonly order: number;
  /** The plan of the order, and all that happened to it. */
  readonly history: string;
}

export interface ModelReport {
  readonly plan: Plan;
  readonly findings: readonly Finding[];
  /** Why the run proves nothing, such as an order that could not be placed. */
  readonly problems: readonly string[];
  /** Number of orders, kills and events by name. */
  readonly counts: ReadonlyMap<string, number>;
}

const merchantsAccount = account(7);
const BUYERS_AT_ONCE = 24;
const LONGEST_CONNECTION_MS = 3_000;
// A round of reconciliation that fulfils nothing ends the wait for missing parcels after this many.
const IDLE_ROUNDS = 6;
const MOST_ROUNDS_TO_SALE = 100;
// Past the webhook attempts of the first 17 minutes.
const SETTLING_SECONDS = 1_100;

/** Runs the model once. */
export async function runModel(options: ModelOptions): Promise<ModelReport> {
  const directory = await mkdtemp(join(tmpdir(), "code-intents-model-"));
  try {
    return await new Model(options, directory).run();
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

class Model {
  readonly #options: ModelOptions;
  readonly #directory: string;
  readonly #plan: Plan;
  readonly #startedAt = performance.now();
  readonly #orders = new Map<string, { readonly index: number; readonly order: Leaked }>();
  readonly #histories = new Map<number, string[]>();
  readonly #counts = new Map<string, number>();
  readonly #problems: string[] = [];
  /** Kills that wait for their order, and the number of those that found the merchant down. */
  readonly #armed: Set<KillPlan>;
  #overdueKills = 0;
  readonly #timers = new Set<NodeJS.Timeout>();
  #rounds = 0;
  #roundWasIdle = false;

  constructor(options: ModelOptions, directory: string) {
    this.#options = options;
    this.#directory = directory;
    const plan = planOf(options.seed, options.orders, options.kills);
    this.#plan = options.killsSales === true ? withKilledSales(plan, options.kills) : plan;
    this.#armed = new Set(this.#plan.kills);
  }

  async run(): Promise<ModelReport> {
    const { seed } = this.#plan;
    const { repository, careless = "" } = this.#options;
    const program = await buildMerchant(repository, this.#directory);
    const deliveries = new Deliveries(
      (intentId) => this.#planOf(intentId),
      (intentId, line) => this.#noteIntent(intentId, line),
    );
    const store = memoryStore();
    await using emulator = await Emulator.start({ store, deliverWebhook: deliveries.deliver });
    await using proxy = await startFaultProxy(emulator.port, seed, { longestLifeMs: LONGEST_CONNECTION_MS });
    await using ledger = await startLedger(seed, ({ intentId, task }) =>
      this.#noteIntent(intentId, `the ledger records ${task}`),
    );
    await using strangers = new Strangers(emulator);
    const env = {
      CODE_SEQUENCER_URL: proxy.url,
      CODE_WEBHOOK_PUBLIC_KEY: emulator.webhookPublicKey,
      CODE_IDEMPOTENCY_SECRET: "a secret of the model, of at least 32 bytes",
      CODE_DESTINATION: merchantsAccount,
      DATABASE: join(this.#directory, "orders.db"),
      ORDERS_PER_MINUTE: "999999999",
      // No payment is late.
      PAY_WITHIN_SECONDS: "999999",
      MODEL_LEDGER: ledger.url,
      MODEL_CARELESS: careless,
    };
    const merchant: Merchant = new Merchant(program, env, {
      atPoint: (report) => this.#atPoint(report, merchant, strangers),
      onRound: () => {
        this.#rounds += 1;
        this.#roundWasIdle = false;
      },
      onIdle: () => {
        this.#roundWasIdle = true;
      },
    });
    const missing = async () => {
      const states = await store.dump();
      return [...this.#orders.values()].filter(({ index, order }) => {
        const outcome = outcomeOf(order, states.get(order.intentId), ledger.entries);
        return findingsOf(outcome, this.#mayAskPerson(index)).includes("paid and not fulfilled");
      });
    };
    try {
      await merchant.start();
      await this.#trade(emulator, merchant, strangers);
      // A paid order reaches its point only after the sequencer's report, which the network delays.
      if (this.#options.killsSales === true)
        for (let rounds = 0; this.#armed.size > 0 && rounds < MOST_ROUNDS_TO_SALE; rounds++)
          await this.#round(merchant);
      for (; this.#armed.size + this.#overdueKills > 0 && merchant.failure === undefined; ) {
        if (merchant.kill()) this.#dropKill();
        await pause(50);
      }
      proxy.heal();
      deliveries.heal();
      ledger.heal();
      this.#progress("every network is healthy, webhooks are repeated");
      for (let second = 0; second < SETTLING_SECONDS; second++) {
        await emulator.clock.advance(1_000);
        while (deliveries.running > 0) await pause(5);
      }
      await this.#settle(merchant, () => ledger.entries.length, missing);
      // Nothing is done again by a new process.
      merchant.kill();
      this.#count("kills", -1);
      await this.#settle(merchant, () => ledger.entries.length, missing);
      return this.#report(await store.dump(), merchant, ledger.entries);
    } finally {
      for (const timer of this.#timers) clearTimeout(timer);
      await merchant.end();
      this.#countAll(proxy.faults.map((fault) => `connection ${fault}`));
    }
  }

  /** Lets all buyers buy, some at once. */
  async #trade(emulator: Emulator, merchant: Merchant, strangers: Strangers): Promise<void> {
    const market = {
      emulator,
      shopUrl: () => merchant.url,
      isOver: () => merchant.failure !== undefined,
      note: (index: number, line: string) => this.#note(index, line),
    };
    const plans = this.#plan.orders.values();
    let finished = 0;
    const work = async () => {
      for (const plan of plans) {
        const problem = await buy(plan, market);
        if (problem !== undefined) this.#problems.push(problem);
        this.#count(`buyer ${plan.buyer}`);
        const known = [...this.#orders.values()].find(({ index }) => index === plan.index);
        if (known !== undefined && plan.stranger !== undefined)
          await this.#letStrangerAct(strangers, "finished", known.index, known.order);
        finished += 1;
        if (finished % 100 === 0) this.#progress(`${finished} orders, ${merchant.kills} kills`);
      }
    };
    await Promise.all(Array.from({ length: BUYERS_AT_ONCE }, work));
  }

  async #atPoint(
    { point, intentId, detail, leaked }: PointReport,
    merchant: Merchant,
    strangers: Strangers,
  ): Promise<void> {
    if (leaked !== undefined && !this.#orders.has(intentId))
      this.#orders.set(intentId, { index: indexOf(leaked.orderKey), order: leaked });
    const known = this.#orders.get(intentId);
    if (known === undefined) return void this.#problems.push(`an unknown intent ${intentId} at ${point}`);
    const { index, order } = known;
    this.#note(index, `the merchant is at ${point} (${detail})`);
    if (point === "paid") this.#count(detail);
    await this.#letStrangerAct(strangers, point as PointName, index, order);
    for (const kill of this.#armed) {
      if (kill.order !== index || kill.point !== point) continue;
      this.#armed.delete(kill);
      if (kill.lateByMs === 0) this.#kill(merchant, index, point);
      else {
        const timer = setTimeout(() => {
          this.#timers.delete(timer);
          this.#kill(merchant, index, `${point} + ${kill.lateByMs} ms`);
        }, kill.lateByMs);
        this.#timers.add(timer);
      }
    }
    if (this.#overdueKills > 0 && merchant.kill()) {
      this.#overdueKills -= 1;
      this.#note(index, "the merchant is killed");
    }
  }

  #kill(merchant: Merchant, index: number, where: string): void {
    if (merchant.kill()) this.#note(index, `the merchant is killed at ${where}`);
    else this.#overdueKills += 1;
  }

  #dropKill(): void {
    const [kill] = this.#armed;
    if (kill === undefined) this.#overdueKills -= 1;
    else this.#armed.delete(kill);
  }

  async #letStrangerAct(
    strangers: Strangers,
    moment: PointName | "finished",
    index: number,
    order: Leaked,
  ): Promise<void> {
    const plan = this.#plan.orders[index];
    if (plan?.stranger === undefined) return;
    const line = await strangers.act(plan.stranger, moment, order, !plan.losesWebhook);
    if (line === undefined) return;
    this.#note(index, line);
    this.#count(line);
  }

  /** Waits until every paid order has its parcel, and two rounds more; or until nothing has changed for a while. */
  async #settle(
    merchant: Merchant,
    progress: () => number,
    missing: () => Promise<unknown[]>,
  ): Promise<void> {
    let idleRounds = 0;
    for (let done = progress(), complete = 0; complete < 2 && idleRounds < IDLE_ROUNDS; ) {
      await this.#round(merchant);
      if (merchant.failure !== undefined) return;
      complete = (await missing()).length === 0 ? complete + 1 : 0;
      idleRounds = progress() === done ? idleRounds + 1 : 0;
      done = progress();
    }
  }

  /** Waits for a complete round of reconciliation, and for the worker to have nothing to do after it. */
  async #round(merchant: Merchant): Promise<void> {
    const from = this.#rounds;
    while (this.#rounds < from + 2 && merchant.failure === undefined) await pause(20);
    this.#roundWasIdle = false;
    while (!this.#roundWasIdle && merchant.failure === undefined) await pause(20);
  }

  #report(states: ReadonlyMap<string, KeyState>, merchant: Merchant, entries: readonly Entry[]): ModelReport {
    const findings: Finding[] = [];
    for (const { index, order } of this.#orders.values()) {
      const outcome = outcomeOf(order, states.get(order.intentId), entries);
      this.#count(outcome.isPaid ? "orders paid" : "orders not paid");
      if (outcome.asksPerson) this.#count("orders that a person decides");
      for (const kind of findingsOf(outcome, this.#mayAskPerson(index)))
        findings.push({ kind, order: index, history: this.#historyOf(index, order) });
    }
    this.#count("kills", merchant.kills);
    const { orders, kills } = this.#options;
    if (merchant.failure !== undefined) this.#problems.push(merchant.failure);
    if (this.#orders.size < orders)
      this.#problems.push(`only ${this.#orders.size} of ${orders} orders are stored`);
    if ((this.#counts.get("kills") ?? 0) < kills) this.#problems.push(`fewer than ${kills} kills`);
    return { plan: this.#plan, findings, problems: this.#problems, counts: this.#counts };
  }

  #historyOf(index: number, { intentId }: Leaked): string {
    const { buyer, stranger, losesWebhook } = this.#plan.orders[index] ?? {};
    const plan = `order ${index}, intent ${intentId}: the buyer ${buyer}; ${
      stranger === undefined ? "no stranger" : `a stranger ${stranger}`
    }${losesWebhook ? "; its webhook is lost" : ""}`;
    return [plan, ...(this.#histories.get(index) ?? [])].join("\n  ");
  }

  /** Without a stranger, only the merchant can pay for an order: no person is needed. */
  #mayAskPerson(index: number): boolean {
    return this.#plan.orders[index]?.stranger !== undefined;
  }

  #planOf(intentId: string) {
    return this.#plan.orders[this.#orders.get(intentId)?.index ?? -1];
  }

  #noteIntent(intentId: string, line: string): void {
    const known = this.#orders.get(intentId);
    if (known !== undefined) this.#note(known.index, line);
  }

  #note(index: number, line: string): void {
    const history = this.#histories.get(index) ?? [];
    history.push(`${(performance.now() - this.#startedAt).toFixed(0)} ms: ${line}`);
    this.#histories.set(index, history);
  }

  #progress(line: string): void {
    this.#options.onProgress?.(`${((performance.now() - this.#startedAt) / 1_000).toFixed(0)} s: ${line}`);
  }

  #count(name: string, by = 1): void {
    this.#counts.set(name, (this.#counts.get(name) ?? 0) + by);
  }

  #countAll(names: readonly string[]): void {
    for (const name of names) this.#count(name);
  }
}

function indexOf(orderKey: string): number {
  const index = Number(orderKey.slice(orderKeyOf(0).length - 1));
  if (!Number.isInteger(index)) throw new Error(`"${orderKey}" is no order of the model`);
  return index;
}
