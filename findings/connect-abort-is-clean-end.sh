#!/usr/bin/env bash
# @connectrpc/connect-node 2.1.2 and 2.3.0, over Connect and gRPC on HTTP/2
#
# Expected: if the client aborts a streaming call, the handler's loop over its input throws, as with a lost
#   connection.
# Happens: the loop ends as if the client had sent everything. Only `context.signal` is aborted, after the
#   loop has ended, with an AbortError, as it is after each finished call. (2.3.0 does throw if the abort is
#   called in the body of the client's loop.)
# Why it matters: a handler that collects items and commits after the loop ("the client is done") commits
#   half of an upload or of a batch of payments when the user closes the tab.
# What to do: never take the end of input as consent. Let the client send an explicit last message, or a
#   count up front.
set -euo pipefail
dir=$(mktemp -d); trap 'rm -rf "$dir"' EXIT; cd "$dir"

cat > demo.mjs <<'E'
import http2 from "node:http2";
import { create, createFileRegistry } from "@bufbuild/protobuf";
import { FileDescriptorProtoSchema } from "@bufbuild/protobuf/wkt";
import { createClient } from "@connectrpc/connect";
import { connectNodeAdapter, createConnectTransport, createGrpcTransport } from "@connectrpc/connect-node";

const Shop = createFileRegistry(create(FileDescriptorProtoSchema, { name: "shop.proto", package: "shop", syntax: "proto3", messageType: [{ name: "Item" }],
  service: [{ name: "Shop", method: [{ name: "Batch", inputType: ".shop.Item", outputType: ".shop.Item", clientStreaming: true, serverStreaming: true }] }] }), () => undefined).getService("shop.Shop");
let report;
const server = http2.createServer(connectNodeAdapter({ routes: (router) => router.service(Shop, {
  async *batch(items) {
    let count = 0;
    try { for await (const _ of items) { count++; yield {}; } report(`handler: end of input after ${count} item`); }
    catch (error) { report(`handler: ${error.name}`); throw error; }
  },
}) }));
await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
const baseUrl = `http://127.0.0.1:${server.address().port}`;
for (const [name, transport] of [["connect", createConnectTransport({ baseUrl, httpVersion: "2" })], ["grpc", createGrpcTransport({ baseUrl })]]) {
  const reported = new Promise((resolve) => { report = resolve; });
  const abort = new AbortController();
  async function* twoItems() { yield {}; await new Promise((resolve) => setTimeout(resolve, 2000)); yield {}; }
  try { for await (const _ of createClient(Shop, transport).batch(twoItems(), { signal: abort.signal })) setTimeout(() => abort.abort(), 50); }
  catch (error) { console.log(name, "client:", error.message, "-", await reported); }
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
connect client: [canceled] This operation was aborted - handler: end of input after 1 item
grpc client: [canceled] This operation was aborted - handler: end of input after 1 item
2.3.0
connect client: [canceled] This operation was aborted - handler: end of input after 1 item
grpc client: [canceled] This operation was aborted - handler: end of input after 1 item
E
echo "unchanged"
