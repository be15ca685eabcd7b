#!/usr/bin/env bash
# protobuf-es 2.17.0, protobuf-python 7.36.2, prost 0.14.1
#
# Expected: a proto3 double field that holds -0.0 is either a default everywhere (and left out) or a value
#   everywhere.
# Happens: protobuf-es and Python write nine bytes for it, prost writes none. protobuf-es prints 0 as its
#   JSON, Python -0.0. `equals` of protobuf-es and `==` of upb in Python both separate -0 from 0; Rust's `==`
#   does not.
# Why it matters: an amount becomes -0 by rounding a refund or by multiplying 0 by -1. The signed bytes, the
#   JSON copy in a log and the check "is this a repeat of the same request?" then disagree between services.
# What to do: normalize with `x + 0` (Rust, JavaScript, Python alike) before a double enters a message;
#   prefer integers.
set -euo pipefail
dir=$(mktemp -d); trap 'rm -rf "$dir"' EXIT; cd "$dir"

echo '{"type":"module"}' > package.json
npm install --silent --no-audit --no-fund @bufbuild/protobuf@2.17.0
cat > demo.mjs <<'E'
import { create, createFileRegistry, equals, fromBinary, toBinary, toJsonString } from "@bufbuild/protobuf";
import { FileDescriptorProtoSchema, FileDescriptorSetSchema } from "@bufbuild/protobuf/wkt";
import { writeFileSync } from "node:fs";
const file = create(FileDescriptorProtoSchema, { name: "rate.proto", syntax: "proto3", messageType: [{ name: "Rate", field: [{ name: "value", jsonName: "value", number: 1, type: 1, label: 1 }] }] });
writeFileSync("rate.binpb", toBinary(FileDescriptorSetSchema, create(FileDescriptorSetSchema, { file: [file] })));
const Rate = createFileRegistry(create(FileDescriptorSetSchema, { file: [file] })).getMessage("Rate");
const rate = (value) => create(Rate, { value });
console.log("es", Buffer.from(toBinary(Rate, rate(-0))).toString("hex"), toJsonString(Rate, rate(-0)), "equals 0:", equals(Rate, rate(-0), rate(0)));
E
python3 -m venv py && py/bin/pip install -q --disable-pip-version-check protobuf==7.36.2
cat > demo.py <<'E'
from google.protobuf import descriptor_pb2, descriptor_pool, json_format, message_factory
pool = descriptor_pool.DescriptorPool()
pool.Add(descriptor_pb2.FileDescriptorSet.FromString(open('rate.binpb', 'rb').read()).file[0])
Rate = message_factory.GetMessageClass(pool.FindMessageTypeByName('Rate'))
m = Rate(value=-0.0)
print('python', m.SerializeToString().hex(), json_format.MessageToJson(m, indent=None), 'equals 0:', m == Rate(value=0.0))
E
cargo init -q --vcs none --name demo rs && (cd rs && cargo add -q prost@=0.14.1)
cat > rs/src/main.rs <<'E'
use prost::Message;
#[derive(Clone, PartialEq, prost::Message)]
struct Rate { #[prost(double, tag = "1")] value: f64 }
fn main() {
    let rate = Rate { value: -0.0 };
    println!("prost {} bytes, equals 0: {}", rate.encode_to_vec().len(), rate == Rate { value: 0.0 })
}
E
(node demo.mjs && py/bin/python demo.py && (cd rs && cargo run -q)) > seen
diff - seen <<'E'
es 090000000000000080 {"value":0} equals 0: false
python 090000000000000080 {"value": -0.0} equals 0: False
prost 0 bytes, equals 0: true
E
echo "unchanged"
