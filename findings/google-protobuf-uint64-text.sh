#!/usr/bin/env bash
# google-protobuf 3.21.4 and 4.0.3 (the JavaScript runtime of protoc's own generator)
#
# Expected: the getter of a uint64 field returns a number, as its generated types say, or throws if a number
#   cannot hold the value.
# Happens: 3.21 rounds 2^53 + 1 to 2^53, and encoding the message again writes the rounded value. 4.0
#   returns a number up to 2^53 - 1 and text beyond, value by value. `amount + 1` then appends a digit:
#   9007199254740993 becomes 90071992547409931, without an error.
# Why it matters: 3.21 breaks a signature by decoding and encoding. After the update small amounts are added
#   and large ones are concatenated; tests with ordinary amounts see neither.
# What to do: declare the fields `[jstype = JS_STRING]`, which gives text for all values, and convert by
#   BigInt; or use protobuf-es.
set -euo pipefail
dir=$(mktemp -d); trap 'rm -rf "$dir"' EXIT; cd "$dir"

cat > demo.cjs <<'E'
const { UInt64Value } = require("google-protobuf/google/protobuf/wrappers_pb.js");
for (const hex of ["08ffffffffffffff0f", "088180808080808010"]) {
  const message = UInt64Value.deserializeBinary(Buffer.from(hex, "hex"));
  const amount = message.getValue();
  console.log(typeof amount, amount, "+ 1 =", amount + 1, "same bytes again:", Buffer.from(message.serializeBinary()).toString("hex") === hex);
}
E
for version in 3.21.4 4.0.3; do
  echo '{}' > package.json
  npm install --silent --no-audit --no-fund google-protobuf@$version
  echo $version; node demo.cjs
done > seen
diff - seen <<'E'
3.21.4
number 9007199254740991 + 1 = 9007199254740992 same bytes again: true
number 9007199254740992 + 1 = 9007199254740992 same bytes again: false
4.0.3
number 9007199254740991 + 1 = 9007199254740992 same bytes again: true
string 9007199254740993 + 1 = 90071992547409931 same bytes again: true
E
echo "unchanged"
