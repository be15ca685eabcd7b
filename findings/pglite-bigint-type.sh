#!/usr/bin/env bash
# @electric-sql/pglite 0.5.17
#
# Expected: a column has one JavaScript type. pg and postgres return bigint as text, other drivers can be
#   set to BigInt.
# Happens: PGlite returns a bigint as a number up to 2^53 - 1 and as a BigInt beyond, value by value, within
#   one row.
# Why it matters: PGlite is used as the PostgreSQL of tests. Sums, `===`, and JSON.stringify work with every
#   small test amount and throw a TypeError with the first large one; code tested on it meets text in
#   production.
# What to do: install the production driver's parser: `new PGlite({ parsers: { 20: (text) => text } })` (20
#   is int8), or BigInt.
set -euo pipefail
dir=$(mktemp -d); trap 'rm -rf "$dir"' EXIT; cd "$dir"

echo '{"type":"module"}' > package.json
npm install --silent --no-audit --no-fund @electric-sql/pglite@0.5.17
cat > demo.mjs <<'E'
import { PGlite } from "@electric-sql/pglite";
for (const options of [{}, { parsers: { 20: (text) => text } }]) {
  const db = new PGlite(options);
  const [{ small, large }] = (await db.query("select 9007199254740991::bigint small, 9007199254740993::bigint large")).rows;
  console.log(typeof small, String(small), typeof large, String(large));
  await db.close();
}
E
node demo.mjs > seen
diff - seen <<'E'
number 9007199254740991 bigint 9007199254740993
string 9007199254740991 string 9007199254740993
E
echo "unchanged"
