#!/usr/bin/env bash
# protobuf-es 2.17.0, protobufjs 8.8.1
#
# Expected: a decoded message owns its bytes, as in Go, Java and Python.
# Happens: `bytes` fields are views of the input. Writing to the input afterwards changes the message, and
#   `signature.buffer` is the whole input (for a small Buffer under protobufjs, Node's pool, with data of
#   other calls). Transferring one field empties all others.
# Why it matters: a receiver that reuses its read buffer changes a message after its signature was verified;
#   `new Uint8Array(x.buffer)` hashes or sends the wrong bytes; a key that is transferred to a worker takes
#   the signature with it.
# What to do: copy what outlives the input, `bytes.slice()` (on a Buffer:
#   `Uint8Array.prototype.slice.call(buffer)`, as its own `slice` is a view). Never use `.buffer` without
#   byteOffset and byteLength. Verify a copy, then keep that copy.
set -euo pipefail
dir=$(mktemp -d); trap 'rm -rf "$dir"' EXIT; cd "$dir"

echo '{"type":"module"}' > package.json
npm install --silent --no-audit --no-fund --ignore-scripts @bufbuild/protobuf@2.17.0 protobufjs@8.8.1
cat > demo.mjs <<'E'
import { create, createFileRegistry, fromBinary } from "@bufbuild/protobuf";
import { FileDescriptorProtoSchema } from "@bufbuild/protobuf/wkt";
import protobuf from "protobufjs";
const field = (name, number) => ({ name, jsonName: name, number, type: 12, label: 1 });
const Signed = createFileRegistry(create(FileDescriptorProtoSchema, { name: "signed.proto", syntax: "proto3",
  messageType: [{ name: "Signed", field: [field("key", 1), field("signature", 2)] }] }), () => undefined).getMessage("Signed");
const Other = protobuf.parse('syntax = "proto3"; message Signed { bytes key = 1; bytes signature = 2; }').root.lookupType("Signed");
const wire = [0x0a, 2, 1, 2, 0x12, 3, 7, 8, 9];
for (const [name, input, decode] of [["es", Uint8Array.from(wire), (b) => fromBinary(Signed, b)], ["protobufjs", Buffer.from(wire), (b) => Other.decode(b)]]) {
  const message = decode(input);
  input[6] = 0;
  console.log(name, "signature", [...message.signature].join(" "), "- bytes in its buffer:", message.signature.buffer.byteLength > wire.length ? "more than the input" : wire.length);
}
const message = fromBinary(Signed, Uint8Array.from(wire));
structuredClone(message.key, { transfer: [message.key.buffer] });
console.log("es signature after the key was transferred:", message.signature.length, "bytes");
E
node demo.mjs > seen
diff - seen <<'E'
es signature 0 8 9 - bytes in its buffer: 9
protobufjs signature 0 8 9 - bytes in its buffer: more than the input
es signature after the key was transferred: 0 bytes
E
echo "unchanged"
