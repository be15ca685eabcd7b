/**
 * The sequencer of the bench, in a separate process. It reads each request completely and sends the same
 * response bytes, with the same few lines of `node:http` or `node:http2` for every protocol. It verifies and
 * decodes nothing, so that only the clients differ.
 *
 * Sends `{ http1, http2 }`, the two ports, to its parent, and exits with the parent. The message `"last"`
 * returns the body of the last request.
 */
import http from "node:http";
import http2 from "node:http2";
import { create, toBinary } from "@bufbuild/protobuf";
import { ResponseSchema } from "code-intents/proto/common";
import { SendMessageResponseSchema } from "code-intents/proto/messaging";

const sent = toBinary(
  SendMessageResponseSchema,
  create(SendMessageResponseSchema, { messageId: { value: new Uint8Array(16).fill(7) } }),
);
const statusOk = Buffer.from("grpc-status: 0\r\n");

/** @type {Record<string, Buffer>} */
const answers = {
  "application/json": Buffer.from('{"success":true}'),
  "application/octet-stream": Buffer.from(toBinary(ResponseSchema, create(ResponseSchema, { body: sent }))),
  "application/proto": Buffer.from(sent),
  "application/grpc+proto": frame(0, sent),
  "application/grpc-web+proto": Buffer.concat([frame(0, sent), frame(0x80, statusOk)]),
};

const unknown = Buffer.alloc(0);

/** @type {Buffer[]} */
let last = [];

const server1 = http.createServer({ keepAliveTimeout: 60_000 }, (request, response) => {
  const type = request.headers["content-type"] ?? "";
  whenRead(request, () => {
    const answer = answers[type] ?? unknown;
    const headers = { "content-type": type, "content-length": answer.length };
    response.writeHead(answer === unknown ? 415 : 200, headers).end(answer);
  });
});

const server2 = http2.createServer();
server2.on("stream", (stream, headers) => {
  const type = headers["content-type"] ?? "";
  whenRead(stream, () => {
    const answer = answers[type] ?? unknown;
    const waitForTrailers = type === "application/grpc+proto";
    if (waitForTrailers) stream.on("wantTrailers", () => stream.sendTrailers({ "grpc-status": "0" }));
    stream.respond({ ":status": answer === unknown ? 415 : 200, "content-type": type }, { waitForTrailers });
    stream.end(answer);
  });
});

process.on("disconnect", () => process.exit());
process.on("message", () => process.send?.(Buffer.concat(last).toString("base64")));
process.send?.({ http1: await listen(server1), http2: await listen(server2) });

/**
 * @param {import("node:stream").Readable} request
 * @param {() => void} then
 */
function whenRead(request, then) {
  /** @type {Buffer[]} */
  const chunks = [];
  request.on("data", (chunk) => chunks.push(chunk));
  request.on("end", () => {
    last = chunks;
    then();
  });
}

/**
 * Encodes a gRPC frame.
 *
 * @param {number} flags
 * @param {Uint8Array} body
 */
function frame(flags, body) {
  const head = Buffer.alloc(5);
  head.writeUInt8(flags, 0);
  head.writeUInt32BE(body.length, 1);
  return Buffer.concat([head, body]);
}

/**
 * @param {import("node:net").Server} server
 * @returns {Promise<number>}
 */
function listen(server) {
  return new Promise((resolve, reject) => {
    server.on("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      if (address !== null && typeof address === "object") resolve(address.port);
    });
  });
}
