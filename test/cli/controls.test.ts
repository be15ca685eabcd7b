import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { CliError } from "../../src/cli/failure/errors.js";
import { Session } from "../../src/cli/session.js";
import { type HostileServer, startHostile } from "../support/hostile-servers.js";
import { FakeProcess } from "./fake-process.js";
import { order } from "./orders.js";
import { useProgram } from "./program.js";

const program = useProgram();

// Sets the title of the window, forges a line, clears the screen, hides text and changes the writing
// direction.
const hostile =
  "no\u001b]0;owned\u0007\r\nerror: paid\u009b2J\u001b[8m\u202etxt\u2066\u061c\u2028\u007f\ud800";
const escaped =
  "no\\u001b]0;owned\\u0007\\u000d\\u000aerror: paid\\u009b2J\\u001b[8m\\u202etxt\\u2066\\u061c\\u2028\\u007f\\ud800";

const ESC = "\u001b";
const foreignEscape = `${ESC}(?!\\[(?:[012]|22|3[1-69]|4[09]|97)m)`;

// Forbidden in any output: all controls except line breaks, tabs and the program's colors.
const controls = new RegExp(
  `[^\\P{Cc}${ESC}\\n\\t]|${foreignEscape}|[\\u061c\\u200e\\u200f\\u2028-\\u202e\\u2066-\\u2069\\ufffd]`,
  "u",
);

const outputs = [
  ["a terminal", { columns: 80, rows: 40 }],
  ["a pipe", undefined],
] as const;

describe("the message of a sequencer", () => {
  let server: HostileServer;
  beforeAll(async () => {
    server = await startHostile(({ answer }) =>
      answer({
        status: 403,
        headers: { "content-type": "application/json" },
        body: JSON.stringify({ code: "permission_denied", message: hostile }),
      }),
    );
  });
  afterAll(() => server?.close());

  const args = ["status", order("controls").id];
  const env = (): Record<string, string> => ({ CODE_SEQUENCER_URL: server.url });

  test.for(outputs)("is escaped on %s", async ([, terminal]) => {
    const { code, stdout, stderr } = await program.current.run(args, { env: env(), terminal });
    expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
    expect(stderr).not.toMatch(controls);
    expect(stderr).not.toMatch(/^\s*error: paid/m);
    expect(stderr).toContain("\\u001b]0;owned\\u0007\\u000d\\u000aerror:");
  });

  test.for(outputs)(
    "is escaped in JSON on %s, and sequencerMessage keeps its value",
    async ([, terminal]) => {
      const { code, stderr } = await program.current.run([...args, "--json"], { env: env(), terminal });
      expect(code).toBe(1);
      expect(stderr).not.toMatch(controls);
      const { message, sequencerMessage } = JSON.parse(stderr);
      expect(message).toContain(escaped);
      expect(sequencerMessage).toBe(hostile);
    },
  );
});

describe("a session", () => {
  const sessionOf = (json: boolean, columns = 200): { session: Session; fake: FakeProcess } => {
    const terminal = { columns, rows: 40 };
    const fake = new FakeProcess({ directory: "/", env: { TERM: "xterm" }, stdin: "", terminal });
    return { session: new Session(fake, { json, noColor: false }), fake };
  };

  const writers: readonly (readonly [string, (session: Session) => void])[] = [
    ["a warning", (session) => session.warn(hostile)],
    ["a note", (session) => session.note(hostile)],
    ["the next step", (session) => session.nextSteps("Next:", hostile)],
    ["a detail", (session) => session.details("Details", [["label", session.out.paint("bold", hostile)]])],
    ["the status line", (session) => session.status.set(hostile)],
  ];
  test.for(writers)("escapes %s, line breaks included", ([, write]) => {
    const { session, fake } = sessionOf(false);
    write(session);
    const text = fake.stdout.text + fake.stderr.text;
    // The terminal wraps the text.
    expect(text.replace(/\s+/g, " ")).toContain(escaped);
    expect(text).not.toMatch(controls);
  });

  test("escapes all controls except line breaks, tabs and colors in text of several lines", () => {
    const { session, fake } = sessionOf(false);
    session.out.line(`\ta\r\n${session.out.paint("red", "b\u001b[2J")}\u009b1m`);
    expect(fake.stdout.text).toBe("\ta\\u000d\n\u001b[31mb\\u001b[2J\u001b[39m\\u009b1m\n");
  });

  test("writes bytes unchanged", () => {
    const { session, fake } = sessionOf(false);
    session.out.write(Uint8Array.of(0x1b, 0x63));
    expect(fake.stdout.text).toBe("\u001bc");
  });

  test("writes JSON with the same values and without control characters", () => {
    const { session, fake } = sessionOf(true);
    session.result({ hostile, list: [hostile] }, () => {});
    session.warn("code-intents: fine");
    expect(fake.stdout.text).not.toMatch(controls);
    expect(JSON.parse(fake.stdout.text)).toEqual({ hostile, list: [hostile] });
  });
});

test("a CliError escapes the name of a file", () => {
  expect(new CliError("unusable_input", `cannot read ${hostile}`).message).toBe(`cannot read ${escaped}`);
});

test.for(outputs)("explain escapes the text of a file on %s", async ([, terminal]) => {
  const file = await program.current.write("hostile.json", { success: false, error: hostile, [hostile]: 1 });
  for (const more of [[], ["--json"]]) {
    const { stdout, stderr } = await program.current.run(["explain", file, ...more], { terminal });
    expect(stdout).not.toBe("");
    expect(stdout + stderr).not.toMatch(controls);
  }
});
