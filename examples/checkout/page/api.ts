import type { PriceList } from "../server/prices.js";
import type { OrderView } from "../server/view.js";

/** The shop did not do what it was asked. */
export class ApiError extends Error {
  /** HTTP status; 0 where there was no answer at all. */
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

const TIMEOUT_MS = 10_000;

export function fetchPrices(): Promise<PriceList> {
  return call("/api/prices");
}

/** Products and quantities; the price is the shop's to say. */
export function postOrder(orderKey: string, lines: readonly object[]): Promise<OrderView> {
  return call("/api/orders", {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ orderKey, lines }),
  });
}

export function fetchOrder(id: string): Promise<OrderView> {
  return call(`/api/orders/${encodeURIComponent(id)}`);
}

async function call<T>(path: string, init: RequestInit = {}): Promise<T> {
  let response: Response;
  let body: { error?: unknown };
  try {
    response = await fetch(path, { ...init, signal: AbortSignal.timeout(TIMEOUT_MS) });
    body = await response.json();
  } catch {
    throw new ApiError(0, "The shop does not answer. Please try again.");
  }
  if (response.ok) return body as T;
  throw new ApiError(response.status, typeof body.error === "string" ? body.error : "Something went wrong.");
}
