#!/usr/bin/env bash
# protobuf-es 2.17.0, protobuf-python 7.36.2, protobuf-go 1.36.6
#
# Expected: proto3 JSON writes 64-bit integers as text, and each runtime reads the same texts. The
#   specification of the mapping allows an exponent and a fraction of zero, quoted or not: 1e3, "1e3" and
#   "1.0" are integers.
# Happens: protobuf-es refuses the quoted "1e3" and "1.0" (but takes the unquoted), and reads the quoted
#   "0x10" as 16 and " 1" as 1. Python reads "1_000" as 1000 and "01" as 1. Go accepts what the specification
#   lists and nothing else.
# Why it matters: an amount that one service prints or accepts is an error, or another number's spelling, in
#   the next one. A service that deduplicates or signs the JSON text sees two requests where its peer in
#   another language sees one.
# What to do: accept only /^(0|[1-9][0-9]*)$/ for quoted amounts before the JSON reaches a protobuf runtime.
set -euo pipefail
dir=$(mktemp -d); trap 'rm -rf "$dir"' EXIT; cd "$dir"

echo '["1000", "1e3", "1.0", "0x10", " 1", "01", "1_000"]' > texts.json
echo '{"type":"module"}' > package.json
npm install --silent --no-audit --no-fund @bufbuild/protobuf@2.17.0
cat > demo.mjs <<'E'
import { readFileSync } from "node:fs";
import { fromJson } from "@bufbuild/protobuf";
import { UInt64ValueSchema } from "@bufbuild/protobuf/wkt";
const read = (text) => { try { return String(fromJson(UInt64ValueSchema, text).value); } catch { return "error"; } };
console.log("es:", JSON.parse(readFileSync("texts.json", "utf8")).map((text) => `"${text}" ${read(text)}`).join(", "));
E
python3 -m venv py && py/bin/pip install -q --disable-pip-version-check protobuf==7.36.2
cat > demo.py <<'E'
import json
from google.protobuf import json_format, wrappers_pb2
def read(text):
    try: return json_format.Parse(json.dumps(text), wrappers_pb2.UInt64Value()).value
    except json_format.ParseError: return 'error'
print('python:', ', '.join(f'"{text}" {read(text)}' for text in json.load(open('texts.json'))))
E
mkdir go && cat > go/main.go <<'E'
package main

import (
	"encoding/json"
	"fmt"
	"os"
	"strings"

	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/types/known/wrapperspb"
)

func main() {
	raw, _ := os.ReadFile("../texts.json")
	var texts, seen []string
	_ = json.Unmarshal(raw, &texts)
	for _, text := range texts {
		m := &wrapperspb.UInt64Value{}
		read := "error"
		if protojson.Unmarshal([]byte(`"`+text+`"`), m) == nil {
			read = fmt.Sprint(m.Value)
		}
		seen = append(seen, `"`+text+`" `+read)
	}
	fmt.Println("go:", strings.Join(seen, ", "))
}
E
(cd go && go mod init demo && go get google.golang.org/protobuf@v1.36.6) 2>/dev/null
(node demo.mjs && py/bin/python demo.py && (cd go && go run .)) > seen
diff - seen <<'E'
es: "1000" 1000, "1e3" error, "1.0" error, "0x10" 16, " 1" 1, "01" 1, "1_000" error
python: "1000" 1000, "1e3" 1000, "1.0" 1, "0x10" error, " 1" error, "01" 1, "1_000" 1000
go: "1000" 1000, "1e3" 1000, "1.0" 1, "0x10" error, " 1" error, "01" error, "1_000" error
E
echo "unchanged"
