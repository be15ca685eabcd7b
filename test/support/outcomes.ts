import { expect, vi } from "vitest";
import {
  type CodeClient,
  CodeIntentsError,
  type ConnectingClientOptions,
  type ErrorCode,
  RegistrationUnknownError,
  TransportError,
} from "../../src/index.js";
import type { Family } from "./hostile-servers.js";
import { type Way, ways } from "./protocols.js";

/** A protocol that opens its connections itself. */
export interface ConnectingWay extends Way {
  readonly family: Family;
  readonly connecting: ConnectingClientOptions;
}

/** Every {@link ConnectingWay} of the package. */
export const connectingWays: readonly ConnectingWay[] = ways.flatMap((way) =>
  way.connecting === undefined
    ? []
    : [{ ...way, connecting: way.connecting, family: way.connecting.protocol ?? "connect" }],
);

/** Those over HTTP/2, with one connection for all calls. */
export const http2Ways: readonly ConnectingWay[] = connectingWays.filter(
  ({ family, connecting }) => family !== "rest" && family !== "envelope" && connecting.httpVersion !== "1.1",
);

/** The expected failure of a call. */
export interface Failure {
  readonly code: ErrorCode;
  readonly retryable: boolean;
  /**
   * Whether the call may have taken effect. Then `create` fails with `registration_unknown`, and this error
   * is its cause.
   */
  readonly ambiguous: boolean;
}

export const destination = "E8otxw1CVX9bfyddKu3ZB3BVLa4VVF9J7CTPdnUwT9jR";
export const order = { destination, amount: "2.50", currency: "usd" } as const;

/** Returns the typed error of a call. Fails if it resolves. */
export async function failureOf(call: Promise<unknown>): Promise<CodeIntentsError> {
  let result: unknown;
  try {
    result = await call;
  } catch (error) {
    if (error instanceof CodeIntentsError) return error;
    throw new Error(`rejected with ${String(error)} instead of a typed error`, { cause: error });
  }
  throw new Error(`resolved, with ${JSON.stringify(result)}`);
}

/** Waits until a condition holds. The limit is long, because the machine may be busy. */
export async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  await vi.waitUntil(condition, { timeout: 100_000, interval: 2 });
}

/** Expects `create` to fail in this way. Returns the error, or its cause if the outcome is unknown. */
export async function expectCreateFailure(
  code: CodeClient,
  failure: Failure,
  options?: Parameters<CodeClient["paymentIntents"]["create"]>[1],
): Promise<CodeIntentsError> {
  const intent = code.paymentIntents.build(order);
  const error = await failureOf(code.paymentIntents.create(intent, options));
  const told = failure.ambiguous ? expectRegistrationUnknown(error, intent) : error;
  expectFailure(told, failure);
  return told;
}

/** Expects `getStatus` to fail in this way. */
export async function expectStatusFailure(
  code: CodeClient,
  failure: Failure,
  options?: Parameters<CodeClient["paymentIntents"]["getStatus"]>[1],
): Promise<CodeIntentsError> {
  const error = await failureOf(code.paymentIntents.getStatus(destination, options));
  expect(error).not.toBeInstanceOf(RegistrationUnknownError);
  expectFailure(error, failure);
  return error;
}

/** Expects an error that does not know whether this intent is registered. Returns its cause. */
export function expectRegistrationUnknown(error: CodeIntentsError, intent: { id: string }): CodeIntentsError {
  if (!(error instanceof RegistrationUnknownError)) throw error;
  expect(error.code).toBe("registration_unknown");
  expect(error.retryable).toBe(true);
  expect(error.intentId).toBe(intent.id);
  expect(error.intent).toBe(intent);
  expect(Object.keys(error)).not.toContain("intent");
  expect(JSON.stringify(error)).not.toContain("destination");
  const { cause } = error;
  if (!(cause instanceof CodeIntentsError)) throw new Error("has no typed cause", { cause: error });
  return cause;
}

function expectFailure(error: CodeIntentsError, { code, retryable, ambiguous }: Failure): void {
  expect({ code: error.code, retryable: error.retryable }, error.message).toEqual({ code, retryable });
  if (error instanceof TransportError) expect(error.mayHaveArrived, error.message).toBe(ambiguous);
  expect(error.message.length).toBeGreaterThan(20);
}
