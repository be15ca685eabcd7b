#!/usr/bin/env bash
# @connectrpc/connect-node 2.3.0, @grpc/grpc-js 1.14.7, node:http2 of Node 20.20.2 (the same in 22, 24 and 26)
#
# Expected: a client that starts 30 calls at a server with a limit of 5 concurrent HTTP/2 streams queues 25 of them. A stream refused with
#   REFUSED_STREAM was never processed, so it is safe to send again.
# Happens: the first burst on a new connection leaves before the server's SETTINGS arrive (node:http2 assumes a limit of 100 until then). The
#   server refuses 25 streams. connect-node reports each as `internal` and does not retry; grpc-js retries, and all 30 pass. A
#   second burst on the same connection passes in both.
# Why it matters: a start-up burst or a reconnect fails most calls, with a code that no retry policy covers and that leaves open
#   whether a payment was taken. Tests with one call at a time never see it.
# What to do: connect first, `await sessionManager.connect()`, or make one call and wait for it; treat `internal` with the text
#   NGHTTP2_REFUSED_STREAM as "not processed" and retry.
set -euo pipefail
dir=$(mktemp -d); trap 'rm -rf "$dir"' EXIT; cd "$dir"

echo '{"type":"module"}' > package.json
npm install --silent --no-audit --no-fund --ignore-scripts @grpc/grpc-js@1.14.7 @connectrpc/connect@2.3.0 @connectrpc/connect-node@2.3.0 @bufbuild/protobuf@2.17.0
cat > demo.mjs <<'E'
import http2 from "node:http2";
import { create, createFileRegistry } from "@bufbuild/protobuf";
import { FileDescriptorProtoSchema } from "@bufbuild/protobuf/wkt";
import { Code, createClient } from "@connectrpc/connect";
import { createGrpcTransport, Http2SessionManager } from "@connectrpc/connect-node";
import grpc from "@grpc/grpc-js";

const server = http2.createServer({ settings: { maxConcurrentStreams: 5 } });
server.on("stream", (stream) => {
  stream.on("error", () => {}); // the refused ones
  setTimeout(() => {
    if (stream.destroyed) return;
    stream.respond({ ":status": 200, "content-type": "application/grpc+proto" }, { waitForTrailers: true });
    stream.on("wantTrailers", () => stream.sendTrailers({ "grpc-status": "0" }));
    stream.end(Buffer.alloc(5));
  }, 50);
});
await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
const address = `127.0.0.1:${server.address().port}`;
const Shop = createFileRegistry(create(FileDescriptorProtoSchema, { name: "shop.proto", package: "shop", syntax: "proto3", messageType: [{ name: "Empty" }],
  service: [{ name: "Shop", method: [{ name: "Pay", inputType: ".shop.Empty", outputType: ".shop.Empty" }] }] }), () => undefined).getService("shop.Shop");

async function burst(name, call) {
  const seen = {};
  await Promise.all(Array.from({ length: 30 }, async () => { const outcome = await call(); seen[outcome] = (seen[outcome] ?? 0) + 1; }));
  console.log(name, Object.entries(seen).sort().map((entry) => entry.join(": ")).join(", "));
}
const plain = new grpc.Client(address, grpc.credentials.createInsecure());
await burst("grpc-js", () => new Promise((resolve) => plain.makeUnaryRequest("/shop.Shop/Pay", (x) => x, (x) => x, Buffer.alloc(0), (error) => resolve(error ? error.details : "ok"))));
for (const connected of [false, true]) {
  const sessionManager = new Http2SessionManager(`http://${address}`);
  if (connected) { await sessionManager.connect(); await new Promise((resolve) => setTimeout(resolve, 200)); }
  const client = createClient(Shop, createGrpcTransport({ baseUrl: `http://${address}`, sessionManager }));
  const call = () => client.pay({}).then(() => "ok", (error) => `${Code[error.code]} ${error.rawMessage}`);
  await burst(connected ? "connect-node, connected first" : "connect-node, first burst", call);
  await burst("connect-node, second burst", call);
}
process.exit();
E
node demo.mjs > seen
diff - seen <<'E'
grpc-js ok: 30
connect-node, first burst Internal Stream closed with error code NGHTTP2_REFUSED_STREAM: 25, ok: 5
connect-node, second burst ok: 30
connect-node, connected first ok: 30
connect-node, second burst ok: 30
E
echo "unchanged"
