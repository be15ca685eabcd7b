#!/usr/bin/env bash
# pg 8.23.1, postgres 3.4.9, against PGlite 0.5.14 with @electric-sql/pglite-socket 0.2.17
#
# Expected: a signature from WebCrypto stored in a bytea column has 64 bytes.
# Happens: `crypto.subtle.sign` returns an ArrayBuffer. postgres stores its bytes. pg knows Buffer and typed
#   arrays only and passes other objects through JSON.stringify, so the column holds the two characters `{}`,
#   without an error.
# Why it matters: the signature is lost when it is stored, and the loss shows when it is needed. A move from
#   postgres to pg, or from node:crypto (which returns a Buffer) to WebCrypto, starts it.
# What to do: wrap the result, `new Uint8Array(signature)`; add `check (octet_length(signature) = 64)` to
#   the column.
set -euo pipefail
dir=$(mktemp -d); trap 'rm -rf "$dir"' EXIT; cd "$dir"

echo '{"type":"module"}' > package.json
npm install --silent --no-audit --no-fund --legacy-peer-deps @electric-sql/pglite@0.5.14 @electric-sql/pglite-socket@0.2.17 pg@8.23.1 postgres@3.4.9
cat > demo.mjs <<'E'
import { PGlite } from "@electric-sql/pglite";
import { PGLiteSocketServer } from "@electric-sql/pglite-socket";
import pg from "pg";
import postgres from "postgres";

const db = await PGlite.create();
const server = new PGLiteSocketServer({ db, host: "127.0.0.1", port: 0 });
await server.start();
const address = { host: "127.0.0.1", port: Number(server.getServerConn().split(":").at(-1)), user: "postgres", database: "postgres" };
const { privateKey } = await crypto.subtle.generateKey("Ed25519", false, ["sign", "verify"]);
const signature = await crypto.subtle.sign("Ed25519", privateKey, new Uint8Array(20));

const client = new pg.Client(address);
await client.connect();
await client.query("create table payments (signature bytea)");
const insert = "insert into payments values ($1) returning octet_length(signature) n, case octet_length(signature) when 2 then encode(signature, 'escape') end text";
for (const value of [signature, new Uint8Array(signature)]) {
  const { n, text } = (await client.query(insert, [value])).rows[0];
  console.log("pg", value.constructor.name, n, text);
}
await client.end();
const sql = postgres({ ...address, max: 1 });
console.log("postgres", signature.constructor.name, (await sql`insert into payments values (${signature}) returning octet_length(signature) n`)[0].n);
await sql.end();
await server.stop();
await db.close();
E
NODE_NO_WARNINGS=1 node demo.mjs > seen
diff - seen <<'E'
pg ArrayBuffer 2 {}
pg Uint8Array 64 null
postgres ArrayBuffer 64
E
echo "unchanged"
