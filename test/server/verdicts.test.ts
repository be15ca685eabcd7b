/** The verdicts of the real sequencer, replayed: code, text and bytes of each response. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { type RecordedVerdict, Replayer, recordedVerdicts, type Verdict } from "../support/replay.js";

/** Entries that differ by decision; docs/emulator.md gives the reasons. */
const exceptions: readonly RegExp[] = [
  /^kind\/submitted with empty metadata [34]$/, // members of Metadata that no message of this protocol has
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
  for (const entry of recordedVerdicts()) {
    const verdict = await replayer.replay(entry);
    if (!isSame(verdict, entry)) different.push(entry.name);
  }
  expect(different.filter((name) => !exceptions.some((exception) => exception.test(name)))).toEqual([]);
  // An exception without a difference must be deleted.
  expect(exceptions.filter((exception) => !different.some((name) => exception.test(name)))).toEqual([]);
});

function isSame(verdict: Verdict, { real }: RecordedVerdict): boolean {
  return JSON.stringify(compared(verdict, real)) === JSON.stringify(compared(real, real));
}
