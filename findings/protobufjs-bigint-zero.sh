#!/usr/bin/env bash
# protobufjs 8.8.1
#
# Expected: `encode` writes a BigInt in a uint64 field, or throws.
# Happens: it writes zero, for every BigInt, without an error. Text that is a number is encoded correctly.
#   `verify` reports the BigInt, and `fromObject` converts it, but `encode` alone accepts any object and looks
#   at neither.
# Why it matters: amounts in the smallest unit are BigInts in modern code and in protobuf-es. A service that
#   moves its values to protobufjs sends valid messages over an amount of 0.
# What to do: pass everything through `fromObject` (or `Long.fromBigInt`) before `encode`; compare a decoded
#   amount in a test.
set -euo pipefail
dir=$(mktemp -d); trap 'rm -rf "$dir"' EXIT; cd "$dir"

echo '{"type":"module"}' > package.json
npm install --silent --no-audit --no-fund --ignore-scripts protobufjs@8.8.1
cat > demo.mjs <<'E'
import protobuf from "protobufjs";
const Payment = protobuf.parse('syntax = "proto3"; message Payment { uint64 quarks = 1; }').root.lookupType("Payment");
const decoded = (bytes) => String(Payment.decode(bytes).quarks);
for (const quarks of [700000, "700000", 700000n]) {
  const payment = { quarks };
  console.log(typeof quarks, "encode:", decoded(Payment.encode(payment).finish()), "fromObject + encode:", decoded(Payment.encode(Payment.fromObject(payment)).finish()), "verify:", Payment.verify(payment));
}
E
node demo.mjs > seen
diff - seen <<'E'
number encode: 700000 fromObject + encode: 700000 verify: null
string encode: 700000 fromObject + encode: 700000 verify: quarks: integer|Long expected
bigint encode: 0 fromObject + encode: 700000 verify: quarks: integer|Long expected
E
echo "unchanged"
