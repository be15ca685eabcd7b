#!/usr/bin/env bash
# @connectrpc/connect-node 2.3.0, @grpc/grpc-js 1.14.7, node:http2 of Node 20.20.2 (22, 24, 26 alike)
#
# Expected: a client that starts 30 calls at a server with a limit of 5 concurrent HTTP/2 streams queues 25
#   of them. A stream refused with REFUSED_STREAM was never processed, so it is safe to send again.
# Happens: the first burst on a new connection leaves before the server's SETTINGS arrive (node:http2
#   assumes a limit of 100 until then). The server refuses 25 streams. connect-node reports each as `internal`
#   and does not retry; grpc-js retries, and all 30 pass. A second burst on the same connection passes in
#   both.
# Why it matters: a start-up burst or a reconnect fails most calls, with a code that no retry policy covers
#   and that leaves open whether a payment was taken. Tests with one call at a time never see it.
# What to do: make one call and wait for it before a burst (`sessionManager.connect()` is not enough, since it
#   resolves before SETTINGS arrive); treat `internal` with the text NGHTTP2_REFUSED_STREAM as "not processed".
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
for (const first of ["nothing", "sessionManager.connect()", "one call"]) {
  const sessionManager = new Http2SessionManager(`http://${address}`);
  const client = createClient(Shop, createGrpcTransport({ baseUrl: `http://${address}`, sessionManager }));
  if (first === "sessionManager.connect()") await sessionManager.connect();
  if (first === "one call") await client.pay({});
  const call = () => client.pay({}).then(() => "ok", (error) => `${Code[error.code]} ${error.rawMessage}`);
  await burst(`connect-node after ${first}:`, call);
  await burst("  second burst:", call);
}
process.exit();
E
node demo.mjs > seen
diff - seen <<'E'
grpc-js ok: 30
connect-node after nothing: Internal Stream closed with error code NGHTTP2_REFUSED_STREAM: 25, ok: 5
  second burst: ok: 30
connect-node after sessionManager.connect(): Internal Stream closed with error code NGHTTP2_REFUSED_STREAM: 25, ok: 5
  second burst: ok: 30
connect-node after one call: ok: 30
  second burst: ok: 30
E
echo "unchanged"
