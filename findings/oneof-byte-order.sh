#!/usr/bin/env bash
# protobuf-go 1.36.6, protobuf-python 7.36.2, protobuf-es 2.17.0, prost 0.14.1
#
# Expected: for a message without maps and without unknown fields, "deterministic" serializers of all
#   languages write the same bytes, with the fields in ascending order.
# Happens: three orders. Python and protobuf-es write by field number. Go writes a oneof member after all
#   other fields. prost writes it where the lowest number of its oneof belongs, even if another member is set.
# Why it matters: a signature over serialized bytes fails in another language as soon as someone serializes
#   the message again instead of passing on the bytes that were signed.
# What to do: sign bytes and carry those bytes. Otherwise number the oneof's members last and without gaps,
#   which makes all three orders equal, and test the bytes of every language against one vector.
set -euo pipefail
dir=$(mktemp -d); trap 'rm -rf "$dir"' EXIT; cd "$dir"
# message Order { uint64 id = 1; oneof method { string card = 2; string wallet = 9; } string note = 5; }
python3 -m venv py && py/bin/pip install -q --disable-pip-version-check protobuf==7.36.2
cat > demo.py <<'E'
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory, text_format
file = text_format.Parse('''name: "order.proto" syntax: "proto3" message_type { name: "Order" oneof_decl { name: "method" }
  field { name: "id" number: 1 type: TYPE_UINT64 label: LABEL_OPTIONAL }
  field { name: "card" number: 2 type: TYPE_STRING label: LABEL_OPTIONAL oneof_index: 0 }
  field { name: "wallet" number: 9 type: TYPE_STRING label: LABEL_OPTIONAL oneof_index: 0 }
  field { name: "note" number: 5 type: TYPE_STRING label: LABEL_OPTIONAL } }''', descriptor_pb2.FileDescriptorProto())
open('order.binpb', 'wb').write(descriptor_pb2.FileDescriptorSet(file=[file]).SerializeToString())
pool = descriptor_pool.DescriptorPool()
Order = message_factory.GetMessageClass(pool.AddSerializedFile(file.SerializeToString()).message_types_by_name['Order'])
for method in ({'card': 'c'}, {'wallet': 'w'}):
    print('python', *method, Order(id=1, note='n', **method).SerializeToString(deterministic=True).hex())
E
echo '{"type":"module"}' > package.json && npm install --silent --no-audit --no-fund @bufbuild/protobuf@2.17.0
cat > demo.mjs <<'E'
import { readFileSync } from "node:fs";
import { create, createFileRegistry, fromBinary, toBinary } from "@bufbuild/protobuf";
import { FileDescriptorSetSchema } from "@bufbuild/protobuf/wkt";
const Order = createFileRegistry(fromBinary(FileDescriptorSetSchema, readFileSync("order.binpb"))).getMessage("Order");
for (const [method, value] of [["card", "c"], ["wallet", "w"]])
  console.log("es", method, Buffer.from(toBinary(Order, create(Order, { id: 1n, note: "n", method: { case: method, value } }))).toString("hex"));
E
mkdir go && cat > go/main.go <<'E'
package main
import (
	"fmt"
	"os"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protodesc"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/descriptorpb"
	"google.golang.org/protobuf/types/dynamicpb"
)
func main() {
	raw, _ := os.ReadFile("../order.binpb")
	set := new(descriptorpb.FileDescriptorSet)
	_ = proto.Unmarshal(raw, set)
	files, _ := protodesc.NewFiles(set)
	order, _ := files.FindDescriptorByName("Order")
	for _, method := range []string{"card", "wallet"} {
		m := dynamicpb.NewMessage(order.(protoreflect.MessageDescriptor))
		for name, value := range map[string]any{"id": uint64(1), "note": "n", method: method[:1]} {
			m.Set(m.Descriptor().Fields().ByName(protoreflect.Name(name)), protoreflect.ValueOf(value))
		}
		b, _ := proto.MarshalOptions{Deterministic: true}.Marshal(m)
		fmt.Printf("go %s %x\n", method, b)
	}
}
E
(cd go && go mod init demo && go get google.golang.org/protobuf@v1.36.6) 2>/dev/null
cargo init -q --vcs none --name demo rs && (cd rs && cargo add -q prost@=0.14.1)
cat > rs/src/main.rs <<'E'
use prost::Message;
#[derive(Clone, PartialEq, prost::Oneof)] enum Method { #[prost(string, tag = "2")] Card(String), #[prost(string, tag = "9")] Wallet(String) }
#[derive(Clone, PartialEq, prost::Message)] struct Order { #[prost(uint64, tag = "1")] id: u64, #[prost(oneof = "Method", tags = "2, 9")] method: Option<Method>, #[prost(string, tag = "5")] note: String }
fn main() {
    for (name, method) in [("card", Method::Card("c".into())), ("wallet", Method::Wallet("w".into()))] {
        let bytes = Order { id: 1, note: "n".into(), method: Some(method) }.encode_to_vec();
        println!("prost {name} {}", bytes.iter().map(|b| format!("{b:02x}")).collect::<String>());
    }
}
E
(py/bin/python demo.py && node demo.mjs && (cd go && go run .) && (cd rs && cargo run -q)) > seen
diff - seen <<'E'
python card 08011201632a016e
python wallet 08012a016e4a0177
es card 08011201632a016e
es wallet 08012a016e4a0177
go card 08012a016e120163
go wallet 08012a016e4a0177
prost card 08011201632a016e
prost wallet 08014a01772a016e
E
echo "unchanged"
