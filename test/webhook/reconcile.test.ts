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

it("fulfils what is paid, and only that", async () => {
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

it("tells what a shared onceOnly says", async () => {
  const store = memoryOnceStore();
  await store.claim("busy", 60_000);
  await store.complete("done");
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

describe("one failure does not stop the others", () => {
  it.each([
    ["of getStatus", { getStatus: () => Promise.reject(new Error("down")) }],
    [
      "of getStatus, thrown at once",
      {
        getStatus: () => {
          throw new Error("down");
        },
      },
    ],
    ["of fulfil", { fulfil: () => Promise.reject(new Error("down")) }],
  ])("%s", async (_, broken) => {
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
  "takes a status of %j for a failure, not for paid",
  async (status) => {
    const results = await all(["order"], {
      getStatus: async () => status as never,
      fulfil: () => expect.unreachable(),
    });
    expect(results[0]?.outcome).toBe("failed");
  },
);

describe("works on", () => {
  it.each([1, 3, 10])("%s orders at a time", async (concurrency) => {
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

  it("four by default, and reads no more orders than it works on", async () => {
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

  it("the next order while one hangs, and a slow source keeps no outcome back", async () => {
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

it("takes arrays, generators and async generators, also empty ones", async () => {
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

it("finishes what it began, and closes the source, when the loop is left", async () => {
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

it("tells the outcomes of the orders begun before a source breaks, and then its error", async () => {
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

it("yields each order once, whatever happens to it", async () => {
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

it("refuses options that cannot be used, at once", () => {
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
