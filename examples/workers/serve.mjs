// Serves the worker locally in workerd, the runtime of Cloudflare Workers. Needs no account and no
// deployment.
import { readFile } from "node:fs/promises";
import { Miniflare } from "miniflare";

const { env } = process;
const port = Number(env.PORT ?? 8788);
const runtime = new Miniflare({
  modules: true,
  scriptPath: "dist/worker.js",
  compatibilityDate: "2026-04-01",
  host: "127.0.0.1",
  port,
  d1Databases: ["DB"], // in memory
  cf: false, // do not download a sample request.cf
  unsafeTriggerHandlers: true, // the cron trigger is at /cdn-cgi/handler/scheduled
  bindings: {
    PUBLIC_URL: env.PUBLIC_URL ?? `http://127.0.0.1:${port}`,
    CODE_SEQUENCER_URL: env.CODE_SEQUENCER_URL ?? "",
    CODE_DESTINATION: env.CODE_DESTINATION ?? "E8otxw1CVX9bfyddKu3ZB3BVLa4VVF9J7CTPdnUwT9jR",
    CODE_IDEMPOTENCY_SECRET:
      env.CODE_IDEMPOTENCY_SECRET ?? "a development secret that must never be used for money",
    ...(env.CODE_WEBHOOK_PUBLIC_KEY ? { CODE_WEBHOOK_PUBLIC_KEY: env.CODE_WEBHOOK_PUBLIC_KEY } : {}),
  },
});
const { origin } = await runtime.ready;
const database = await runtime.getD1Database("DB");
const statements = (await readFile("schema.sql", "utf8"))
  .split(/;\n/)
  .filter((statement) => statement.trim());
await database.batch(statements.map((statement) => database.prepare(statement)));
console.log(`listening on ${origin}`);
