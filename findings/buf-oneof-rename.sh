#!/usr/bin/env bash
# @bufbuild/buf 1.74.0
#
# Expected: the category WIRE of `buf breaking` ignores names, since the binary format has none. A renamed
#   field or message passes.
# Happens: a renamed oneof fails: each member "moved from oneof "kind" to oneof "method"". The bytes are the
#   same before and after.
# Why it matters: teams choose WIRE to be free in names while signed bytes stay. The error looks as if
#   signatures would break; renaming back a generated property (`kind` to `method`) then costs a new field
#   number, which would really change the bytes.
# What to do: rename, renew the baseline image in the same commit, or except FIELD_SAME_ONEOF for this file.
#   A rename does change generated code and protobuf-es's property, so category FILE is right to flag it.
set -euo pipefail
dir=$(mktemp -d); trap 'rm -rf "$dir"' EXIT; cd "$dir"

echo '{}' > package.json
npm install --silent --no-audit --no-fund --ignore-scripts @bufbuild/buf@1.74.0
mkdir old oneof field
cat > old/pay.proto <<'E'
syntax = "proto3";
package pay.v1;
message Payment {
  uint64 quarks = 1;
  oneof kind {
    string card = 2;
    string wallet = 3;
  }
}
E
sed 's/oneof kind/oneof method/' old/pay.proto > oneof/pay.proto
sed 's/quarks/amount/' old/pay.proto > field/pay.proto
for changed in field oneof; do
  printf 'version: v2\nbreaking:\n  use:\n    - WIRE\n' > $changed/buf.yaml
  echo "$changed renamed:"; node_modules/.bin/buf breaking $changed --against old --error-format=json | node -e '
    for (const line of require("fs").readFileSync(0, "utf8").split("\n").filter(Boolean)) console.log(JSON.parse(line).type, /^Field "\d" with name "\w+"/.exec(JSON.parse(line).message)[0]);' || true
done > seen
diff - seen <<'E'
field renamed:
oneof renamed:
FIELD_SAME_ONEOF Field "2" with name "card"
FIELD_SAME_ONEOF Field "3" with name "wallet"
E
echo "unchanged"
