/** The server that received a request, as far as the request shows it. */
export type ServerKind = "express" | "fastify" | "koa" | "hono" | "fetch" | "lambda" | "node";

const advice: Readonly<Record<ServerKind, string>> = {
  express:
    'mount the webhook route before express.json() and similar parsers, or use express.raw({ type: "application/jwt" }) ' +
    "or express.text for it. NestJS: NestFactory.create(AppModule, { rawBody: true })",
  fastify:
    'addContentTypeParser("application/jwt", { parseAs: "string" }, (request, body, done) => done(null, body)), ' +
    "and call handler(request, reply)",
  koa:
    "mount the webhook route before the body parser, or let the parser keep the text: " +
    'bodyParser({ enableTypes: ["json", "text"], extendTypes: { text: ["application/jwt"] } })',
  hono: "pass the unread c.req.raw, and mount the route before middleware that reads the body",
  fetch: "pass the unread Request, before other code calls its text(), json() or arrayBuffer()",
  lambda: 'pass the text: Buffer.from(event.body, event.isBase64Encoded ? "base64" : "utf8")',
  node:
    "pass the request before other code reads it, or the framework's own request, which holds the body: " +
    "handler(request, reply) in Fastify, handler(ctx) in Koa",
};

const everyServer =
  'Express: express.text({ type: "application/jwt" }); Fastify: addContentTypeParser("application/jwt", { parseAs: "string" }, …); ' +
  "Koa: a route before the body parser; NestJS: { rawBody: true }; Hono: c.req.raw; " +
  'AWS Lambda: Buffer.from(event.body, event.isBase64Encoded ? "base64" : "utf8")';

/** Returns how a server passes the raw body on, or how each server does if it is unknown. */
export function rawBodyAdvice(server: ServerKind | undefined): string {
  const own = server === undefined ? `pass the raw body. ${everyServer}` : advice[server];
  const examples = "docs/recipes.md has an example for each framework";
  return `${own[0]?.toUpperCase()}${own.slice(1)}. ${examples}`;
}
