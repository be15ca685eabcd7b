import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  memoryOnceStore,
  onceOnly,
  type Reconciled,
  type ReconcileOptions,
  reconcile,
} from "../../src/webhook/index.js";
import { runs } from "../support/property.js";
import { expectRefusal } from "../support/refusal.js";

const open = { intentSubmitted: false };
const submitted = { intentSubmitted: true };
const tick = () => new Promise<void>((resolve) => setTimeout(resolve, 1));

async function all<Order>(
  orders: Iterable<Order> | AsyncIterable<Order>,
  options: ReconcileOptions<Order>,
): Promise<Reconciled<Order>[]> {
  const results: Reconciled<Order>[] = [];
  for await (const result of reconcile(orders, options)) results.push(result);
  return results;
}

it("fulfils paid orders only", async () => {
  const fulfilled: string[] = [];
  const results = await all(["paid", "open", "paid too"], {
    getStatus: async (order) => (order === "open" ? open : submitted),
    fulfil: (order) => fulfilled.push(order),
  });
  expect(fulfilled.sort()).toEqual(["paid", "paid too"]);
  expect([...results].sort((a, b) => a.order.localeCompare(b.order))).toEqual([
    { order: "open", outcome: "open" },
    { order: "paid", outcome: "fulfilled" },
    { order: "paid too", outcome: "fulfilled" },
  ]);
});

it("neither checks nor fulfils orders whose create was not recorded as successful", async () => {
  const checked: string[] = [];
  const fulfilled: string[] = [];
  const results = await all(["registered", "later", "unproven", "unclear"], {
    isRegistered: (order) => {
      if (order === "unclear") return undefined as never;
      return order === "later" ? Promise.resolve(true) : order === "registered";
    },
    getStatus: async (order) => {
      checked.push(order);
      return submitted;
    },
    fulfil: (order) => fulfilled.push(order),
  });
  expect(checked.sort()).toEqual(["later", "registered"]);
  expect(fulfilled.sort()).toEqual(["later", "registered"]);
  expect(Object.fromEntries(results.map(({ order, outcome }) => [order, outcome]))).toEqual({
    registered: "fulfilled",
    later: "fulfilled",
    unproven: "open",
    unclear: "failed",
  });
});

it.each([true, undefined])("rejects an isRegistered that is not a function: %s", (value) => {
  const options = { getStatus: async () => submitted, fulfil: () => undefined, isRegistered: value as never };
  expectRefusal(() => reconcile([], options), "invalid_option", "isRegistered");
});

it("reports the outcomes of a shared onceOnly", async () => {
  const store = memoryOnceStore();
  await store.claim("busy", 60_000);
  await onceOnly(store, () => undefined)({ intent: "done" });
  const fulfilOnce = onceOnly(store, () => undefined);
  const results = await all(["busy", "done", "new"], {
    getStatus: async () => submitted,
    fulfil: (order) => fulfilOnce({ intent: order }),
  });
  expect(Object.fromEntries(results.map(({ order, outcome }) => [order, outcome]))).toEqual({
    busy: "busy",
    done: "already",
    new: "fulfilled",
  });
});

describe("reconcile after a failure", () => {
  it.each([
    ["getStatus rejects", { getStatus: () => Promise.reject(new Error("down")) }],
    [
      "getStatus throws synchronously",
      {
        getStatus: () => {
          throw new Error("down");
        },
      },
    ],
    ["fulfil rejects", { fulfil: () => Promise.reject(new Error("down")) }],
  ])("continues with the other orders when %s", async (_, broken) => {
    const options = { getStatus: async () => submitted, fulfil: () => undefined };
    const results = await all(["good", "bad", "good too"], {
      getStatus: (order) => (order === "bad" ? { ...options, ...broken } : options).getStatus(),
      fulfil: (order) => (order === "bad" ? { ...options, ...broken } : options).fulfil(),
    });
    expect(results).toHaveLength(3);
    const bad = results.find(({ order }) => order === "bad");
    expect(bad).toMatchObject({ outcome: "failed", error: { message: "down" } });
    expect(results.filter(({ outcome }) => outcome === "fulfilled")).toHaveLength(2);
  });
});

it.each([undefined, null, {}, { intentSubmitted: "yes" }, { intentSubmitted: 1 }, { state: "submitted" }])(
  "reports a status of %j as failed, not as paid",
  async (status) => {
    const results = await all(["order"], {
      getStatus: async () => status as never,
      fulfil: () => expect.unreachable(),
    });
    expect(results[0]?.outcome).toBe("failed");
  },
);

describe("reconcile concurrency", () => {
  it.each([1, 3, 10])("processes %s orders at a time", async (concurrency) => {
    let running = 0;
    let most = 0;
    const results = await all(
      Array.from({ length: 25 }, (_, index) => index),
      {
        concurrency,
        async getStatus() {
          most = Math.max(most, ++running);
          await tick();
          return submitted;
        },
        async fulfil() {
          await tick();
          running--;
        },
      },
    );
    expect(results).toHaveLength(25);
    expect(most).toBe(concurrency);
  });

  it("processes four orders at a time by default and reads no more than that", async () => {
    let read = 0;
    const orders = (function* () {
      for (;;) yield read++;
    })();
    const loop = reconcile(orders, { getStatus: async () => open, fulfil: () => undefined });
    await loop.next();
    expect(read).toBeLessThanOrEqual(5);
    await loop.return();
    expect(read).toBeLessThanOrEqual(5);
  });

  it("continues with the next order while one hangs, and yields outcomes while the source is slow", async () => {
    const never = new Promise<never>(() => {});
    const orders = (async function* () {
      yield "hangs";
      yield "quick";
      await never;
    })();
    const loop = reconcile(orders, {
      getStatus: (order) => (order === "hangs" ? never : Promise.resolve(submitted)),
      fulfil: () => undefined,
    });
    expect((await loop.next()).value).toEqual({ order: "quick", outcome: "fulfilled" });
  });
});

it("accepts arrays, generators and async generators, including empty ones", async () => {
  const options = { getStatus: async () => open, fulfil: () => undefined };
  const orders = ["a", "b"];
  const sources = [
    orders,
    new Set(orders),
    (async function* () {
      yield* orders;
    })(),
  ];
  for (const source of sources) expect(await all(source, options)).toHaveLength(2);
  expect(await all([], options)).toEqual([]);
});

it("finishes orders in progress and closes the source when the caller leaves the loop", async () => {
  let closed = false;
  const fulfilled: number[] = [];
  const orders = (async function* () {
    try {
      for (let order = 0; ; order++) yield order;
    } finally {
      closed = true;
    }
  })();
  const begun: number[] = [];
  for await (const _ of reconcile(orders, {
    async getStatus(order) {
      begun.push(order);
      await tick();
      return submitted;
    },
    async fulfil(order) {
      await tick();
      fulfilled.push(order);
    },
  })) {
    break;
  }
  expect(closed).toBe(true);
  expect(fulfilled.sort()).toEqual(begun.sort());
});

it("yields the outcomes of orders in progress before it throws the source's error", async () => {
  const orders = (async function* () {
    yield "first";
    yield "second";
    throw new Error("the cursor is gone");
  })();
  const results: string[] = [];
  const loop = async () => {
    for await (const { order } of reconcile(orders, {
      getStatus: () => tick().then(() => open),
      fulfil: () => undefined,
    })) {
      results.push(order);
    }
  };
  await expect(loop()).rejects.toThrow("the cursor is gone");
  expect(results.sort()).toEqual(["first", "second"]);
});

it("yields each order once, whatever its outcome", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.constantFrom("open", "paid", "status fails", "fulfil fails"), { maxLength: 30 }),
      fc.integer({ min: 1, max: 100 }),
      async (fates, concurrency) => {
        const orders = fates.map((fate, id) => ({ id, fate }));
        const results = await all(orders, {
          concurrency,
          getStatus: async ({ fate }) => {
            if (fate === "status fails") throw new Error(fate);
            return fate === "open" ? open : submitted;
          },
          fulfil: ({ fate }) => {
            if (fate === "fulfil fails") throw new Error(fate);
          },
        });
        expect(results.map(({ order }) => order.id).sort((a, b) => a - b)).toEqual(
          orders.map(({ id }) => id),
        );
        for (const { order, outcome } of results) {
          expect(outcome).toBe(
            order.fate === "open" ? "open" : order.fate === "paid" ? "fulfilled" : "failed",
          );
        }
      },
    ),
    runs(100),
  );
});

it("rejects invalid options immediately", () => {
  const options = { getStatus: async () => open, fulfil: () => undefined };
  expectRefusal(
    () => reconcile([], { ...options, getStatus: undefined } as never),
    "missing_option",
    "getStatus",
  );
  expectRefusal(() => reconcile([], { ...options, fulfil: 1 } as never), "missing_option", "fulfil");
  for (const concurrency of [0, 1.5, 101, Number.NaN]) {
    expectRefusal(() => reconcile([], { ...options, concurrency }), "invalid_option", "concurrency");
  }
  expectRefusal(() => reconcile([], { ...options, limit: 1 } as never), "unknown_option", "limit");
  expectRefusal(() => reconcile({} as never, options), "invalid_option", "openOrders");
});
