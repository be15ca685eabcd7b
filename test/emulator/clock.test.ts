import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import fc from "fast-check";
import { afterEach, describe, expect, it, vi } from "vitest";
import { MovableClock } from "../../src/emulator/index.js";
import { runs } from "../support/property.js";
import { deferred, turns, until } from "../support/turns.js";

setFlagsFromString("--expose-gc");
const collectGarbage = runInNewContext("gc") as () => void;

afterEach(() => {
  vi.useRealTimers();
});

const START = 1_700_000_000_000;

function frozen(): MovableClock {
  return new MovableClock({ frozen: true, startAt: START });
}

/** Records names with the time since the start at which they were called. */
function journal(clock: MovableClock) {
  const entries: string[] = [];
  return { entries, note: (name: string) => () => void entries.push(`${name} ${clock.now() - START}`) };
}

describe("a frozen clock", () => {
  it("stands still until it is moved", async () => {
    const clock = frozen();
    expect(clock.now()).toBe(START);
    await clock.advance(1234);
    expect(clock.now()).toBe(START + 1234);
    await clock.advance(0);
    expect(clock.now()).toBe(START + 1234);
  });

  it("starts at the system's time by default", () => {
    vi.useFakeTimers({ now: 5_000 });
    const clock = new MovableClock({ frozen: true });
    vi.advanceTimersByTime(1_000);
    expect(clock.now()).toBe(5_000);
  });

  it("calls timers in order of due time, each at its time, and timers of equal due time in the order of their start", async () => {
    const clock = frozen();
    const { entries, note } = journal(clock);
    clock.after(30, note("third"));
    clock.after(10, note("first"));
    clock.after(20, note("second a"));
    clock.after(20, note("second b"));
    clock.after(0, note("at once"));
    clock.after(-5, note("late already"));
    await clock.advance(29);
    expect(entries).toEqual(["at once 0", "late already 0", "first 10", "second a 20", "second b 20"]);
    await clock.advance(1);
    expect(entries.at(-1)).toBe("third 30");
  });

  it("calls each timer once", async () => {
    const clock = frozen();
    const { entries, note } = journal(clock);
    clock.after(1, note("once"));
    await clock.advance(1);
    await clock.advance(1_000);
    expect(entries).toEqual(["once 1"]);
  });

  it("calls timers that were started during a move, also by promises and for the same instant", async () => {
    const clock = frozen();
    const { entries, note } = journal(clock);
    clock.after(10, () => {
      note("first")();
      clock.after(0, note("same instant"));
      clock.after(5, note("after five"));
      void Promise.resolve().then(() => clock.after(3, note("by a promise")));
    });
    clock.after(12, note("second"));
    await clock.advance(100);
    expect(entries).toEqual(["first 10", "same instant 10", "second 12", "by a promise 13", "after five 15"]);
    expect(clock.now()).toBe(START + 100);
  });

  it("never calls a timer that was cancelled before the move, during it, or at the same instant", async () => {
    const clock = frozen();
    const { entries, note } = journal(clock);
    const cancelFirst = clock.after(1, note("cancelled at once"));
    cancelFirst();
    cancelFirst();
    clock.after(2, () => cancelSecond());
    const cancelSecond = clock.after(2, note("cancelled at the same instant"));
    const cancelThird = clock.after(9, note("cancelled on the way"));
    clock.after(3, () => cancelThird());
    const cancelDone = clock.after(4, note("cancelled when done"));
    await clock.advance(10);
    cancelDone();
    clock.after(1, note("the next one"));
    await clock.advance(10);
    expect(entries).toEqual(["cancelled when done 4", "the next one 11"]);
  });

  it("waits for the work of a callback before time goes on", async () => {
    const clock = frozen();
    const { entries, note } = journal(clock);
    const work = deferred();
    clock.after(5, () => work.promise.then(note("work")));
    clock.after(6, note("next"));
    const moved = clock.advance(10);
    await until(() => clock.now() > START);
    clock.after(0, note("same instant"));
    await turns();
    expect(entries).toEqual([]);
    work.resolve();
    await moved;
    expect(entries).toEqual(["work 5", "same instant 5", "next 6"]);
  });

  it("runs concurrent moves one after the other", async () => {
    const clock = frozen();
    const { entries, note } = journal(clock);
    clock.after(5, () => void clock.advance(10).then(note("inner move")));
    clock.after(12, note("timer"));
    const first = clock.advance(7).then(note("first move"));
    const second = clock.advance(1).then(note("second move"));
    await Promise.all([first, second]);
    expect(entries).toEqual(["first move 7", "second move 8"]);
    await clock.advance(0);
    expect(entries).toEqual(["first move 7", "second move 8", "timer 12", "inner move 18"]);
  });

  it("rejects only the move whose callback throws", async () => {
    const clock = frozen();
    const { entries, note } = journal(clock);
    clock.after(5, () => {
      throw new Error("mine");
    });
    clock.after(6, note("after"));
    await expect(clock.advance(10)).rejects.toThrow("mine");
    await clock.advance(10);
    expect(entries).toEqual(["after 6"]);
    expect(clock.now()).toBe(START + 15);
  });

  it("rejects only the move during which the work of a callback fails", async () => {
    const clock = frozen();
    const { entries, note } = journal(clock);
    clock.after(5, () => Promise.reject(new Error("mine")));
    clock.after(6, note("after"));
    await expect(clock.advance(10)).rejects.toThrow("mine");
    await clock.advance(10);
    expect(entries).toEqual(["after 6"]);
  });

  it.each([-1, 0.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 60, "1", 1n, undefined])(
    "rejects a move by %s",
    async (ms) => {
      const clock = frozen();
      expect(() => clock.advance(ms as number)).toThrow(RangeError);
      await clock.advance(1);
      expect(clock.now()).toBe(START + 1);
    },
  );

  it("drops every timer when it is stopped", async () => {
    const clock = frozen();
    const { entries, note } = journal(clock);
    const cancel = clock.after(5, note("dropped"));
    clock.stop();
    cancel();
    clock.after(7, note("later"));
    await clock.advance(10);
    expect(entries).toEqual(["later 7"]);
  });

  it("holds ten thousand timers and cancels any of them", async () => {
    const clock = frozen();
    const called: number[] = [];
    const cancels = Array.from({ length: 10_000 }, (_, i) =>
      clock.after((i * 7919) % 10_007, () => called.push((i * 7919) % 10_007)),
    );
    for (let i = 0; i < 10_000; i += 3) cancels[i]?.();
    await clock.advance(20_000);
    expect(called.length).toBe(6_666);
    expect(called).toEqual([...called].sort((a, b) => a - b));
  });

  it("drops cancelled timers long before they fall due", async () => {
    const clock = frozen();
    clock.after(1_000_000, () => {});
    const start = () => {
      const held = { content: new Uint8Array(1024) };
      clock.after(1_000_000, () => void held.content)();
      return new WeakRef(held);
    };
    const held = Array.from({ length: 5_000 }, start);
    await clock.advance(1);
    collectGarbage();
    const kept = held.filter((reference) => reference.deref() !== undefined);
    expect(kept.length).toBeLessThan(200);
  });

  it("matches a sorted list under random starts, cancels and moves", async () => {
    const command = fc.oneof(
      fc.record({ kind: fc.constant("after" as const), ms: fc.nat(50) }),
      fc.record({ kind: fc.constant("cancel" as const), index: fc.nat(300) }),
      fc.record({ kind: fc.constant("advance" as const), ms: fc.nat(20) }),
      fc.record({ kind: fc.constant("many" as const), count: fc.integer({ min: 65, max: 200 }) }),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(command, { maxLength: 60 }), async (commands) => {
        const clock = frozen();
        const called: number[] = [];
        const cancels: (() => void)[] = [];
        let now = 0;
        let model: { id: number; dueAt: number }[] = [];
        const expected: number[] = [];
        const start = (ms: number) => {
          const id = cancels.length;
          cancels.push(clock.after(ms, () => called.push(id)));
          model.push({ id, dueAt: now + ms });
        };
        const cancel = (id: number) => {
          cancels[id]?.();
          model = model.filter((timer) => timer.id !== id);
        };
        for (const step of commands) {
          if (step.kind === "after") start(step.ms);
          else if (step.kind === "cancel") cancel(step.index);
          else if (step.kind === "many") {
            const from = cancels.length;
            for (let i = 0; i < step.count; i++) start((i * 13) % 50);
            for (let i = 0; i < step.count; i++) if (i % 5 !== 0) cancel(from + i);
          } else {
            now += step.ms;
            model.sort((a, b) => a.dueAt - b.dueAt || a.id - b.id);
            const split = model.findIndex((timer) => timer.dueAt > now);
            const due = model.splice(0, split < 0 ? model.length : split);
            expected.push(...due.map((timer) => timer.id));
            await clock.advance(step.ms);
          }
          expect(called).toEqual(expected);
          expect(clock.now()).toBe(START + now);
        }
      }),
      runs(100),
    );
  });
});

describe("a running clock", () => {
  it("runs at the speed of the system clock", () => {
    vi.useFakeTimers({ now: 10_000 });
    const clock = new MovableClock();
    const called: number[] = [];
    clock.after(100, () => called.push(clock.now()));
    clock.after(50, () => called.push(clock.now()));
    vi.advanceTimersByTime(49);
    expect(called).toEqual([]);
    vi.advanceTimersByTime(51);
    expect(called).toEqual([10_050, 10_100]);
    expect(clock.now()).toBe(10_100);
  });

  it("runs from its start time", () => {
    vi.useFakeTimers({ now: 10_000 });
    const clock = new MovableClock({ startAt: START });
    vi.advanceTimersByTime(5);
    expect(clock.now()).toBe(START + 5);
  });

  it("can be moved, which shortens pending waits", async () => {
    vi.useFakeTimers({ now: 10_000, toFake: ["setTimeout", "clearTimeout", "Date"] });
    const clock = new MovableClock();
    const called: number[] = [];
    clock.after(100_000, () => called.push(clock.now()));
    await clock.advance(99_000);
    expect(called).toEqual([]);
    vi.advanceTimersByTime(999);
    expect(called).toEqual([]);
    vi.advanceTimersByTime(1);
    expect(called).toEqual([110_000]);
  });

  it("supports delays longer than setTimeout's maximum", () => {
    vi.useFakeTimers({ now: 0 });
    const clock = new MovableClock();
    const called: number[] = [];
    clock.after(2 ** 31 + 10, () => called.push(clock.now()));
    vi.advanceTimersByTime(2 ** 31 + 9);
    expect(called).toEqual([]);
    vi.advanceTimersByTime(1);
    expect(called).toEqual([2 ** 31 + 10]);
  });

  it("uses one system timeout for any number of timers, and none after it is stopped", () => {
    vi.useFakeTimers({ now: 0 });
    const clock = new MovableClock();
    for (let i = 0; i < 100; i++) clock.after(1_000 - i, () => {});
    expect(vi.getTimerCount()).toBe(1);
    clock.stop();
    expect(vi.getTimerCount()).toBe(0);
  });

  it("continues after a callback throws", () => {
    vi.useFakeTimers({ now: 0 });
    const clock = new MovableClock();
    const called: number[] = [];
    clock.after(5, () => {
      throw new Error("mine");
    });
    clock.after(6, () => called.push(clock.now()));
    expect(() => vi.advanceTimersByTime(5)).toThrow("mine");
    vi.advanceTimersByTime(1);
    expect(called).toEqual([6]);
  });
});
