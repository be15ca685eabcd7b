import { afterEach, expect, it, vi } from "vitest";
import { CodeClient } from "../../src/index.js";
import { openSequencer } from "../../src/sequencer/open.js";
import type { Sequencer } from "../../src/sequencer/port.js";
import { destination, failureOf, until } from "../support/outcomes.js";

vi.mock("../../src/sequencer/open.js", async (original) => ({
  ...(await original<typeof import("../../src/sequencer/open.js")>()),
  openSequencer: vi.fn(),
}));
const open = vi.mocked(openSequencer);
afterEach(() => {
  open.mockReset();
});

const pending = { state: "pending", exists: true, codeScanned: false, intentSubmitted: false } as const;

function sequencer() {
  const close = vi.fn(async () => {});
  const getStatus = vi.fn(async () => pending);
  return { close, getStatus, sequencer: { close, getStatus } as unknown as Sequencer };
}

const newClient = () => new CodeClient({ baseUrl: "https://sequencer.example.com" });

it("opens the sequencer with the first call, once for all concurrent calls", async () => {
  const fake = sequencer();
  open.mockResolvedValue(fake.sequencer);
  await using code = newClient();
  expect(open).not.toHaveBeenCalled();
  await Promise.all([code.paymentIntents.getStatus(destination), code.paymentIntents.getStatus(destination)]);
  await code.paymentIntents.getStatus(destination);
  expect(open).toHaveBeenCalledTimes(1);
  expect(fake.getStatus).toHaveBeenCalledTimes(3);
});

it("reports a failed opening to all waiting calls, and tries again with the next call", async () => {
  const cannot = new Error("cannot load the transport");
  const fake = sequencer();
  open.mockRejectedValueOnce(cannot).mockResolvedValueOnce(fake.sequencer);
  await using code = newClient();
  const calls = [code.paymentIntents.getStatus(destination), code.paymentIntents.getStatus(destination)];
  for (const outcome of await Promise.allSettled(calls))
    expect(outcome).toEqual({ status: "rejected", reason: cannot });
  expect(await code.paymentIntents.getStatus(destination)).toBe(pending);
  expect(open).toHaveBeenCalledTimes(2);
});

it("closes a sequencer that was opening when the client closed, and calls nothing", async () => {
  const fake = sequencer();
  let opened: (sequencer: Sequencer) => void = () => {};
  open.mockReturnValue(
    new Promise((resolve) => {
      opened = resolve;
    }),
  );
  const code = newClient();
  const call = failureOf(code.paymentIntents.getStatus(destination));
  await until(() => open.mock.calls.length === 1);
  const closing = code.close();
  expect((await call).code).toBe("client_closed");
  opened(fake.sequencer);
  await closing;
  expect(fake.close).toHaveBeenCalledTimes(1);
  expect(fake.getStatus).not.toHaveBeenCalled();
});

it("calls nothing after the call has ended during the opening, and lets the next call proceed", async () => {
  const fake = sequencer();
  let opened: (sequencer: Sequencer) => void = () => {};
  open.mockReturnValue(
    new Promise((resolve) => {
      opened = resolve;
    }),
  );
  await using code = newClient();
  const late = await failureOf(code.paymentIntents.getStatus(destination, { timeoutMs: 5 }));
  expect(late.code).toBe("deadline_exceeded");
  opened(fake.sequencer);
  expect(await code.paymentIntents.getStatus(destination)).toBe(pending);
  expect(fake.getStatus).toHaveBeenCalledTimes(1);
});

it("closes even if the sequencer cannot open", async () => {
  open.mockRejectedValue(new Error("cannot load the transport"));
  const code = newClient();
  await code.paymentIntents.getStatus(destination).catch(() => {});
  await code.close();
  expect((await failureOf(code.paymentIntents.getStatus(destination))).code).toBe("client_closed");
});

it("opens nothing on close if no call was made", async () => {
  await newClient().close();
  expect(open).not.toHaveBeenCalled();
});
