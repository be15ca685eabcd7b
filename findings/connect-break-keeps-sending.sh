#!/usr/bin/env bash
# @connectrpc/connect-node 2.1.2 and 2.3.0
#
# Expected: leaving a `for await` loop over a server stream by `break` or `return` cancels the call, as for
#   each other async iterable.
# Happens: in 2.1.2 the call goes on. The server's signal is not aborted, and the handler sends until it
#   ends. 2.3.0 cancels.
# Why it matters: "wait for the first event, then break" is the usual way to await a payment. In 2.1 each
#   such wait leaves a stream open until the server ends it; they add up to the limit of streams of the
#   connection.
# What to do: in 2.1 pass `signal` and abort it in `finally`. In 2.3 check code that relied on the rest of
#   the stream being sent.
set -euo pipefail
dir=$(mktemp -d); trap 'rm -rf "$dir"' EXIT; cd "$dir"

cat > demo.mjs <<'E'
import http2 from "node:http2";
import { create, createFileRegistry } from "@bufbuild/protobuf";
import { FileDescriptorProtoSchema } from "@bufbuild/protobuf/wkt";
import { createClient } from "@connectrpc/connect";
import { connectNodeAdapter, createConnectTransport, createGrpcTransport } from "@connectrpc/connect-node";

const Shop = createFileRegistry(create(FileDescriptorProtoSchema, { name: "shop.proto", package: "shop", syntax: "proto3", messageType: [{ name: "Event" }],
  service: [{ name: "Shop", method: [{ name: "Watch", inputType: ".shop.Event", outputType: ".shop.Event", serverStreaming: true }] }] }), () => undefined).getService("shop.Shop");
let report;
const server = http2.createServer(connectNodeAdapter({ routes: (router) => router.service(Shop, {
  async *watch(_, { signal }) {
    for (let n = 0; n < 200 && !signal.aborted; n++) { yield {}; await new Promise((resolve) => setTimeout(resolve, 5)); }
    report(signal.aborted ? "server: cancelled" : "server: sent all 200 events");
  },
}) }));
await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
const baseUrl = `http://127.0.0.1:${server.address().port}`;
for (const [name, transport] of [["connect", createConnectTransport({ baseUrl, httpVersion: "2" })], ["grpc", createGrpcTransport({ baseUrl })]]) {
  const reported = new Promise((resolve) => { report = resolve; });
  for await (const _ of createClient(Shop, transport).watch({})) break;
  console.log(name, await reported);
}
process.exit();
E
for version in 2.1.2 2.3.0; do
  echo '{"type":"module"}' > package.json
  npm install --silent --no-audit --no-fund @connectrpc/connect@$version @connectrpc/connect-node@$version @bufbuild/protobuf@2.13.0
  echo $version; node demo.mjs
done > seen
diff - seen <<'E'
2.1.2
connect server: sent all 200 events
grpc server: sent all 200 events
2.3.0
connect server: cancelled
grpc server: cancelled
E
echo "unchanged"
