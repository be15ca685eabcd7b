import { base58 } from "@scure/base";
import type { Emulator } from "../../src/emulator/index.js";
import { CodeClient, CodeIntentsError, PaymentIntent } from "../../src/index.js";
import { rendezvousKey } from "../../src/rendezvous/key.js";
import { signTestWebhook } from "../../src/webhook/index.js";
import { account } from "../support/payment.js";
import { fiat, messagingOf, microPaymentOf, payment, poll, sendPayment } from "../support/sequencer.js";
import type { Leaked } from "./messages.js";
import type { PointName, StrangerKind } from "./plan.js";

const strangersAccount = account(66);

/** When the stranger acts: at a point of the merchant, or after the buyer has finished. */
const moments: Readonly<Record<StrangerKind, PointName | "finished">> = {
  "registers first and pays": "stored",
  "registers first, pays and deletes": "stored",
  "registers first and pays later": "stored",
  "registers a smaller amount and pays": "stored",
  "registers the same and pays": "stored",
  "pays early": "settling",
  "conflicts later": "settled",
  "forges webhooks": "settled",
  "deletes messages": "finished",
};

/** Attacks orders with their client secrets. Talks to the sequencer without the faulty network. */
export class Strangers implements AsyncDisposable {
  readonly #emulator: Emulator;
  readonly #code: CodeClient;

  constructor(emulator: Emulator) {
    this.#emulator = emulator;
    this.#code = new CodeClient({ transport: emulator.transport, logger: { warn() {} } });
  }

  /**
   * Acts on an order if this is the moment. Returns a line for the order's history, or `undefined` if there is
   * nothing to do.
   */
  async act(
    kind: StrangerKind,
    moment: PointName | "finished",
    order: Leaked,
    usesWebhook: boolean,
  ): Promise<string | undefined> {
    if (kind === "registers first and pays later" && moment === "finished")
      return await outcomeOf("pays", () => this.#emulator.wallet.pay(order.intentId));
    if (moments[kind] !== moment) return undefined;
    const webhook = usesWebhook ? { url: order.webhookUrl } : undefined;
    const act = async () => {
      switch (kind) {
        case "registers first and pays later":
          return await this.#register(order, strangersAccount, webhook);
        case "registers first and pays":
          await this.#register(order, strangersAccount, webhook);
          return await this.#pay(order);
        case "registers first, pays and deletes":
          await this.#register(order, strangersAccount, webhook);
          await this.#pay(order);
          return await this.#deleteMessages(order);
        case "registers a smaller amount and pays":
          await this.#registerSmallerAmount(order, webhook);
          return await this.#pay(order);
        case "registers the same and pays":
          await this.#register(order, order.destination, webhook);
          return await this.#pay(order);
        case "pays early":
          return await this.#pay(order);
        case "conflicts later":
          return await this.#register(order, strangersAccount, webhook);
        case "forges webhooks":
          return await this.#forgeWebhooks(order);
        case "deletes messages":
          return await this.#deleteMessages(order);
      }
    };
    return await outcomeOf(kind, act);
  }

  async #register(
    order: Leaked,
    destination: string,
    webhook: { readonly url: string } | undefined,
  ): Promise<void> {
    const intent = PaymentIntent.fromClientSecret({ ...detailsOf(order), destination, webhook });
    await this.#code.paymentIntents.create(intent);
  }

  async #pay({ intentId }: Leaked): Promise<void> {
    await this.#emulator.wallet.pay(intentId);
  }

  /** Registers 0.05 usd to the merchant's account at the order's key. A valid webhook reports it as paid. */
  async #registerSmallerAmount(order: Leaked, webhook: { readonly url: string } | undefined): Promise<void> {
    const key = keyOf(order);
    const requestorAccount = { value: new Uint8Array(base58.decode(order.destination)) };
    await sendPayment(this.#emulator, key, payment({ requestorAccount, exchangeData: fiat("usd", 0.05) }));
    if (webhook === undefined) return;
    const intentId = { value: key.publicKey };
    await microPaymentOf(this.#emulator).registerWebhook({ intentId, url: webhook.url });
  }

  async #deleteMessages(order: Leaked): Promise<void> {
    const key = keyOf(order);
    const messages = await poll(this.#emulator, key);
    const messageIds = messages.flatMap(({ id }) => (id === undefined ? [] : [id]));
    if (messageIds.length > 0)
      await messagingOf(this.#emulator).ackMessages({ rendezvousKey: { value: key.publicKey }, messageIds });
  }

  /** Posts a webhook of another key, and one that the sequencer has signed for the stranger's own intent. */
  async #forgeWebhooks({ intentId, amount, destination, webhookUrl }: Leaked): Promise<void> {
    const claims = { intent: intentId, destination, currency: "usd", amount: Number(amount) } as const;
    const forged = signTestWebhook(
      { ...claims, exchangeRate: 0.00001, quarks: 1n, fees: 0n },
      { privateKey: new Uint8Array(32).fill(9) },
    );
    const headers = { "content-type": "application/jwt" };
    const { status } = await fetch(webhookUrl, { method: "POST", headers, body: forged });
    if (status === 200) throw new Error("the merchant accepted a forged webhook");
    const url = webhookUrl;
    const own = await this.#code.paymentIntents.create({
      destination,
      amount,
      currency: "usd",
      webhook: { url },
    });
    await this.#emulator.wallet.pay(own);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#code.close();
  }
}

function detailsOf({ clientSecret, amount }: Leaked) {
  return { clientSecret, amount, currency: "usd" } as const;
}

function keyOf(order: Leaked) {
  const { payload } = PaymentIntent.fromClientSecret({ ...detailsOf(order), destination: order.destination });
  return rendezvousKey(payload);
}

async function outcomeOf(name: string, act: () => Promise<unknown>): Promise<string> {
  try {
    await act();
    return `a stranger ${name}`;
  } catch (error) {
    const reason = error instanceof CodeIntentsError ? error.code : String(error);
    return `a stranger ${name}: fails with ${reason}`;
  }
}
