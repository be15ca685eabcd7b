// Serves the function locally, with the events of an AWS service. Needs no account and no deployment.
//
//   node serve.mjs [http-api | rest-api | load-balancer]
import { once } from "node:events";
import { createServer } from "node:http";

const service = process.argv[2] ?? "http-api";
const server = createServer(async (request, response) => {
  const chunks = [];
  for await (const chunk of request) chunks.push(chunk);
  const { statusCode, headers, body } = await handler(
    /** @type {any} */ (eventOf(request, Buffer.concat(chunks))),
  );
  response.writeHead(statusCode, headers).end(body);
});
server.listen(Number(process.env.PORT ?? 3000), "127.0.0.1");
await once(server, "listening");
const { port } = /** @type {import("node:net").AddressInfo} */ (server.address());
process.env.PUBLIC_URL ??= `http://127.0.0.1:${port}`;
const { handler } = await import("./index.mjs");
console.log(`listening on http://127.0.0.1:${port}`);

/**
 * Builds the event of a service. API Gateway and function URLs send text types as they are and all others in
 * base64.
 *
 * @param {import("node:http").IncomingMessage} request
 * @param {Buffer} bytes
 */
function eventOf(request, bytes) {
  const { pathname, search } = new URL(request.url ?? "/", "http://localhost");
  const isText = /^(text\/|application\/json)/.test(request.headers["content-type"] ?? "");
  const isBase64Encoded = bytes.length > 0 && !isText;
  const body = bytes.length === 0 ? null : bytes.toString(isBase64Encoded ? "base64" : "utf8");
  const common = { headers: request.headers, body, isBase64Encoded };
  if (service === "http-api") {
    const http = { method: request.method, path: pathname };
    return {
      version: "2.0",
      rawPath: pathname,
      rawQueryString: search.slice(1),
      requestContext: { http },
      ...common,
    };
  }
  const event = { httpMethod: request.method, path: pathname, ...common };
  if (service === "load-balancer")
    return { ...event, requestContext: { elb: { targetGroupArn: "arn:aws:…" } } };
  // REST APIs keep the sender's spelling of header names.
  const names = request.rawHeaders.filter((_, index) => index % 2 === 0);
  const spelled = names.map((name, index) => [name, request.rawHeaders[2 * index + 1]]);
  const headers = Object.fromEntries(
    spelled.map(([name = "", value]) => [name.replace(/\b[a-z]/g, (l) => l.toUpperCase()), value]),
  );
  return { ...event, headers, requestContext: { stage: "prod", path: `/prod${pathname}` } };
}

for (const signal of ["SIGINT", "SIGTERM"]) {
  process.once(signal, () => {
    server.close();
    server.closeIdleConnections();
  });
}
