import { createHash } from "node:crypto";
import fc from "fast-check";
import { expect, test } from "vitest";
import { decodeScanCode, encodeScanCode, scanCodeGeometry } from "../../src/scan-code/index.js";
import { buildScript } from "../support/child-process.js";
import { runs } from "../support/property.js";
import { hex, unhex } from "../support/vectors.js";
import { damage, damaged, payloads } from "./support.js";

/**
 * Runs the official package in a separate process, because it starts a WebAssembly instance for each call.
 */
const script = `
  import { createHash } from "node:crypto";
  import { createRequire } from "node:module";

  const require = createRequire(import.meta.url);
  const { decode, encode, KikCode } = createRequire(require.resolve("@code-wallet/intents"))("@code-wallet/kikcode");
  const hex = (bytes) => Buffer.from(bytes).toString("hex");
  const unhex = (text) => new Uint8Array(Buffer.from(text, "hex"));
  const sha256 = (value) => createHash("sha256").update(JSON.stringify(value)).digest("hex");

  const answers = [];
  for (const { payload, size, read } of JSON.parse(process.argv[2])) {
    const encoded = new Uint8Array(await encode(unhex(payload)));
    const { center, dots, arcs, dotDimension } = KikCode.generateDescription({ width: size, height: size }, encoded);
    answers.push({
      encoded: hex(encoded),
      geometry: sha256({ center, dots: dots.map(String), arcs: arcs.map(String), dotDimension }),
      decoded: hex(await decode(unhex(read))).padEnd(40, "0"),
    });
  }
  process.stdout.write(JSON.stringify(answers));
`;

test("random payloads are encoded, drawn and decoded like in the official package", async () => {
  const cases = fc.sample(fc.tuple(payloads, damage(0, 6), fc.integer({ min: 1, max: 2000 })), {
    ...runs(200),
  });
  const inputs = cases.map(([payload, wrong, size]) => ({
    payload: hex(payload),
    size,
    read: hex(damaged(encodeScanCode(payload), wrong)),
  }));
  const built = await buildScript(script);
  try {
    const { code, stdout, stderr } = await built.run([JSON.stringify(inputs)]).exit;
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    const ours = inputs.map(({ payload, size, read }) => {
      const encoded = encodeScanCode(unhex(payload));
      const { center, dots, arcs, dotDimension } = scanCodeGeometry(encoded, { size });
      return {
        encoded: hex(encoded),
        geometry: sha256({ center, dots, arcs, dotDimension }),
        decoded: hex(decodeScanCode(unhex(read)).payload),
      };
    });
    expect(JSON.parse(stdout)).toEqual(ours);
  } finally {
    await built.remove();
  }
});

function sha256(value: unknown): string {
  return createHash("sha256").update(JSON.stringify(value)).digest("hex");
}
