import { setTimeout as pause } from "node:timers/promises";
import type { DeliverWebhook, WebhookRequest } from "../../src/emulator/index.js";
import { localHosts } from "../../src/server/rules/webhook-url.js";
import { webhookSender } from "../../src/server/webhook/sender.js";
import type { DeliveryKind, OrderPlan } from "./plan.js";

const send = webhookSender(localHosts(true));

/** Delivers the sequencer's webhooks over a network that loses, delays and repeats them by the plan. */
export class Deliveries {
  readonly #planOf: (intentId: string) => OrderPlan | undefined;
  readonly #onDelivery: (intentId: string, line: string) => void;
  readonly #attempts = new Map<string, number>();
  #isHealed = false;
  /** Number of deliveries in progress. */
  running = 0;

  constructor(
    planOf: (intentId: string) => OrderPlan | undefined,
    onDelivery: (intentId: string, line: string) => void,
  ) {
    this.#planOf = planOf;
    this.#onDelivery = onDelivery;
  }

  /** Delivers from now on, except webhooks that the plan loses for good. */
  heal(): void {
    this.#isHealed = true;
  }

  readonly deliver: DeliverWebhook = async (request) => {
    const intentId = intentOf(request.body);
    const plan = this.#planOf(intentId);
    const attempt = this.#attempts.get(intentId) ?? 0;
    this.#attempts.set(intentId, attempt + 1);
    const kind = this.#kindOf(plan, attempt);
    this.running += 1;
    try {
      const answer = await deliverAs(kind, request);
      this.#onDelivery(intentId, `a webhook is delivered (${kind}): ${answer.status}`);
      return answer;
    } catch (error) {
      this.#onDelivery(intentId, `a webhook is delivered (${kind}): ${(error as Error).message}`);
      throw error;
    } finally {
      this.running -= 1;
    }
  };

  #kindOf(plan: OrderPlan | undefined, attempt: number): DeliveryKind {
    if (plan === undefined) return "once";
    if (plan.losesWebhook) return "lost";
    return this.#isHealed ? "once" : (plan.deliveries[attempt % plan.deliveries.length] ?? "once");
  }
}

async function deliverAs(kind: DeliveryKind, request: WebhookRequest): Promise<{ readonly status: number }> {
  switch (kind) {
    case "lost":
      throw new Error("lost on the way");
    case "unanswered":
      await send(request);
      throw new Error("its answer is lost");
    case "twice": {
      const [first] = await Promise.all([send(request), send(request)]);
      return first;
    }
    case "delayed":
      await pause(250, undefined, { signal: request.signal });
      return send(request);
    case "once":
      return send(request);
  }
}

function intentOf(token: string): string {
  const [, claims = ""] = token.split(".");
  return JSON.parse(Buffer.from(claims, "base64url").toString()).intent;
}
