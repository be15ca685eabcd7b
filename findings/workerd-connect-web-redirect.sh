#!/usr/bin/env bash
# workerd 1.20261117.1, @connectrpc/connect-web 2.3.0, esbuild 0.28.2
#
# Expected: connect-web needs `fetch` alone, so it runs in Cloudflare's workerd as in a browser.
# Happens: every call fails with code `unknown`: "Invalid redirect value, must be one of "follow" or
#   "manual"". connect-web asks for `redirect: "error"`, a value of the fetch standard that workerd does not
#   implement.
# Why it matters: a client that was tested in Node and in browsers makes no call at all in a worker, and the
#   code `unknown` reads like an answer of the server, whose outcome is open. Nothing was sent.
# What to do: give the transport a fetch that replaces the value: `fetch: (url, init) => fetch(url, {
#   ...init, redirect: "manual" })`. A redirect then ends as an error of the response's status or content
#   type.
set -euo pipefail
dir=$(mktemp -d); trap 'rm -rf "$dir"' EXIT; cd "$dir"

echo '{"type":"module"}' > package.json
npm install --silent --no-audit --no-fund --ignore-scripts @cloudflare/workerd-linux-64@1.20261117.1 @connectrpc/connect@2.3.0 @connectrpc/connect-web@2.3.0 @bufbuild/protobuf@2.17.0 esbuild@0.28.2
cat > worker.mjs <<'E'
import { create, createFileRegistry } from "@bufbuild/protobuf";
import { FileDescriptorProtoSchema } from "@bufbuild/protobuf/wkt";
import { createClient } from "@connectrpc/connect";
import { createConnectTransport } from "@connectrpc/connect-web";
const Shop = createFileRegistry(create(FileDescriptorProtoSchema, { name: "shop.proto", package: "shop", syntax: "proto3", messageType: [{ name: "Empty" }],
  service: [{ name: "Shop", method: [{ name: "Pay", inputType: ".shop.Empty", outputType: ".shop.Empty" }] }] }), () => undefined).getService("shop.Shop");
const manual = (url, init) => fetch(url, { ...init, redirect: "manual" });
export default { async fetch(request) {
  const baseUrl = new URL(request.url).searchParams.get("server");
  const call = (fetch) => createClient(Shop, createConnectTransport({ baseUrl, fetch })).pay({}).then(() => "ok", (error) => error.message);
  return new Response(`as it is: ${await call(undefined)}\nwith manual: ${await call(manual)}\n`);
} };
E
node_modules/.bin/esbuild worker.mjs --bundle --format=esm --outfile=bundle.mjs --log-level=error
cat > config.capnp <<'E'
using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [ (name = "main", worker = .shop), (name = "internet", network = (allow = ["private"])) ],
  sockets = [ (name = "http", address = "127.0.0.1:0", http = (), service = "main") ] );
const shop :Workerd.Worker = ( modules = [ (name = "bundle.mjs", esModule = embed "bundle.mjs") ], compatibilityDate = "2026-10-01" );
E
cat > demo.mjs <<'E'
import { spawn } from "node:child_process";
import http from "node:http";
const server = http.createServer((_, response) => response.setHeader("content-type", "application/json").end("{}"));
await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
const workerd = spawn("node_modules/@cloudflare/workerd-linux-64/bin/workerd", ["serve", "config.capnp", "--control-fd=3"], { stdio: ["ignore", "inherit", "inherit", "pipe"] });
const port = await new Promise((resolve) => workerd.stdio[3].on("data", (line) => { const found = /"port":(\d+)/.exec(line); if (found) resolve(found[1]); }));
process.stdout.write(await (await fetch(`http://127.0.0.1:${port}/?server=http://127.0.0.1:${server.address().port}`)).text());
workerd.kill();
process.exit();
E
node demo.mjs > seen
diff - seen <<'E'
as it is: [unknown] Invalid redirect value, must be one of "follow" or "manual" ("error" won't be implemented since it does not make sense at the edge; use "manual" and check the response status code).
with manual: ok
E
echo "unchanged"
