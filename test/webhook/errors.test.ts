import { describe, expect, it, vi } from "vitest";
import { CodeIntentsError, InputError } from "../../src/errors.js";
import { WebhookError } from "../../src/webhook/index.js";

const error = new WebhookError("webhook_mismatch", { field: "amount", message: "differs" });

describe("WebhookError", () => {
  it("is a CodeIntentsError", () => {
    expect(error).toBeInstanceOf(CodeIntentsError);
    expect(error).toBeInstanceOf(WebhookError);
    expect(error).toBeInstanceOf(Error);
    expect(error).not.toBeInstanceOf(InputError);
    expect({ ...error, name: error.name, message: error.message }).toMatchObject({
      name: "WebhookError",
      message: "amount: differs",
      code: "webhook_mismatch",
      field: "amount",
      retryable: false,
    });
  });

  it("is recognized by another copy of the package", async () => {
    vi.resetModules();
    const copy = await import("../../src/webhook/index.js");
    expect(copy.WebhookError).not.toBe(WebhookError);
    expect(error).toBeInstanceOf(copy.WebhookError);
    expect(new copy.WebhookError("webhook_timeout", { message: "late" })).toBeInstanceOf(WebhookError);
    expect(new CodeIntentsError("unavailable", { message: "" })).not.toBeInstanceOf(copy.WebhookError);
  });
});
