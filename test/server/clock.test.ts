import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { systemClock } from "../../src/server/clock.js";

const START = Date.UTC(2026, 0, 31);
const DAY_MS = 86_400_000;

describe("systemClock", () => {
  beforeEach(() => void vi.useFakeTimers({ now: START }));
  afterEach(() => void vi.useRealTimers());

  test("returns the system's time", () => {
    expect(systemClock.now()).toBe(START);
    vi.advanceTimersByTime(1_500);
    expect(systemClock.now()).toBe(START + 1_500);
  });

  test.each([
    ["a second", 1_000],
    ["30 days, longer than setTimeout can wait", 30 * DAY_MS],
    ["100 days", 100 * DAY_MS],
  ])("calls back once, after %s", (_, delayMs) => {
    const callback = vi.fn();
    systemClock.after(delayMs, callback);
    vi.advanceTimersByTime(delayMs - 1);
    expect(callback).not.toHaveBeenCalled();
    vi.advanceTimersByTime(1);
    expect(callback).toHaveBeenCalledTimes(1);
    vi.advanceTimersByTime(100 * DAY_MS);
    expect(callback).toHaveBeenCalledTimes(1);
  });

  test("calls back as soon as possible for a negative delay", () => {
    const callback = vi.fn();
    systemClock.after(-5, callback);
    expect(callback).not.toHaveBeenCalled();
    vi.advanceTimersByTime(0);
    expect(callback).toHaveBeenCalledTimes(1);
  });

  test.each([
    ["before the longest wait of setTimeout is over", DAY_MS],
    ["after it", 29 * DAY_MS],
  ])("does not call back when it is cancelled %s", (_, cancelAfterMs) => {
    const callback = vi.fn();
    const cancel = systemClock.after(30 * DAY_MS, callback);
    vi.advanceTimersByTime(cancelAfterMs);
    cancel();
    expect(vi.getTimerCount()).toBe(0);
    vi.advanceTimersByTime(100 * DAY_MS);
    expect(callback).not.toHaveBeenCalled();
  });

  test("does not keep the process alive", () => {
    vi.useRealTimers();
    const timers = () => process.getActiveResourcesInfo().filter((resource) => resource === "Timeout").length;
    const before = timers();
    const cancel = systemClock.after(60_000, () => {});
    expect(timers()).toBe(before);
    cancel();
  });
});
