import type { PriceList } from "../server/prices.js";
import type { OrderView } from "../server/view.js";

/** A failed request to the shop. */
export class ApiError extends Error {
  /** HTTP status; 0 without a response. */
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

/** Sends products and quantities. The shop sets the price. */
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
    throw new ApiError(0, "The shop is not responding. Please try again.");
  }
  if (response.ok) return body as T;
  throw new ApiError(response.status, typeof body.error === "string" ? body.error : "Something went wrong.");
}
