import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { type Drawing, drawing } from "./plan.js";

/** A task that the merchant has performed: the effect that cannot be undone. */
export interface Entry {
  /** The idempotency key of the merchant's call. A repeat with the same key is no further entry. */
  readonly key: string;
  readonly intentId: string;
  readonly task: string;
}

/** Records the merchant's tasks outside its process. Loses calls and answers by the plan's seed. */
export interface Ledger extends AsyncDisposable {
  readonly url: string;
  /** In the order of their arrival. */
  readonly entries: readonly Entry[];
  /** Loses no calls and answers from now on. */
  heal(): void;
}

/** Starts a ledger on loopback. */
export async function startLedger(seed: number, onEntry: (entry: Entry) => void): Promise<Ledger> {
  const entries = new Map<string, Entry>();
  const random: Drawing = drawing(seed, -2);
  let isHealed = false;
  const server = createServer(async (request, response) => {
    const fault = isHealed
      ? undefined
      : random.of([undefined, undefined, undefined, "call", "answer"] as const);
    if (fault === "call") return void request.socket.destroy();
    let text = "";
    for await (const chunk of request.setEncoding("utf8")) text += chunk;
    const entry: Entry = JSON.parse(text);
    if (!entries.has(entry.key)) {
      entries.set(entry.key, entry);
      onEntry(entry);
    }
    if (fault === "answer") return void request.socket.destroy();
    response.writeHead(204).end();
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    get entries() {
      return [...entries.values()];
    },
    heal() {
      isHealed = true;
    },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
