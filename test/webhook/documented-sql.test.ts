import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { PGlite, type Transaction } from "@electric-sql/pglite";
import { build } from "esbuild";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { type OnceStore, onceOnly, type WebhookRequest } from "../../src/webhook/index.js";
import { gate, intent, paidToken, publicKey, webhookRequest } from "./support.js";

// The statements and functions come from docs/webhooks.md itself and run in PostgreSQL.
const document = readFileSync(new URL("../../docs/webhooks.md", import.meta.url), "utf8");
const webhookModule = fileURLToPath(new URL("../../src/webhook/index.ts", import.meta.url));

/** Returns the one fenced block that contains a text. */
function block(language: "sql" | "ts", text: string): string {
  const blocks = [...document.matchAll(new RegExp(`^\`\`\`${language}\n([\\s\\S]*?)^\`\`\``, "gm"))];
  const [found, ...others] = blocks.flatMap(([, code = ""]) => (code.includes(text) ? [code] : []));
  if (found === undefined || others.length > 0)
    throw new Error(`not exactly one ${language} block has: ${text}`);
  return found;
}

/** Imports a snippet, with the package's sources. */
async function load(snippet: string): Promise<Record<string, unknown>> {
  const { outputFiles } = await build({
    stdin: { contents: snippet, loader: "ts", resolveDir: fileURLToPath(new URL("../..", import.meta.url)) },
    alias: { "code-intents/webhook": webhookModule },
    bundle: true,
    write: false,
    format: "esm",
    platform: "node",
    conditions: ["code-intents-source", "node"],
    logLevel: "error",
  });
  const [{ text } = { text: "" }] = outputFiles;
  return import(`data:text/javascript;base64,${Buffer.from(text).toString("base64")}`);
}

let database: PGlite;
beforeAll(async () => {
  database = await PGlite.create();
  await database.exec(block("sql", "create table fulfilments"));
  await database.exec(block("sql", "create table paid_intents"));
  await database.exec(
    "create table orders (intent_id text primary key, state text not null);" +
      "create table outbox (kind text not null, intent text not null)",
  );
});
afterAll(() => database.close());
beforeEach(() => database.exec("truncate fulfilments, paid_intents, orders, outbox"));

describe("the documented store with leases", () => {
  let store: OnceStore;
  beforeAll(async () => {
    const { sqlOnceStore } = await load(block("ts", "sqlOnceStore"));
    const query = async (sql: string, ...values: unknown[]) => (await database.query(sql, values)).rows;
    store = (sqlOnceStore as (run: typeof query) => OnceStore)(query);
  });
  const expire = () => database.exec("update fulfilments set lease_until = now() - interval '1 second'");
  const claim = async () => {
    const claimed = await store.claim("A", 60_000);
    if (typeof claimed === "string") throw new Error(`${claimed} instead of a lease`);
    return claimed.token;
  };

  it("grants one lease to many concurrent claims, and another intent's at the same time", async () => {
    const claims = await Promise.all(Array.from({ length: 20 }, () => store.claim("A", 60_000)));
    expect(claims.filter((claimed) => claimed !== "busy")).toEqual([{ token: expect.any(String) }]);
    expect(await store.claim("B", 60_000)).toEqual({ token: expect.any(String) });
  });

  it("grants a lease with another token after a lease expired, and after a release", async () => {
    const tokens = [await claim()];
    await expire();
    tokens.push(await claim());
    await store.release("A", tokens[1] ?? "");
    tokens.push(await claim());
    expect(new Set(tokens).size).toBe(3);
    expect(await store.claim("A", 60_000)).toBe("busy");
  });

  it("records with the token of the latest claim only, even after its lease expired", async () => {
    const first = await claim();
    await expire();
    const second = await claim();
    expect(await store.complete("A", first)).toBe(false);
    expect(await store.claim("A", 60_000)).toBe("busy");
    await expire();
    expect([await store.complete("A", second), await store.complete("A", second)]).toEqual([true, true]);
    expect(await store.claim("A", 60_000)).toBe("done");
  });

  it("ignores a release by an earlier holder, and one after the fulfilment", async () => {
    const first = await claim();
    await expire();
    const second = await claim();
    await store.release("A", first);
    expect(await store.claim("A", 60_000)).toBe("busy");
    await store.complete("A", second);
    await store.release("A", second);
    expect(await store.claim("A", 60_000)).toBe("done");
  });

  it("does not run two fulfilments when a delivery fails after its lease expired", async () => {
    const open = gate();
    const failing = onceOnly(store, async () => {
      await expire();
      throw new Error("slow and wrong");
    });
    const holding = gate();
    const next = onceOnly(store, async () => {
      holding.open();
      await open.opened;
    });
    let second: Promise<unknown> | undefined;
    const first = onceOnly(store, async () => {
      await expire();
      second = next({ intent: "A" });
      await holding.opened;
      throw new Error("slow and wrong");
    });
    await expect(failing({ intent: "B" })).rejects.toThrow("slow and wrong");
    await expect(first({ intent: "A" })).rejects.toThrow("slow and wrong");
    expect(await onceOnly(store, () => expect.unreachable())({ intent: "A" })).toBe("busy");
    open.open();
    expect(await second).toBe("fulfilled");
  });
});

describe("the documented transaction", () => {
  let receive: (request: WebhookRequest) => Promise<Response>;
  let outboxFails = false;
  beforeAll(async () => {
    // The snippet trusts production's key. The test signs with another one.
    const snippet = block("ts", "paidInOneTransaction").replaceAll("PRODUCTION_WEBHOOK_PUBLIC_KEY", "key");
    const { handlerFor } = await load(
      `const key = ${JSON.stringify(publicKey)};\n${snippet.replace("  key,\n", "")}`,
    );
    type Run = (sql: string, ...values: unknown[]) => Promise<number>;
    const db = {
      transaction: <T>(work: (run: Run) => Promise<T>): Promise<T> =>
        database.transaction((transaction: Transaction) =>
          work(async (sql, ...values) => {
            if (outboxFails && sql.includes("outbox")) throw new Error("the disk is full");
            return (await transaction.query(sql, values)).affectedRows ?? 0;
          }),
        ),
      order: async () => intent,
    };
    receive = (handlerFor as (database: typeof db) => typeof receive)(db);
  });
  beforeEach(async () => {
    outboxFails = false;
    await database.query("insert into orders values ($1, 'open')", [intent.id]);
  });
  const rows = async (sql: string) => (await database.query(sql)).rows;

  it("records, pays and sends once for concurrent deliveries", async () => {
    const deliveries = Array.from({ length: 5 }, () => receive(webhookRequest(paidToken())));
    expect((await Promise.all(deliveries)).map(({ status }) => status)).toEqual([200, 200, 200, 200, 200]);
    expect(await rows("select intent from paid_intents")).toEqual([{ intent: intent.id }]);
    expect(await rows("select state from orders")).toEqual([{ state: "paid" }]);
    expect(await rows("select kind, intent from outbox")).toEqual([
      { kind: "send-goods", intent: intent.id },
    ]);
  });

  it("records nothing if a statement fails, and all of it at the next delivery", async () => {
    outboxFails = true;
    expect((await receive(webhookRequest(paidToken()))).status).toBe(500);
    expect(await rows("select intent from paid_intents")).toEqual([]);
    expect(await rows("select state from orders")).toEqual([{ state: "open" }]);
    outboxFails = false;
    expect((await receive(webhookRequest(paidToken()))).status).toBe(200);
    expect(await rows("select kind from outbox")).toEqual([{ kind: "send-goods" }]);
  });
});
