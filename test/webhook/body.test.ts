import { describe, expect, it } from "vitest";
import { type PaymentClaims, verifyWebhook, type WebhookRequest } from "../../src/webhook/index.js";
import { expectRefused, intent, paidToken, publicKey } from "./support.js";

type Chunk = { readonly done?: boolean; readonly value?: unknown };

interface HostileBody {
  readonly request: WebhookRequest;
  readonly reads: () => number;
  readonly cancelled: () => boolean;
}

function requestReading(
  read: (count: number) => Promise<Chunk>,
  cancel: () => unknown = () => undefined,
  headers: Record<string, string> = {},
): HostileBody {
  let reads = 0;
  let cancelled = false;
  const reader = {
    read: () => read(reads++),
    cancel() {
      cancelled = true;
      return cancel();
    },
  };
  return {
    request: {
      method: "POST",
      url: "https://shop.example/webhooks/code",
      headers: { get: (name) => ({ "content-type": "application/jwt", ...headers })[name] ?? null },
      body: { getReader: () => reader },
    },
    reads: () => reads,
    cancelled: () => cancelled,
  };
}

const verify = (request: WebhookRequest, timeoutMs = 100): Promise<PaymentClaims<true>> =>
  verifyWebhook(request, { publicKey, expect: intent, timeoutMs });

const never = (): Promise<never> => new Promise(() => {});

describe("webhook body", () => {
  it("reads chunks of any size, including empty ones and text", async () => {
    const token = paidToken();
    for (const size of [1, 7, 100, 10_000]) {
      const chunks: unknown[] = [new Uint8Array(0)];
      for (let at = 0; at < token.length; at += size) {
        const text = token.slice(at, at + size);
        chunks.push(at % 2 === 0 ? new TextEncoder().encode(text) : text);
      }
      const { request } = requestReading(async (count) =>
        count < chunks.length ? { done: false, value: chunks[count] } : { done: true, value: undefined },
      );
      expect((await verify(request, 2_000)).bound).toBe(true);
    }
  });

  it("reads an async iterable", async () => {
    const { request } = requestReading(never);
    const body = (async function* () {
      yield new TextEncoder().encode(paidToken());
    })();
    expect((await verify({ ...request, body })).bound).toBe(true);
  });
});

describe("invalid webhook body", () => {
  it("gives up on a body that sends nothing", async () => {
    const body = requestReading(never);
    const started = performance.now();
    await expectRefused(verify(body.request), "webhook_timeout");
    expect(performance.now() - started).toBeLessThan(60_000);
    expect(body.cancelled()).toBe(true);
  });

  it("gives up on a body that sends a byte now and then", async () => {
    const body = requestReading(async () => {
      await new Promise((resolve) => setTimeout(resolve, 20));
      return { done: false, value: new Uint8Array(1) };
    });
    await expectRefused(verify(body.request), "webhook_timeout");
    expect(body.reads()).toBeLessThan(20);
  });

  it("gives up on a body that never ends", async () => {
    const body = requestReading(async () => ({ done: false, value: new Uint8Array(1024) }));
    await expectRefused(verify(body.request), "webhook_too_large");
    expect(body.reads()).toBe(17);
    expect(body.cancelled()).toBe(true);
  });

  it("gives up on an endless body of empty chunks that keeps timers from firing", async () => {
    await expectRefused(
      verify(requestReading(async () => ({ done: false, value: new Uint8Array(0) })).request),
      "webhook_timeout",
    );
  });

  it("rejects a content length over the limit without reading the body", async () => {
    const body = requestReading(never, undefined, { "content-length": "16385" });
    await expectRefused(verify(body.request), "webhook_too_large");
    expect(body.reads()).toBe(0);
  });

  it("rejects a body that is larger than its content length and the limit", async () => {
    const body = requestReading(async () => ({ done: false, value: new Uint8Array(20_000) }), undefined, {
      "content-length": "10",
    });
    await expectRefused(verify(body.request), "webhook_too_large");
  });

  it("rejects a truncated body", async () => {
    const reset = new Error("ECONNRESET");
    const error = await expectRefused(
      verify(requestReading(() => Promise.reject(reset)).request),
      "webhook_malformed",
    );
    expect(error.cause).toBe(reset);
  });

  it("rejects a body that is not a stream of bytes", async () => {
    for (const value of [1, null, undefined, {}]) {
      await expectRefused(
        verify(requestReading(async () => ({ done: false, value })).request),
        "webhook_malformed",
      );
    }
  });

  it("rejects a body that cannot be canceled", async () => {
    const refusals = [
      never,
      () => Promise.reject(new Error("no")),
      () => {
        throw new Error("no");
      },
    ];
    for (const cancel of refusals)
      await expectRefused(verify(requestReading(never, cancel).request), "webhook_timeout");
  });
});

it("leaves no timer running", async () => {
  const { setTimeout: original } = globalThis;
  const running = new Set<unknown>();
  const { clearTimeout: originalClear } = globalThis;
  globalThis.setTimeout = ((...args: Parameters<typeof original>) => {
    const timer = original(...args);
    running.add(timer);
    return timer;
  }) as typeof original;
  globalThis.clearTimeout = (timer) => {
    running.delete(timer);
    originalClear(timer);
  };
  try {
    const token = new TextEncoder().encode(paidToken());
    await verify(requestReading(async (count) => ({ done: count > 0, value: token })).request, 60_000);
    expect(running.size).toBe(0);
  } finally {
    globalThis.setTimeout = original;
    globalThis.clearTimeout = originalClear;
  }
});
