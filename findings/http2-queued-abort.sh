#!/usr/bin/env bash
# node:http2 of Node 20.20.2, 22.23.0 and 24.21.0
#
# Expected: a request that is closed or aborted while it waits for room below the peer's
#   SETTINGS_MAX_CONCURRENT_STREAMS is over: it emits `close`, like a request that was sent.
# Happens: it emits nothing and is not destroyed until another stream of the connection ends. If all of them are
#   long, that is never.
# Why it matters: a client with long streams (watches behind a proxy that allows 100 of them) waits for `close`
#   to release what belongs to a call, and never does.
# What to do: count the open streams, read `session.remoteSettings`, and do not request beyond the limit; release
#   on the abort signal too.
set -euo pipefail
dir=$(mktemp -d); trap 'rm -rf "$dir"' EXIT; cd "$dir"

cat > demo.mjs <<'E'
import http2 from "node:http2";
import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
const server = http2.createServer({ settings: { maxConcurrentStreams: 1 } });
server.on("stream", (stream) => { stream.on("error", () => {}); stream.respond(); });
server.listen(0, "127.0.0.1");
await once(server, "listening");
const session = http2.connect(`http://127.0.0.1:${server.address().port}`);
await once(session, "remoteSettings");
const long = session.request();
await once(long, "response");
const queued = session.request({}, { endStream: true });
const events = [];
for (const name of ["aborted", "error", "close"]) queued.on(name, () => events.push(name));
await sleep(100);
queued.close(http2.constants.NGHTTP2_CANCEL);
await sleep(1000);
console.log(`a second after close(): pending ${queued.pending}, closed ${queued.closed}, destroyed ${queued.destroyed}, events: ${events.join(" ") || "none"}`);
long.close();
await once(long, "close");
await sleep(500);
console.log(`after the first stream ended: pending ${queued.pending}, destroyed ${queued.destroyed}, events: ${events.join(" ") || "none"}`);
process.exit();
E
for version in 20.20.2 22.23.0 24.21.0; do
  npm install --silent --no-audit --no-fund --prefix "$version" "node@$version"
  echo "Node $version"; "$version/node_modules/.bin/node" demo.mjs
done > seen
diff - seen <<'E'
Node 20.20.2
a second after close(): pending false, closed true, destroyed false, events: none
after the first stream ended: pending false, destroyed true, events: close
Node 22.23.0
a second after close(): pending false, closed true, destroyed false, events: none
after the first stream ended: pending false, destroyed true, events: close
Node 24.21.0
a second after close(): pending false, closed true, destroyed false, events: none
after the first stream ended: pending false, destroyed true, events: close
E
echo "unchanged"
