import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { findingsOf } from "./findings.js";
import { type CarelessName, type ModelOptions, type ModelReport, runModel } from "./model.js";
import { type OrderPlan, planOf, withKilledSales } from "./plan.js";

const repository = fileURLToPath(new URL("../..", import.meta.url));

function kindsOf({ findings }: ModelReport): string[] {
  return [...new Set(findings.map(({ kind }) => kind))].sort();
}

describe("the plan of the model", () => {
  it("is the same for the same seed", () => {
    expect(planOf(7, 50, 10)).toEqual(planOf(7, 50, 10));
    expect(planOf(8, 50, 10)).not.toEqual(planOf(7, 50, 10));
  });

  it("plays an order in the same way, however many there are", () => {
    expect(planOf(7, 500, 10).orders.slice(0, 50)).toEqual(planOf(7, 50, 10).orders);
  });

  it("spreads the kills over the run", () => {
    const orders = planOf(7, 1_000, 100).kills.map(({ order }) => Math.floor(order / 10));
    expect(orders).toEqual(Array.from({ length: 100 }, (_, stretch) => stretch));
  });

  it("rejects more kills than orders", () => {
    expect(() => planOf(7, 10, 11)).toThrow("kills: must be at most the number of orders");
  });
});

describe("a finding", () => {
  const order = { isPaid: true, parcels: 1, asksPerson: false };

  it.each([
    ["a paid order with one parcel", order, false, []],
    ["an unpaid order without a parcel", { ...order, isPaid: false, parcels: 0 }, false, []],
    ["a paid order without a parcel", { ...order, parcels: 0 }, true, ["paid and not fulfilled"]],
    ["two parcels", { ...order, parcels: 2 }, false, ["fulfilled twice"]],
    ["an unpaid order with a parcel", { ...order, isPaid: false }, false, ["fulfilled unpaid"]],
    ["a person's decision after a stranger", { ...order, parcels: 0, asksPerson: true }, true, []],
    [
      "a person's decision without a stranger",
      { ...order, parcels: 0, asksPerson: true },
      false,
      ["paid and not fulfilled"],
    ],
  ])("of %s", (_, outcome, mayAskPerson, kinds) => {
    expect(findingsOf(outcome, mayAskPerson)).toEqual(kinds);
  });
});

describe("the model of the shop", () => {
  const pinned = { seed: 38_084, orders: 24, kills: 4 };

  const plans: Readonly<Record<CarelessName, Omit<ModelOptions, "repository">>> = {
    "no once-store": pinned,
    // It loses an order if it is killed when it is about to send.
    "no outbox": { ...pinned, killsSales: true },
    // A kill could end the watch that would see a scan.
    "fulfils on scanned": { ...pinned, kills: 0 },
    "trusts a bare status": pinned,
  };

  it("meets in the pinned plan what each fault needs", () => {
    const plan = planOf(pinned.seed, pinned.orders, pinned.kills);
    const isHonest = ({ stranger }: OrderPlan) => stranger === undefined;
    const isHijacked = ({ stranger }: OrderPlan) =>
      /^registers (first and pays$|first, |a smaller)/.test(stranger ?? "");
    const isScanned = (plan: OrderPlan) => plan.buyer === "only scans" && isHonest(plan);
    expect(plan.orders.filter(isHijacked).length).toBeGreaterThanOrEqual(3);
    expect(plan.orders.filter(isScanned).length).toBeGreaterThanOrEqual(3);

    expect(withKilledSales(plan, pinned.kills).kills.length).toBe(pinned.kills);
  });

  it("finds nothing in the checkout example", async () => {
    const { findings, problems, counts } = await runModel({ repository, ...pinned });
    expect(findings.map(({ kind, history }) => `${kind}: ${history}`)).toEqual([]);
    expect(problems).toEqual([]);
    expect(counts.get("kills")).toBe(pinned.kills);
  });

  it.each<[CarelessName, string]>([
    ["no once-store", "fulfilled twice"],
    ["no outbox", "paid and not fulfilled"],
    ["fulfils on scanned", "fulfilled unpaid"],
    ["trusts a bare status", "fulfilled unpaid"],
  ])("finds that a merchant with the fault “%s” has orders %s", async (careless, kind) => {
    const report = await runModel({ repository, ...plans[careless], careless });
    expect(report.problems).toEqual([]);
    expect(kindsOf(report)).toContain(kind);
    const [finding] = report.findings;
    expect(finding?.history).toMatch(/^order \d+, intent \w+: the buyer .*\n {2}\d+ ms: /);
  });
});
