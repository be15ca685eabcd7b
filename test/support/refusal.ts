import { expect } from "vitest";
import { InputError, type InputErrorCode } from "../../src/errors.js";

/**
 * Returns the error with which `act` rejects its input. Fails if it throws nothing, or anything but an
 * `InputError`.
 */
export function refusal(act: () => unknown): InputError {
  let result: unknown;
  try {
    result = act();
  } catch (error) {
    if (error instanceof InputError) return error;
    throw new Error(`threw ${String(error)} instead of an InputError`, { cause: error });
  }
  throw new Error(`was accepted, with ${String(result)}`);
}

/** Expects `act` to reject its input with this code and field, and to name the field in its message. */
export function expectRefusal(act: () => unknown, code: InputErrorCode, field: string): InputError {
  const error = refusal(act);
  expect({ code: error.code, field: error.field }).toEqual({ code, field });
  expect(error.message.startsWith(`${field}: `)).toBe(true);
  expect(error.message.length).toBeGreaterThan(field.length + 10);
  expect(error.retryable).toBe(false);
  return error;
}
