/** The verdicts of the real sequencer, replayed: code, text and bytes of each response. */
import { readFileSync } from "node:fs";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type RecordedVerdict, Replayer, recordedVerdicts, type Verdict } from "../support/replay.js";

/** Entries that differ by decision; docs/emulator.md gives the reasons. */
const exceptions: readonly RegExp[] = [
  /^grpc\/path metadata$/, // a method outside of this protocol
  /^grpc\/content-type application\/grpc\+json$/, // served as JSON here
  /^grpc\/content-type application\/json$/, // a call over Connect here
];

let replayer: Replayer;
beforeAll(async () => {
  replayer = await Replayer.start();
});
afterAll(() => replayer?.close());

// Go's protobuf runtime words its own errors differently from build to build, so only their code counts.
const isRuntimeText = (text: string) => /\bproto:|unmarshalling request|failed to unmarshal/.test(text);

function compared({ code, text, response = "" }: Verdict, real: Verdict): unknown {
  return { code, text: isRuntimeText(real.text) ? "" : text, response };
}

test("gives the real sequencer's verdict on every recorded call, except for the named ones", async () => {
  const different: string[] = [];
  const entries = recordedVerdicts();
  for (const entry of entries) {
    const verdict = await replayer.replay(entry);
    if (!isSame(verdict, entry)) different.push(entry.name);
  }
  expect(different.filter((name) => !exceptions.some((exception) => exception.test(name)))).toEqual([]);
  // An exception without a difference must be deleted.
  expect(exceptions.filter((exception) => !different.some((name) => exception.test(name)))).toEqual([]);
  const same = entries.length - different.length;
  const share = `${same.toLocaleString("en")} of ${entries.length.toLocaleString("en")} calls, which is ${((100 * same) / entries.length).toFixed(1)} %`;
  for (const page of ["emulator", "compatibility"]) {
    const text = readFileSync(new URL(`../../docs/${page}.md`, import.meta.url), "utf8");
    expect(/[\d,]+ of [\d,]+\s+calls,\s+which\s+is\s+[\d.]+ %/.exec(text)?.[0].replaceAll(/\s+/g, " ")).toBe(
      share,
    );
  }
});

function isSame(verdict: Verdict, { real }: RecordedVerdict): boolean {
  return JSON.stringify(compared(verdict, real)) === JSON.stringify(compared(real, real));
}
