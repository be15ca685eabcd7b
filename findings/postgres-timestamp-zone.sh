#!/usr/bin/env bash
# pg 8.23.1, postgres 3.4.9, against PGlite 0.5.14 with @electric-sql/pglite-socket 0.2.17, process in
#   TZ=America/New_York
#
# Expected: a Date written to a `timestamp` column (without time zone) and read by the same driver is the
#   same instant.
# Happens: with postgres it moves by the process's offset from UTC, here four hours: it writes the UTC time
#   and reads it as local time. pg writes and reads local time, so its round trip holds; rows written by
#   postgres are wrong under both. In UTC all of it works.
# Why it matters: servers run in UTC and laptops do not, so an order's expiry is right in production and
#   hours off for the developer, or wrong for a batch job in another zone. Replacing one driver by the other
#   shifts all stored times.
# What to do: use `timestamptz`, for which both agree; or store milliseconds as bigint.
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
await client.query("create table orders (driver text, plain timestamp, zoned timestamptz)");
const expires = new Date("2026-07-01T12:00:00Z");
await client.query("insert into orders values ('pg', $1, $2)", [expires, expires]);
await sql`insert into orders values ('postgres', ${expires}, ${expires})`;
const select = "select driver, plain, plain::text stored, zoned from orders order by driver";
for (const [reader, rows] of [["pg", (await client.query(select)).rows], ["postgres", await sql.unsafe(select)]])
  for (const { driver, stored, plain, zoned } of rows)
    console.log(`written by ${driver} as ${stored}, read by ${reader}: ${plain.toISOString()}; timestamptz: ${zoned.toISOString()}`);
process.exit();
E
TZ=America/New_York NODE_NO_WARNINGS=1 node demo.mjs > seen
diff - seen <<'E'
written by pg as 2026-07-01 08:00:00, read by pg: 2026-07-01T12:00:00.000Z; timestamptz: 2026-07-01T12:00:00.000Z
written by postgres as 2026-07-01 12:00:00, read by pg: 2026-07-01T16:00:00.000Z; timestamptz: 2026-07-01T12:00:00.000Z
written by pg as 2026-07-01 08:00:00, read by postgres: 2026-07-01T12:00:00.000Z; timestamptz: 2026-07-01T12:00:00.000Z
written by postgres as 2026-07-01 12:00:00, read by postgres: 2026-07-01T16:00:00.000Z; timestamptz: 2026-07-01T12:00:00.000Z
E
echo "unchanged"
