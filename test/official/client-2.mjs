// The official client of the envelope, unmodified, for client-2.test.ts.
import { createRequire } from "node:module";
import client from "@code-wallet/client";
import { serveCalls } from "./serve-calls.mjs";

// The client's to depend on, so resolved from where it is.
const fromClient = createRequire(import.meta.resolve("@code-wallet/client"));
const { Keypair, PublicKey } = fromClient("@code-wallet/keys");
const { GetStatusRequest, MicroPayment } = fromClient("@code-wallet/rpc");

/** Keypairs do not travel between processes: bytes are the seed of one. */
function revived(value) {
  if (value instanceof Uint8Array) return Keypair.fromSeed(value);
  if (Array.isArray(value)) return value.map(revived);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, entry]) => [name, revived(entry)]));
}

const { paymentIntents, loginIntents, webhook } = client;

serveCalls({
  exports: () =>
    Object.fromEntries(
      Object.entries(client).map(([name, value]) => [
        name,
        typeof value === "function" ? "function" : Object.keys(value),
      ]),
    ),
  "paymentIntents.create": (options) => paymentIntents.create(revived(options)),
  "paymentIntents.getStatus": (options) => paymentIntents.getStatus(options),
  "loginIntents.create": (options) => loginIntents.create(revived(options)),
  "loginIntents.getStatus": (options) => loginIntents.getStatus(options),
  "loginIntents.getUserId": (options) => loginIntents.getUserId(revived(options)),
  "webhook.register": (options) => webhook.register(options),
  getStatus: (options) => client.getStatus(options),
  getUserId: (options) => client.getUserId(revived(options)),
  registerWebhook: (options) => client.registerWebhook(options),
  // With a fetch of the caller's, and how often that was called.
  createByFetch: async (options) => {
    let calls = 0;
    const fetch = () => {
      calls++;
      throw new Error("the caller's fetch was called");
    };
    return { created: await paymentIntents.create({ ...options, fetch }), calls };
  },
  // By the class itself, beneath the collections of methods.
  "Client.send": async ({ endpoint, intent }) => {
    const intentId = { value: PublicKey.fromBase58(intent).value };
    const answer = await new client.Client(endpoint).send(
      MicroPayment,
      "getStatus",
      new GetStatusRequest({ intentId }),
    );
    return { ...answer };
  },
});
