import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { memoryOnceStore, type OnceOutcome, type OnceStore, onceOnly } from "../../src/webhook/index.js";
import { runs } from "../support/property.js";
import { expectRefusal } from "../support/refusal.js";
import { gate } from "./support.js";

const claims = { intent: "A" };

/** A clock, a store that uses it, and a record of the calls. */
function shop(options: { leaseMs?: number } = {}) {
  const clock = { now: 0 };
  const now = () => clock.now;
  const calls: string[] = [];
  const memory = memoryOnceStore({ now });
  const store: OnceStore = {
    async claim(intentId, leaseMs) {
      const claim = await memory.claim(intentId, leaseMs);
      calls.push(`claim ${claim}`);
      return claim;
    },
    complete(intentId) {
      calls.push("complete");
      return memory.complete(intentId);
    },
    release(intentId) {
      calls.push("release");
      return memory.release(intentId);
    },
  };
  let fulfil: () => unknown = () => undefined;
  const run = onceOnly(
    store,
    async () => {
      calls.push("fulfil");
      await fulfil();
    },
    { now, ...options },
  );
  return {
    clock,
    calls,
    store,
    run,
    set fulfil(next: () => unknown) {
      fulfil = next;
    },
  };
}

it("fulfils, then completes, then returns already every time", async () => {
  const { run, calls } = shop();
  expect([await run(claims), await run(claims), await run(claims)]).toEqual([
    "fulfilled",
    "already",
    "already",
  ]);
  expect(calls).toEqual(["claim claimed", "fulfil", "complete", "claim done", "claim done"]);
});

it("fulfils each intent separately", async () => {
  const { run } = shop();
  expect([await run({ intent: "A" }), await run({ intent: "B" })]).toEqual(["fulfilled", "fulfilled"]);
});

it("fulfils one of many concurrent deliveries and returns busy for the others", async () => {
  const open = gate();
  const one = shop();
  one.fulfil = () => open.opened;
  const outcomes = Promise.all(Array.from({ length: 20 }, () => one.run(claims)));
  await new Promise((resolve) => setTimeout(resolve, 5));
  open.open();
  expect((await outcomes).sort()).toEqual([...Array<OnceOutcome>(19).fill("busy"), "fulfilled"]);
  expect(one.calls.filter((call) => call === "fulfil")).toHaveLength(1);
  expect(await one.run(claims)).toBe("already");
});

it("passes the claims on unchanged", async () => {
  const given = { intent: "A", quarks: 5n };
  let seen: unknown;
  await onceOnly(memoryOnceStore(), (received: typeof given) => {
    seen = received;
  })(given);
  expect(seen).toBe(given);
});

describe("onceOnly when fulfil fails", () => {
  it("releases the claim, rethrows the error, and lets the next delivery try", async () => {
    const one = shop();
    const error = new Error("no stock");
    one.fulfil = () => Promise.reject(error);
    await expect(one.run(claims)).rejects.toBe(error);
    one.fulfil = () => undefined;
    expect(await one.run(claims)).toBe("fulfilled");
    expect(one.calls.slice(0, 3)).toEqual(["claim claimed", "fulfil", "release"]);
  });

  it("keeps the claim after the lease expired, because another caller can hold it", async () => {
    const one = shop({ leaseMs: 1_000 });
    one.fulfil = () => {
      one.clock.now += 1_000;
      throw new Error("slow and wrong");
    };
    await expect(one.run(claims)).rejects.toThrow("slow and wrong");
    expect(one.calls).toEqual(["claim claimed", "fulfil"]);
  });

  it("throws the error of fulfil, not the error of a failed release", async () => {
    const store: OnceStore = {
      claim: () => "claimed",
      complete() {},
      release: () => Promise.reject(new Error("the database is down")),
    };
    const fail = onceOnly(store, () => Promise.reject(new Error("no stock")));
    await expect(fail(claims)).rejects.toThrow("no stock");
  });
});

describe("onceOnly after a crash or a store failure", () => {
  it("fulfils again when the lease of a crashed process expires", async () => {
    const one = shop({ leaseMs: 60_000 });
    const { store, clock, run } = one;
    await store.claim("A", 60_000); // by a process that crashed afterwards
    expect(await run(claims)).toBe("busy");
    clock.now = 59_999;
    expect(await run(claims)).toBe("busy");
    clock.now = 60_000;
    expect(await run(claims)).toBe("fulfilled");
    expect(await run(claims)).toBe("already");
  });

  it("keeps the claim and rethrows the error if complete fails", async () => {
    const calls: string[] = [];
    const store: OnceStore = {
      claim: () => "claimed",
      complete: () => Promise.reject(new Error("the database is down")),
      release: () => calls.push("release"),
    };
    await expect(onceOnly(store, () => calls.push("fulfil"))(claims)).rejects.toThrow("the database is down");
    expect(calls).toEqual(["fulfil"]);
  });

  it("fulfils nothing if the claim fails", async () => {
    const store: OnceStore = {
      claim: () => Promise.reject(new Error("the database is down")),
      complete() {},
      release() {},
    };
    await expect(onceOnly(store, () => expect.unreachable())(claims)).rejects.toThrow("the database is down");
  });
});

it("fulfils nothing if the store returns an unknown claim", async () => {
  for (const answer of [undefined, null, true, "ok", "CLAIMED"]) {
    const store: OnceStore = { claim: () => answer as never, complete() {}, release() {} };
    await expect(onceOnly(store, () => expect.unreachable())(claims)).rejects.toThrow(
      "store.claim must return",
    );
  }
});

it("never fulfils twice without a crash, for any mix of deliveries and failures", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.scheduler(),
      fc.array(fc.boolean(), { minLength: 1, maxLength: 12 }),
      async (s, failures) => {
        const memory = memoryOnceStore();
        const store: OnceStore = {
          claim: (id, lease) => s.schedule(Promise.resolve()).then(() => memory.claim(id, lease)),
          complete: (id) => s.schedule(Promise.resolve()).then(() => memory.complete(id)),
          release: (id) => s.schedule(Promise.resolve()).then(() => memory.release(id)),
        };
        let fulfilled = 0;
        let running = 0;
        const run = onceOnly(store, async ({ fails }: { intent: string; fails: boolean }) => {
          running++;
          expect(running).toBe(1);
          await s.schedule(Promise.resolve());
          running--;
          if (fails) throw new Error("failed");
          fulfilled++;
        });
        const deliveries = failures.map((fails) =>
          run({ intent: "A", fails }).catch(() => "failed" as const),
        );
        await s.waitFor(Promise.all(deliveries));
        const outcomes = await Promise.all(deliveries);
        expect(fulfilled).toBe(outcomes.filter((outcome) => outcome === "fulfilled").length);
        expect(fulfilled).toBeLessThanOrEqual(1);
        if (outcomes.includes("already")) expect(fulfilled).toBe(1);
      },
    ),
    runs(100),
  );
});

it("rejects invalid options", () => {
  const store = memoryOnceStore();
  const nothing = () => undefined;
  expectRefusal(() => onceOnly(undefined as never, nothing), "missing_option", "store");
  expectRefusal(
    () => onceOnly({ ...store, release: 1 } as never, nothing),
    "invalid_option",
    "store.release",
  );
  expectRefusal(() => onceOnly(store, undefined as never), "missing_option", "fulfil");
  expectRefusal(() => onceOnly(store, nothing, { leaseMs: 0 }), "invalid_option", "leaseMs");
  expectRefusal(() => onceOnly(store, nothing, { lease: 1 } as never), "unknown_option", "options.lease");
});
