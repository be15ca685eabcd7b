#!/usr/bin/env bash
# pg 8.23.1, postgres 3.4.9, against PGlite 0.5.14 with @electric-sql/pglite-socket 0.2.17
#
# Expected: both drivers store the same value for the same parameter of a jsonb column.
# Happens: pg sends text as it is, so `JSON.stringify(order)` is stored as an object. postgres asks the
#   server for the parameter's type and encodes the text once more: the column holds a JSON string, and
#   `order->>'amount'` is null. An array is the other way round: postgres stores it, pg turns it into the
#   notation of PostgreSQL's arrays, an error for jsonb.
# Why it matters: a webhook's body saved as received under postgres looks right when it is read back and
#   parsed, but no query over its fields finds the order. There is no form for arrays and text that suits both
#   drivers without a cast.
# What to do: write `$1::text::jsonb` and always pass text; it stores the same in both.
set -euo pipefail
dir=$(mktemp -d); trap 'rm -rf "$dir"' EXIT; cd "$dir"

echo '{"type":"module"}' > package.json
npm install --silent --no-audit --no-fund --legacy-peer-deps @electric-sql/pglite@0.5.14 @electric-sql/pglite-socket@0.2.17 pg@8.23.1 postgres@3.4.9
cat > demo.mjs <<'E'
import { PGlite } from "@electric-sql/pglite";
import { PGLiteSocketServer } from "@electric-sql/pglite-socket";
import pg from "pg";
import postgres from "postgres";
const server = new PGLiteSocketServer({ db: await PGlite.create(), host: "127.0.0.1", port: 0, maxConnections: 2 });
await server.start();
const address = { host: "127.0.0.1", port: Number(server.getServerConn().split(":").at(-1)), user: "postgres", database: "postgres" };
const client = new pg.Client(address);
await client.connect();
const sql = postgres({ ...address, max: 1 });
const order = { amount: 500 };
const kind = "returning jsonb_typeof(body) kind, body->>'amount' amount";
await client.query("create table orders (body jsonb)");
for (const [name, value] of [["object", order], ["text", JSON.stringify(order)], ["array", [order]]])
  for (const [driver, insert] of [
    ["pg", async () => (await client.query(`insert into orders values ($1) ${kind}`, [value])).rows],
    ["postgres", () => sql`insert into orders values (${value}) ${sql.unsafe(kind)}`],
  ]) {
    const outcome = await insert().then(([row]) => `${row.kind}, amount ${row.amount}`, (error) => error.message);
    console.log(`${name} by ${driver}: ${outcome}`);
  }
const text = JSON.stringify(order);
const cast = [(await client.query(`insert into orders values ($1::text::jsonb) ${kind}`, [text])).rows, await sql`insert into orders values (${text}::text::jsonb) ${sql.unsafe(kind)}`];
console.log("text with cast:", cast.map(([row]) => `${row.kind}, amount ${row.amount}`).join("; "));
process.exit();
E
NODE_NO_WARNINGS=1 node demo.mjs > seen
diff - seen <<'E'
object by pg: object, amount 500
object by postgres: object, amount 500
text by pg: object, amount 500
text by postgres: string, amount null
array by pg: invalid input syntax for type json
array by postgres: array, amount null
text with cast: object, amount 500; object, amount 500
E
echo "unchanged"
