#!/usr/bin/env bash
# @electric-sql/pglite-socket 0.2.17 with @electric-sql/pglite 0.5.14, pg 8.23.1
#
# Expected: pglite-socket accepts several connections (`maxConnections`), so each is a session of
#   PostgreSQL, as at a real server.
# Happens: all connections are one session. A setting made on one is read on the other, both get the same
#   session advisory lock, and a notification goes to the connection that ran NOTIFY and not to the one that
#   listens.
# Why it matters: tests of a store's locks pass though the lock excludes nothing, and tests of LISTEN fail
#   though the code is right. One connection's `set` changes the other's behaviour.
# What to do: test locks, LISTEN and races on a real PostgreSQL; keep PGlite for queries over one
#   connection.
set -euo pipefail
dir=$(mktemp -d); trap 'rm -rf "$dir"' EXIT; cd "$dir"

echo '{"type":"module"}' > package.json
npm install --silent --no-audit --no-fund --legacy-peer-deps @electric-sql/pglite@0.5.14 @electric-sql/pglite-socket@0.2.17 pg@8.23.1
cat > demo.mjs <<'E'
import { PGlite } from "@electric-sql/pglite";
import { PGLiteSocketServer } from "@electric-sql/pglite-socket";
import pg from "pg";
const server = new PGLiteSocketServer({ db: await PGlite.create(), host: "127.0.0.1", port: 0, maxConnections: 4 });
await server.start();
const port = Number(server.getServerConn().split(":").at(-1));
const notified = [];
async function connect(name) {
  const client = new pg.Client({ host: "127.0.0.1", port, user: "postgres", database: "postgres" });
  await client.connect();
  return client.on("notification", () => notified.push(name));
}
const a = await connect("a");
const b = await connect("b");
const ask = async (client, sql) => Object.values((await client.query(sql)).rows[0])[0];

await a.query("set application_name = 'set by a'");
console.log("application_name in b:", await ask(b, "show application_name"));
console.log("lock in a:", await ask(a, "select pg_try_advisory_lock(1)"), "and in b:", await ask(b, "select pg_try_advisory_lock(1)"));
await a.query("listen paid");
await b.query("notify paid");
await a.query("select 1"); // a has answered again, so a notification for it would be here
console.log("a listens, b notifies; received by", notified.join());
process.exit();
E
NODE_NO_WARNINGS=1 node demo.mjs > seen
diff - seen <<'E'
application_name in b: set by a
lock in a: true and in b: true
a listens, b notifies; received by b
E
echo "unchanged"
