import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  memoryOnceStore,
  type OnceClaim,
  type OnceOutcome,
  type OnceStore,
  onceOnly,
  WebhookError,
} from "../../src/webhook/index.js";
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
      calls.push(`claim ${typeof claim === "string" ? claim : "claimed"}`);
      return claim;
    },
    async complete(intentId, token) {
      const recorded = await memory.complete(intentId, token);
      calls.push(recorded ? "complete" : "late complete");
      return recorded;
    },
    release(intentId, token) {
      calls.push("release");
      return memory.release(intentId, token);
    },
  };
  let fulfil: () => unknown = () => undefined;
  const run = onceOnly(
    store,
    async () => {
      calls.push("fulfil");
      await fulfil();
    },
    options,
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

  it("does not end the lease of the caller that claimed the intent after its own lease expired", async () => {
    const one = shop({ leaseMs: 1_000 });
    const second = gate();
    let running = 0;
    let most = 0;
    one.fulfil = async () => {
      most = Math.max(most, ++running);
      if (one.calls.filter((call) => call === "fulfil").length > 1) await second.opened;
      else {
        one.clock.now += 1_000;
        // The next delivery claims the intent and is still fulfilling when this one fails.
        next = one.run(claims);
        await Promise.resolve();
        running--;
        throw new Error("slow and wrong");
      }
      running--;
    };
    let next: Promise<OnceOutcome> | undefined;
    await expect(one.run(claims)).rejects.toThrow("slow and wrong");
    // A third delivery must not start while the second one fulfils.
    expect(await one.run(claims)).toBe("busy");
    second.open();
    expect(await next).toBe("fulfilled");
    expect(await one.run(claims)).toBe("already");
    expect(one.calls.filter((call) => call === "fulfil")).toHaveLength(2);
  });

  it("throws the error of fulfil, not the error of a failed release", async () => {
    const store: OnceStore = {
      claim: () => ({ token: "t" }),
      complete: () => true,
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
      claim: () => ({ token: "t" }),
      complete: () => Promise.reject(new Error("the database is down")),
      release: () => calls.push("release"),
    };
    await expect(onceOnly(store, () => calls.push("fulfil"))(claims)).rejects.toThrow("the database is down");
    expect(calls).toEqual(["fulfil"]);
  });

  it("fulfils nothing if the claim fails", async () => {
    const store: OnceStore = {
      claim: () => Promise.reject(new Error("the database is down")),
      complete: () => true,
      release() {},
    };
    await expect(onceOnly(store, () => expect.unreachable())(claims)).rejects.toThrow("the database is down");
  });
});

describe("onceOnly when fulfil outlives its lease", () => {
  it("records the fulfilment if no other caller has claimed the intent since", async () => {
    const one = shop({ leaseMs: 1_000 });
    one.fulfil = () => {
      one.clock.now += 5_000;
    };
    expect(await one.run(claims)).toBe("fulfilled");
    expect(await one.run(claims)).toBe("already");
  });

  it("throws webhook_lease_lost if another caller has claimed the intent since, and leaves its claim alone", async () => {
    const one = shop({ leaseMs: 1_000 });
    let theirs: OnceClaim | undefined;
    one.fulfil = async () => {
      one.clock.now += 1_000;
      theirs = await one.store.claim("A", 1_000); // by another process
    };
    const error = await one.run(claims).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(WebhookError);
    expect(error).toMatchObject({ code: "webhook_lease_lost", retryable: false });
    expect((error as Error).message).toContain("lease of 1 s");
    expect((error as Error).message).toContain("raise leaseMs");
    expect(one.calls).toEqual(["claim claimed", "fulfil", "claim claimed", "late complete"]);
    expect(await one.run(claims)).toBe("busy");
    expect(await one.store.complete("A", (theirs as { token: string }).token)).toBe(true);
  });

  it("rejects a store whose complete does not say whether it recorded", async () => {
    for (const answer of [undefined, null, 1, "ok", { rowCount: 1 }]) {
      const store: OnceStore = {
        claim: () => ({ token: "t" }),
        complete: () => answer as never,
        release() {},
      };
      await expect(onceOnly(store, () => undefined)(claims)).rejects.toThrow("store.complete must return");
    }
  });
});

it("fulfils nothing if the store returns an unknown claim", async () => {
  for (const answer of [undefined, null, true, "ok", "claimed", {}, { token: "" }, { token: 1 }]) {
    const store: OnceStore = { claim: () => answer as never, complete: () => true, release() {} };
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
          complete: (id, token) => s.schedule(Promise.resolve()).then(() => memory.complete(id, token)),
          release: (id, token) => s.schedule(Promise.resolve()).then(() => memory.release(id, token)),
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
  expectRefusal(() => onceOnly(store, nothing, { now: () => 0 } as never), "unknown_option", "options.now");
  expectRefusal(() => onceOnly(store, nothing, { lease: 1 } as never), "unknown_option", "options.lease");
});
