#!/usr/bin/env bash
# @connectrpc/connect-node 2.1.2 and 2.3.0
#
# Expected: a gateway whose handler calls an upstream and lets its ConnectError pass behaves alike in 2.1
#   and 2.3: code, message, details and metadata reach the caller.
# Happens: in 2.3.0 the metadata is dropped on the way; code, message and details stay. The caller reads
#   `retry-after` as null.
# Why it matters: clients that wait for `retry-after` begin to retry at once after a minor update of the
#   gateway. No type and no error shows it.
# What to do: throw a new error with the headers that you mean to pass on: `new ConnectError(e.rawMessage,
#   e.code, { "retry-after": e.metadata.get("retry-after") }, undefined, e)`. It has no details.
set -euo pipefail
dir=$(mktemp -d); trap 'rm -rf "$dir"' EXIT; cd "$dir"

cat > demo.mjs <<'E'
import http2 from "node:http2";
import { create, createFileRegistry } from "@bufbuild/protobuf";
import { FileDescriptorProtoSchema, EmptySchema } from "@bufbuild/protobuf/wkt";
import { Code, ConnectError, createClient } from "@connectrpc/connect";
import { connectNodeAdapter, createConnectTransport } from "@connectrpc/connect-node";

const Shop = createFileRegistry(create(FileDescriptorProtoSchema, { name: "shop.proto", package: "shop", syntax: "proto3", messageType: [{ name: "Empty" }],
  service: [{ name: "Shop", method: [{ name: "Pay", inputType: ".shop.Empty", outputType: ".shop.Empty" }] }] }), () => undefined).getService("shop.Shop");
async function serve(pay) {
  const server = http2.createServer(connectNodeAdapter({ routes: (router) => router.service(Shop, { pay }) }));
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  return createClient(Shop, createConnectTransport({ baseUrl: `http://127.0.0.1:${server.address().port}`, httpVersion: "2" }));
}
const upstream = await serve(() => { throw new ConnectError("limit", Code.ResourceExhausted, { "retry-after": "3" }, [{ desc: EmptySchema, value: {} }]); });
const gateway = await serve(() => upstream.pay({}));
const copying = await serve(() => upstream.pay({}).catch((e) => { throw new ConnectError(e.rawMessage, e.code, { "retry-after": e.metadata.get("retry-after") }, undefined, e); }));
for (const [name, client] of Object.entries({ upstream, gateway, copying }))
  await client.pay({}).catch((e) => console.log(`${name}: ${e.message}, retry-after ${e.metadata.get("retry-after")}, details ${e.details.length}`));
process.exit();
E
for version in 2.1.2 2.3.0; do
  echo '{"type":"module"}' > package.json
  npm install --silent --no-audit --no-fund @connectrpc/connect@$version @connectrpc/connect-node@$version @bufbuild/protobuf@2.13.0
  echo $version; node demo.mjs
done > seen
diff - seen <<'E'
2.1.2
upstream: [resource_exhausted] limit, retry-after 3, details 1
gateway: [resource_exhausted] limit, retry-after 3, details 1
copying: [resource_exhausted] limit, retry-after 3, details 0
2.3.0
upstream: [resource_exhausted] limit, retry-after 3, details 1
gateway: [resource_exhausted] limit, retry-after null, details 1
copying: [resource_exhausted] limit, retry-after 3, details 0
E
echo "unchanged"
