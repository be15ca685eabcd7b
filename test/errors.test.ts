import { readFileSync } from "node:fs";
import { inspect } from "node:util";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import type { CliErrorCode } from "../src/cli/failure/errors.js";
import {
  type AnyCodeIntentsError,
  CodeIntentsError,
  type ErrorCode,
  InputError,
  IntentMismatchError,
  RegistrationUnknownError,
  type ScanCodeErrorCode,
  SequencerError,
  SignerError,
  TransportError,
  UnsupportedError,
  WaitError,
  type WebhookErrorCode,
} from "../src/errors.js";

type Errors = typeof import("../src/errors.js");

let copy: Errors;

beforeAll(async () => {
  vi.resetModules();
  copy = await import("../src/errors.js");
});

afterAll(() => {
  vi.resetModules();
});

const cause = new Error("the cause");
const sequencerInit = {
  message: "refused",
  connectCode: "invalid_argument",
  sequencerMessage: "its words",
  cause,
} as const;

/** One error of each class, created by one copy of the module. */
function oneOfEach(module: Errors): Record<string, CodeIntentsError> {
  return {
    InputError: new module.InputError("invalid_option", "fees[1].basisPoints", "must be a whole number"),
    IntentMismatchError: new module.IntentMismatchError("expected", "actual"),
    SignerError: new module.SignerError("failed", { cause, retryable: true }),
    UnsupportedError: new module.UnsupportedError("unsupported_by_protocol", "not over REST"),
    SequencerError: new module.SequencerError("request_refused", sequencerInit),
    TransportError: new module.TransportError("unavailable", {
      message: "not reached",
      retryable: true,
      cause,
    }),
    RegistrationUnknownError: new module.RegistrationUnknownError("the id", { secret: "held" }, cause),
    WaitError: new module.WaitError("payment_timeout", {
      intentId: "the id",
      what: "Not paid.",
    }),
  };
}

const classes = {
  InputError,
  IntentMismatchError,
  SignerError,
  UnsupportedError,
  SequencerError,
  TransportError,
  RegistrationUnknownError,
  WaitError,
} as const;
const names = Object.keys(classes) as (keyof typeof classes)[];

/** Every code with its class. Adding, renaming or removing a code breaks compilation here. */
const codes = {
  missing_option: "InputError",
  invalid_option: "InputError",
  unknown_option: "InputError",
  conflicting_options: "InputError",
  intent_mismatch: "IntentMismatchError",
  signer_failed: "SignerError",
  unsupported_by_protocol: "UnsupportedError",
  unsupported_by_runtime: "UnsupportedError",
  request_refused: "SequencerError",
  already_submitted: "SequencerError",
  webhook_refused: "SequencerError",
  intent_conflict: "SequencerError",
  unauthenticated: "SequencerError",
  permission_denied: "SequencerError",
  unimplemented: "SequencerError",
  resource_exhausted: "SequencerError",
  sequencer_failed: "SequencerError",
  unavailable: "TransportError",
  deadline_exceeded: "TransportError",
  aborted: "TransportError",
  malformed_response: "TransportError",
  response_too_large: "TransportError",
  redirect_refused: "TransportError",
  client_closed: "TransportError",
  registration_unknown: "RegistrationUnknownError",
  payment_timeout: "WaitError",
  payment_rejected: "WaitError",
  login_timeout: "WaitError",
  login_rejected: "WaitError",
  webhook_unconfirmed: "WaitError",
} as const satisfies Record<Exclude<ErrorCode, WebhookErrorCode | ScanCodeErrorCode>, keyof typeof classes>;

/** The codes of WebhookError, which has its own entry point. */
const webhookCodes = {
  webhook_malformed: "WebhookError",
  webhook_algorithm_refused: "WebhookError",
  webhook_signature_invalid: "WebhookError",
  webhook_wrong_key: "WebhookError",
  webhook_mismatch: "WebhookError",
  webhook_unknown_intent: "WebhookError",
  webhook_not_bound: "WebhookError",
  webhook_unexpected: "WebhookError",
  webhook_wrong_path: "WebhookError",
  webhook_wrong_method: "WebhookError",
  webhook_wrong_content_type: "WebhookError",
  webhook_too_large: "WebhookError",
  webhook_timeout: "WebhookError",
  webhook_body_unavailable: "WebhookError",
  webhook_lease_lost: "WebhookError",
} as const satisfies Record<WebhookErrorCode, "WebhookError">;

/** The codes of `code-intents/scan-code`, which exports their class. */
const scanCodes = { scan_code_unreadable: "ScanCodeError" } as const satisfies Record<
  ScanCodeErrorCode,
  string
>;

/** The codes that only the command line has. */
const programCodes = {
  usage: true,
  unusable_input: true,
  secret_on_command_line: true,
  file_exists: true,
  system_error: true,
  command_failed: true,
  interrupted: true,
  defect: true,
} as const satisfies Record<CliErrorCode | "defect", true>;

/** Compiles only if a switch over the codes is exhaustive and narrows to the class of each. */
function detailOf(error: AnyCodeIntentsError): string | boolean {
  switch (error.code) {
    case "missing_option":
    case "invalid_option":
    case "unknown_option":
    case "conflicting_options":
      return error.field;
    case "intent_mismatch":
      return error.actualId;
    case "signer_failed":
    case "unsupported_by_protocol":
    case "unsupported_by_runtime":
      return error.message;
    case "request_refused":
    case "already_submitted":
    case "webhook_refused":
    case "intent_conflict":
    case "unauthenticated":
    case "permission_denied":
    case "unimplemented":
    case "resource_exhausted":
    case "sequencer_failed":
      return error.sequencerMessage;
    case "unavailable":
    case "deadline_exceeded":
    case "aborted":
    case "malformed_response":
    case "response_too_large":
    case "redirect_refused":
    case "client_closed":
      return error.mayHaveArrived;
    case "registration_unknown":
    case "payment_timeout":
    case "payment_rejected":
    case "login_timeout":
    case "login_rejected":
    case "webhook_unconfirmed":
      return error.intentId;
  }
}

describe("error codes", () => {
  it("are exactly those in the source", () => {
    const file = readFileSync(new URL("../src/errors.ts", import.meta.url), "utf8");
    const source = file.replace(/\/\*[\s\S]*?\*\/|^\s*\/\/.*$/gm, "");
    const written = [...source.matchAll(/export type (\w+)ErrorCode =([^;]*);/g)].flatMap(([, name, union]) =>
      [...(union ?? "").matchAll(/"(\w+)"/g)].map(([, code]) => [code, `${name}Error`]),
    );
    const all = { ...codes, ...webhookCodes, ...scanCodes };
    expect(Object.fromEntries(written)).toEqual(all);
    expect(written).toHaveLength(Object.keys(all).length);
  });

  it("have one entry each with an anchor in docs/errors.md, beside those of the command line", () => {
    const text = readFileSync(new URL("../docs/errors.md", import.meta.url), "utf8");
    const ofPackage = Object.keys({ ...codes, ...webhookCodes, ...scanCodes });
    const entries = text.split(/^(?=<a id=)/m).slice(1);
    const anchors = entries.map((entry) => /^<a id="(\w+)"><\/a>\n\n### `\1`\n/.exec(entry)?.[1]);
    const [library, program] = text.split("## Command line");
    expect(anchors.sort()).toEqual([...ofPackage, ...Object.keys(programCodes)].sort());
    for (const code of ofPackage) expect(library).toContain(`<a id="${code}">`);
    for (const code of Object.keys(programCodes)) expect(program).toContain(`<a id="${code}">`);
    for (const entry of entries) {
      expect(entry).toMatch(
        /\n- \*\*(Thrown|Reported) when:\*\* [\s\S]+\n- \*\*The order:\*\* [\s\S]+\n- \*\*What to do:\*\* /,
      );
    }
  });

  it("of webhooks have one row each with an HTTP status in docs/webhooks.md", () => {
    const text = readFileSync(new URL("../docs/webhooks.md", import.meta.url), "utf8");
    const rows = [...text.matchAll(/^\| `(webhook_\w+)` \| \d{3} \|/gm)].map(([, code]) => code);
    expect(rows.sort()).toEqual(Object.keys(webhookCodes).sort());
  });

  it("narrow a switch to the class with the details", () => {
    const details = Object.values(oneOfEach({ CodeIntentsError, ...classes } as Errors)).map((error) =>
      detailOf(error as AnyCodeIntentsError),
    );
    expect(details).toEqual([
      "fees[1].basisPoints",
      "actual",
      "verifier: the signer failed",
      "not over REST",
      "its words",
      true,
      "the id",
      "the id",
    ]);
  });
});

describe.each(names)("%s", (name) => {
  const error = oneOfEach({ CodeIntentsError, ...classes } as Errors)[name] as CodeIntentsError;

  it("is an Error, a CodeIntentsError and an instance of its class only", () => {
    expect(error).toBeInstanceOf(Error);
    expect(error).toBeInstanceOf(CodeIntentsError);
    expect(names.filter((other) => error instanceof classes[other])).toEqual([name]);
  });

  it("has a name that survives minification and is not enumerable", () => {
    expect(error.name).toBe(name);
    expect(Object.keys(error)).not.toContain("name");
    expect(String(error)).toBe(`${name}: ${error.message}`);
    expect(inspect(error)).toContain(name);
  });

  it("has a code of its class, and states whether a retry may help", () => {
    expect((codes as Record<string, string>)[error.code]).toBe(name);
    expect(error.retryable).toBe(
      name === "SignerError" || name === "TransportError" || name === "RegistrationUnknownError",
    );
    expect(error.message).not.toBe("");
  });

  it("is an instance of the same class in another copy of the module", () => {
    expect(copy.CodeIntentsError).not.toBe(CodeIntentsError);
    const foreign = oneOfEach(copy)[name] as CodeIntentsError;
    expect(Object.getPrototypeOf(foreign)).not.toBe(Object.getPrototypeOf(error));
    expect(foreign).toBeInstanceOf(CodeIntentsError);
    expect(error).toBeInstanceOf(copy.CodeIntentsError);
    expect(names.filter((other) => foreign instanceof classes[other])).toEqual([name]);
    expect(names.filter((other) => error instanceof copy[other])).toEqual([name]);
    expect(foreign.name).toBe(name);
  });
});

describe("an error", () => {
  it("keeps its cause, not enumerable, and has no cause otherwise", () => {
    const withCause = new TransportError("unavailable", { message: "m", cause });
    expect(withCause.cause).toBe(cause);
    expect(Object.keys(withCause)).not.toContain("cause");
    expect(Object.hasOwn(new TransportError("unavailable", { message: "m" }), "cause")).toBe(false);
    expect(new SequencerError("request_refused", sequencerInit).cause).toBe(cause);
    expect(new RegistrationUnknownError("id", {}, cause).cause).toBe(cause);
  });

  it("has a stack that begins with its name and message", () => {
    const { stack } = new InputError("invalid_option", "amount", "is wrong");
    expect(stack).toMatch(/^InputError: amount: is wrong\n/);
    expect(stack).toContain("errors.test.ts");
  });

  it("is serialized by JSON.stringify with its code, without hidden properties", () => {
    expect(JSON.parse(JSON.stringify(new InputError("invalid_option", "amount", "is wrong")))).toEqual({
      code: "invalid_option",
      field: "amount",
      retryable: false,
    });
  });

  it("of an input starts with the field's name", () => {
    const error = new InputError("missing_option", "fees[1].basisPoints", "required");
    expect(error.message).toBe("fees[1].basisPoints: required");
    expect(error.field).toBe("fees[1].basisPoints");
  });

  it("of the sequencer keeps its text and codes", () => {
    const error = new SequencerError("request_refused", { ...sequencerInit, httpStatus: 400 });
    expect(error).toMatchObject({
      connectCode: "invalid_argument",
      sequencerMessage: "its words",
      httpStatus: 400,
    });
    expect(new SequencerError("request_refused", sequencerInit).httpStatus).toBeUndefined();
  });

  it("of the transport may have arrived unless it states otherwise", () => {
    expect(new TransportError("unavailable", { message: "m" }).mayHaveArrived).toBe(true);
    expect(new TransportError("unavailable", { message: "m", mayHaveArrived: false }).mayHaveArrived).toBe(
      false,
    );
    expect(new TransportError("unavailable", { message: "m" }).retryable).toBe(false);
  });

  it("of an unknown registration contains the intent, which no log shows", () => {
    const intent = { id: "the id", clientSecret: "SECRET" };
    const error = new RegistrationUnknownError(intent.id, intent, cause);
    expect(error.intent).toBe(intent);
    expect(error.intentId).toBe("the id");
    expect(error.retryable).toBe(true);
    expect(Object.getOwnPropertyDescriptor(error, "intent")).toMatchObject({
      enumerable: false,
      writable: false,
    });
    expect(Object.keys(error)).not.toContain("intent");
    for (const shown of [
      inspect(error),
      JSON.stringify(error),
      String(error),
      error.stack,
      inspect({ ...error }),
    ]) {
      expect(shown).not.toContain("SECRET");
    }
  });

  it("of a wait names the intent, and the last rejection if there was one", () => {
    const init = { intentId: "the id", what: "The payer declined.", lastRejectionId: "its id", cause };
    const error = new WaitError("payment_rejected", init);
    expect(error).toMatchObject({
      code: "payment_rejected",
      intentId: "the id",
      lastRejectionId: "its id",
      cause,
    });
    expect(error.message).toContain("The payer declined. Intent the id stays payable");
    expect(error.retryable).toBe(false);
    const silent = new WaitError("payment_timeout", { intentId: "the id", what: "Not paid in time." });
    expect(silent.lastRejectionId).toBeUndefined();
  });

  it("of a mismatch names both ids", () => {
    const error = new IntentMismatchError("id-expected", "id-actual");
    expect(error).toMatchObject({
      code: "intent_mismatch",
      expectedId: "id-expected",
      actualId: "id-actual",
    });
    expect(error.message).toContain("id-expected");
    expect(error.message).toContain("id-actual");
  });
});

describe("a subclass outside the package", () => {
  class OrderError extends InputError {
    readonly order = 7;
  }
  class OtherError extends InputError {}
  class DeepError extends OrderError {}
  class NamedError extends TransportError {
    override name = "NamedError";
  }
  class ShopError extends CodeIntentsError {}

  const error = new OrderError("invalid_option", "amount", "is wrong");

  it("is an instance of itself and its bases", () => {
    for (const base of [OrderError, InputError, CodeIntentsError, Error]) expect(error).toBeInstanceOf(base);
    const deep = new DeepError("invalid_option", "amount", "is wrong");
    for (const base of [DeepError, OrderError, InputError, CodeIntentsError])
      expect(deep).toBeInstanceOf(base);
  });

  it("is not an instance of its siblings, subclasses and other classes", () => {
    for (const other of [OtherError, DeepError, TransportError, ShopError])
      expect(error).not.toBeInstanceOf(other);
  });

  it("does not match errors of its base class", () => {
    const plain = new InputError("invalid_option", "amount", "is wrong");
    expect(plain).not.toBeInstanceOf(OrderError);
    expect(new TransportError("unavailable", { message: "m" })).not.toBeInstanceOf(ShopError);
    expect(oneOfEach(copy).InputError).not.toBeInstanceOf(OrderError);
  });

  it("is an instance of its base class in another copy of the module", () => {
    expect(error).toBeInstanceOf(copy.InputError);
    expect(error).toBeInstanceOf(copy.CodeIntentsError);
    expect(error).not.toBeInstanceOf(copy.TransportError);
    class ForeignError extends copy.InputError {}
    const foreign = new ForeignError("invalid_option", "amount", "is wrong");
    expect(foreign).toBeInstanceOf(InputError);
    expect(foreign).toBeInstanceOf(ForeignError);
    expect(foreign).not.toBeInstanceOf(OrderError);
  });

  it("has the name of the nearest class of this package, or a separate one", () => {
    expect(error.name).toBe("InputError");
    expect(new ShopError("unavailable", { message: "m" }).name).toBe("CodeIntentsError");
    const named = new NamedError("unavailable", { message: "m" });
    expect(named.name).toBe("NamedError");
    expect(named).toBeInstanceOf(TransportError);
  });
});

describe("instanceof", () => {
  it.each([
    undefined,
    null,
    "InputError",
    1,
    true,
    Symbol("x"),
    {},
    [],
    () => InputError,
    new Error("x"),
    new TypeError("x"),
    { code: "invalid_option", name: "InputError", message: "x" },
    Object.create(null),
    InputError,
  ])("is false for values that are not errors of this package (%#)", (value) => {
    for (const name of names) expect((value as unknown) instanceof classes[name]).toBe(false);
    expect((value as unknown) instanceof CodeIntentsError).toBe(false);
  });
});
