#!/usr/bin/env bash
# libsql 0.5.29
#
# Expected: libsql has the interface of better-sqlite3, so `get` returns an object with the columns of the
#   row.
# Happens: `get` adds an enumerable property `_metadata` with the call's duration. `all` and `iterate` do
#   not.
# Why it matters: the row cannot be compared, hashed or signed as it comes, two reads of one row differ, and
#   `insert` with the row's keys asks for a column `_metadata`. Tests written for better-sqlite3 fail at
#   random places.
# What to do: pick the columns by name, or read one row with `all(...)[0]`.
set -euo pipefail
dir=$(mktemp -d); trap 'rm -rf "$dir"' EXIT; cd "$dir"

echo '{}' > package.json
npm install --silent --no-audit --no-fund libsql@0.5.29
cat > demo.cjs <<'E'
const db = new (require("libsql"))(":memory:");
const statement = db.prepare("select 1 id, 500 amount");
console.log("get", Object.keys(statement.get()).join());
console.log("all", Object.keys(statement.all()[0]).join());
for (const row of statement.iterate()) console.log("iterate", Object.keys(row).join());
E
node demo.cjs > seen
diff - seen <<'E'
get id,amount,_metadata
all id,amount
iterate id,amount
E
echo "unchanged"
