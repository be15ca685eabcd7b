#!/usr/bin/env bash
# @grpc/grpc-js 1.14.7, @connectrpc/connect-node 2.3.0, grpcio 1.76.0
#
# Expected: a gRPC client that gets an HTML page with status 200 (a login page, a maintenance page, the
#   wrong port) reports the content type, as the gRPC specification demands for a response that is not gRPC.
# Happens: grpc-js reads the page as a message: "<" is the compression flag, "html" the length. It reports
#   RESOURCE_EXHAUSTED, "Received message larger than max (1752460652 vs 4194304)". grpcio reports UNKNOWN,
#   "Stream removed". connect-node names the type.
# Why it matters: RESOURCE_EXHAUSTED means quota or rate limit to retry policies and dashboards, so payments
#   are retried against a proxy's page, and raising the message limit does not help.
# What to do: read 1752460652 in this error as "html". Answer gRPC paths with an HTTP status other than 200
#   and no body.
set -euo pipefail
dir=$(mktemp -d); trap 'rm -rf "$dir"' EXIT; cd "$dir"

echo '{"type":"module"}' > package.json
npm install --silent --no-audit --no-fund --ignore-scripts @grpc/grpc-js@1.14.7 @connectrpc/connect@2.3.0 @connectrpc/connect-node@2.3.0 @bufbuild/protobuf@2.17.0
python3 -m venv py && py/bin/pip install -q --disable-pip-version-check grpcio==1.76.0
cat > demo.py <<'E'
import grpc, sys
with grpc.insecure_channel(sys.argv[1]) as channel:
    try: channel.unary_unary('/shop.Shop/Pay')(b'', timeout=10)
    except grpc.RpcError as error: print('grpcio', error.code().name, error.details())
E
cat > demo.mjs <<'E'
import { execFile } from "node:child_process";
import http2 from "node:http2";
import { promisify } from "node:util";
import { create, createFileRegistry } from "@bufbuild/protobuf";
import { FileDescriptorProtoSchema } from "@bufbuild/protobuf/wkt";
import { Code, createClient } from "@connectrpc/connect";
import { createGrpcTransport } from "@connectrpc/connect-node";
import grpc from "@grpc/grpc-js";

const server = http2.createServer((_, response) => { response.setHeader("content-type", "text/html"); response.end("<html><body>Sign in</body></html>"); });
await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
const address = `127.0.0.1:${server.address().port}`;

const plain = new grpc.Client(address, grpc.credentials.createInsecure());
await new Promise((resolve) => plain.makeUnaryRequest("/shop.Shop/Pay", (x) => x, (x) => x, Buffer.alloc(0), (error) => {
  console.log("grpc-js", grpc.status[error.code], error.details);
  resolve();
}));
const Shop = createFileRegistry(create(FileDescriptorProtoSchema, { name: "shop.proto", package: "shop", syntax: "proto3", messageType: [{ name: "Empty" }],
  service: [{ name: "Shop", method: [{ name: "Pay", inputType: ".shop.Empty", outputType: ".shop.Empty" }] }] }), () => undefined).getService("shop.Shop");
await createClient(Shop, createGrpcTransport({ baseUrl: `http://${address}` })).pay({}).catch((error) => console.log("connect-node", Code[error.code], error.rawMessage));
process.stdout.write((await promisify(execFile)("py/bin/python", ["demo.py", address])).stdout);
process.exit();
E
node demo.mjs > seen
diff - seen <<'E'
grpc-js RESOURCE_EXHAUSTED Received message larger than max (1752460652 vs 4194304)
connect-node Unknown unsupported content type text/html
grpcio UNKNOWN Stream removed
E
echo "unchanged"
