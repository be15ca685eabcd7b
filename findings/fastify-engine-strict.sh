#!/usr/bin/env bash
# fastify 5.12.8 with light-my-request 6.8.1, npm on Node.js 20 or 22
#
# Expected: Fastify 5 supports Node.js 20, so a project with `engine-strict=true` installs it there.
# Happens: its range ^6.0.0 of light-my-request resolves to 6.8.1, whose cookie 2 requires Node.js 22. The
#   installation on Node.js 20 fails with EBADENGINE, or warns without `engine-strict`. fastify and light-my-request
#   state no engine themselves.
# Why it matters: a fresh install without a lockfile breaks, although no direct dependency changed.
# What to do: pin the last version with cookie 1: `"overrides": { "light-my-request": "6.6.0" }`.
set -euo pipefail
dir=$(mktemp -d); trap 'rm -rf "$dir"' EXIT; cd "$dir"

engines() { node -p "const engines = require('./node_modules/$1/package.json').engines; engines === undefined ? 'none' : engines.node"; }
install() {
  rm -rf node_modules package-lock.json
  npm install --silent --no-audit --no-fund "$@"
}
{
  echo '{}' > package.json
  install fastify@5.12.8 light-my-request@6.8.1 cookie@2.0.2
  for name in fastify light-my-request cookie; do echo "$name: $(engines $name)"; done
  node -p "'fastify wants light-my-request ' + require('./node_modules/fastify/package.json').dependencies['light-my-request']"
  echo '{ "overrides": { "light-my-request": "6.6.0" } }' > package.json
  install --engine-strict fastify@5.12.8
  echo "with the override, cookie: $(engines cookie)"
} > seen
diff - seen <<'E'
fastify: none
light-my-request: none
cookie: >=22
fastify wants light-my-request ^6.0.0
with the override, cookie: >=18
E
echo "unchanged"
