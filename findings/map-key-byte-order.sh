#!/usr/bin/env bash
# protobuf-python 7.36.2, protobuf-java 4.33.1 (JDK 17), protobuf-es 2.17.0
#
# Expected: deterministic serialization sorts map entries by key, so the same google.protobuf.Struct has the
#   same bytes in each language. protobuf-es has no such option; it should at least keep the order that it
#   read.
# Happens: Python (and Go, C++) sort text keys by UTF-8 bytes, Java by UTF-16 units. A key with an emoji
#   sorts after U+FF5E in Python and before it in Java. protobuf-es holds a map in a JavaScript object, which
#   moves keys that look like integers to the front, in numeric order: "b", "10", "9" comes back as "9", "10",
#   "b".
# Why it matters: order numbers and labels are typical keys of metadata. A signature or hash over the
#   serialized map then depends on the language, and decoding and encoding in TypeScript changes bytes without
#   any edit.
# What to do: leave maps out of signed messages (a repeated message with a key works), or sign the received
#   bytes.
set -euo pipefail
dir=$(mktemp -d); trap 'rm -rf "$dir"' EXIT; cd "$dir"

python3 -m venv py && py/bin/pip install -q --disable-pip-version-check protobuf==7.36.2
cat > demo.py <<'E'
from google.protobuf import struct_pb2
s = struct_pb2.Struct()
s.update({'\U0001F600': True, '\uff5e': True})
print('python', s.SerializeToString(deterministic=True).hex())
E
mvn -q dependency:copy -Dartifact=com.google.protobuf:protobuf-java:4.33.1 -DoutputDirectory="$dir"
cat > Demo.java <<'E'
import com.google.protobuf.*;
public class Demo {
  public static void main(String[] args) throws Exception {
    var yes = Value.newBuilder().setBoolValue(true).build();
    var struct = Struct.newBuilder().putFields("\uD83D\uDE00", yes).putFields("\uFF5E", yes).build();
    var bytes = new byte[struct.getSerializedSize()];
    var out = CodedOutputStream.newInstance(bytes);
    out.useDeterministicSerialization();
    struct.writeTo(out);
    System.out.println("java " + java.util.HexFormat.of().formatHex(bytes));
  }
}
E
echo '{"type":"module"}' > package.json
npm install --silent --no-audit --no-fund @bufbuild/protobuf@2.17.0
cat > demo.mjs <<'E'
import { fromBinary, toBinary } from "@bufbuild/protobuf";
import { StructSchema } from "@bufbuild/protobuf/wkt";
const entry = (key) => Buffer.concat([Buffer.from([0x0a, key.length + 6, 0x0a, key.length]), Buffer.from(key), Buffer.from([0x12, 2, 0x20, 1])]);
const received = Buffer.concat(["b", "10", "9"].map(entry));
console.log("es read   ", received.toString("hex"));
console.log("es written", Buffer.from(toBinary(StructSchema, fromBinary(StructSchema, received))).toString("hex"));
E
(py/bin/python demo.py && java -cp protobuf-java-4.33.1.jar Demo.java && node demo.mjs) > seen
diff - seen <<'E'
python 0a090a03efbd9e120220010a0a0a04f09f988012022001
java 0a0a0a04f09f9880120220010a090a03efbd9e12022001
es read    0a070a0162120220010a080a023130120220010a070a013912022001
es written 0a070a0139120220010a080a023130120220010a070a016212022001
E
echo "unchanged"
