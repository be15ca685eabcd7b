// Feeds damaged vectors and random bytes in every notation to the byte explorer and the scan-code decoder.
// Fails on the first input that crashes them, whose bytes they do not all explain, or that takes too long.
// Needs `npm run build`.
//
//   node scripts/fuzz.mjs [--count 100000] [--seed <number>] [--only <index>]
//
// The same seed gives the same inputs. `--only` repeats one, by the index that a failure names.
import { readFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { isMainThread, parentPort, Worker, workerData } from "node:worker_threads";

const SLOW_MS = 1_000;
const HUNG_MS = 10_000;
const MOST_SHOWN = 8_000;

if (isMainThread) main();
else await work(workerData);

function main() {
  const { values } = parseArgs({
    options: {
      count: { type: "string", default: "100000" },
      seed: { type: "string", default: `${Math.floor(Math.random() * 2 ** 32)}` },
      only: { type: "string" },
    },
  });
  const [count, seed, only] = [values.count, values.seed, values.only ?? "0"].map(Number);
  if (![count, seed, only].every((number) => Number.isSafeInteger(number) && number >= 0)) {
    console.error("--count, --seed and --only must be integers");
    process.exit(2);
  }
  const first = values.only === undefined ? 0 : only;
  const last = values.only === undefined ? count : only + 1;
  console.log(`seed ${seed}, inputs ${first} to ${last - 1}`);

  const progress = new Float64Array(new SharedArrayBuffer(8));
  const started = performance.now();
  const worker = new Worker(new URL(import.meta.url), { workerData: { seed, first, last, progress } });
  let seen = { index: -1, usedBefore: 0 };
  let said = started;
  const watch = setInterval(() => {
    const now = performance.now();
    if (seen.index !== progress[0]) seen = { index: progress[0], usedBefore: processorTime() };
    if (processorTime() - seen.usedBefore > HUNG_MS) fail(seed, { index: seen.index, problem: "hangs" });
    if (now - said < 5_000) return;
    said = now;
    const done = progress[0] - first;
    console.log(
      `${done} of ${last - first}, ${Math.round((1000 * done) / (now - started))} a second, seed ${seed}`,
    );
  }, 250);
  worker.on("message", (failure) => fail(seed, failure));
  worker.on("error", (error) => fail(seed, { index: progress[0], problem: error.stack }));
  worker.on("exit", () => {
    clearInterval(watch);
    console.log(`${last - first} inputs; none crashed or took longer than ${SLOW_MS} ms; seed ${seed}`);
  });
}

/** Returns the CPU time of this process in milliseconds. */
function processorTime() {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1_000;
}

function fail(seed, { index, problem, input }) {
  console.error(`input ${index} of seed ${seed}: ${problem}`);
  if (input !== undefined) console.error(input);
  console.error(`again: node scripts/fuzz.mjs --seed ${seed} --only ${index}`);
  process.exit(1);
}

async function work({ seed, first, last, progress }) {
  const inspect = await import("../dist/inspect/index.js");
  const scanCode = await import("../dist/scan-code/index.js");
  const corpus = readCorpus();
  for (let index = first; index < last; index++) {
    progress[0] = index;
    const input = inputOf(corpus, randomOf(seed, index));
    // The first time, something else may have taken the time. The second time, it is the input.
    const problem = tryOut(inspect, scanCode, input);
    const again = problem?.slow === true ? tryOut(inspect, scanCode, input) : problem;
    if (again === undefined) continue;
    const whole = typeof input === "string" ? JSON.stringify(input) : `hex ${hexOf(input)}`;
    const shown =
      whole.length > MOST_SHOWN ? `${whole.slice(0, MOST_SHOWN)}... (${whole.length} characters)` : whole;
    parentPort.postMessage({ index, problem: again.text, input: shown });
    return;
  }
}

/** Returns the problem that an input causes, or `undefined`. */
function tryOut(inspect, scanCode, input) {
  const started = performance.now();
  const usedBefore = processorTime();
  try {
    const explanation = inspect.explain(input);
    for (const { tree } of explanation.sections) {
      const end = tree.parts.reduce(
        (at, { offset, length }) => (offset === at ? at + length : Number.NaN),
        0,
      );
      if (end !== tree.length) return { text: "not every byte is in exactly one part" };
    }
    const { bytes } = explanation.sections[0].tree;
    if (bytes.length < 4_096) inspect.renderExplanation(explanation);
    if (bytes.length % 4 === 0 && bytes.length < 4_096) inspect.diff(input, bytes);
    if (typeof input !== "string") decode(scanCode, input);
  } catch (error) {
    return { text: error.stack };
  }
  // The clock includes other processes on a busy machine. The CPU time includes the engine's background work.
  const took = Math.min(performance.now() - started, processorTime() - usedBefore);
  return took > SLOW_MS ? { text: `takes ${Math.round(took)} ms`, slow: true } : undefined;
}

function decode(scanCode, input) {
  try {
    scanCode.decodeScanCode(input);
  } catch (error) {
    if (error.code !== "scan_code_unreadable" && error.code !== "invalid_option") throw error;
  }
}

/** Returns every byte string and every text in the vectors. */
function readCorpus() {
  const vectors = JSON.parse(readFileSync(new URL("../test/vectors/intents.json", import.meta.url), "utf8"));
  const bytes = [];
  const texts = [];
  const visit = (value, name) => {
    if (typeof value === "string") {
      if (/Hex$/.test(name) && /^([0-9a-f]{2})+$/.test(value))
        bytes.push(Uint8Array.from(Buffer.from(value, "hex")));
      if (/^(token|clientSecret|signatureBase58|rendezvousPublicKey)$/.test(name)) texts.push(value);
    } else if (typeof value === "object" && value !== null) {
      if (name === "restBody") texts.push(JSON.stringify(value));
      for (const [key, inner] of Object.entries(value)) visit(inner, key);
    }
  };
  visit(vectors, "");
  return { bytes, texts };
}

function inputOf({ bytes, texts }, random) {
  if (random.below(2_000) === 0) return hugeInput(random);
  if (random.below(12) === 0) return damagedText(random.of(texts), random);
  const base = random.below(20) === 0 ? randomBytes(random) : random.of(bytes);
  const damaged = random.below(10) === 0 ? base : damagedBytes(base, random, bytes);
  const text = written(damaged, random);
  return typeof text === "string" && random.below(4) === 0 ? damagedText(text, random) : text;
}

function randomBytes(random) {
  return Uint8Array.from({ length: random.below(100) }, () => random.below(256));
}

/** Returns bytes that cause every reader as much work as possible. */
function hugeInput(random) {
  const pattern = random.of([
    [0x80],
    [0x0b],
    [0x0c],
    [0x00],
    [0x0a],
    [0x08],
    [0x0a, 0x02, 0x2a, 0x00],
    [0x20],
    [0x22],
    [0x5b],
  ]);
  const length = random.of([60_000, 65_536, 65_537, 20_000]);
  const bytes = Uint8Array.from({ length }, (_, i) => pattern[i % pattern.length]);
  return random.below(2) === 0
    ? bytes
    : random.of(["{", "eyJ", "\\", '{"a":', "/*", " ", "0x", "="]).repeat(length / 4);
}

function damagedBytes(base, random, others) {
  const bytes = [...base];
  for (let changes = 1 + random.below(5); changes > 0; changes--) {
    const at = random.below(bytes.length + 1);
    const byte =
      random.below(3) === 0 ? random.of([0, 1, 0x7f, 0x80, 0xff, 0x0a, 0x2a, 0x0b, 0x0c]) : random.below(256);
    switch (random.below(7)) {
      case 0:
        bytes.splice(at, 0, byte);
        break;
      case 1:
        bytes.splice(at, 1 + random.below(3));
        break;
      case 2:
        bytes.length = at;
        break;
      case 3:
        bytes.splice(at, 0, ...bytes.slice(at, at + random.below(40)));
        break;
      case 4:
        bytes.splice(at, random.below(20), ...random.of(others).slice(0, random.below(60)));
        break;
      default:
        if (at < bytes.length) bytes[at] = random.below(2) === 0 ? byte : bytes[at] ^ (1 << random.below(8));
    }
  }
  return Uint8Array.from(bytes);
}

function damagedText(base, random) {
  let text = base;
  for (let changes = 1 + random.below(4); changes > 0; changes--) {
    const at = random.below(text.length + 1);
    const piece = random.of([
      "",
      "{",
      "}",
      '"',
      "\\",
      "\\x",
      ",",
      ".",
      "=",
      " ",
      "\n",
      "0x",
      "é",
      "\ud800",
      "\u202e",
      "-",
      "g",
      "0",
    ]);
    text = text.slice(0, at) + piece + text.slice(at + random.below(4));
  }
  return text;
}

/** Returns the bytes in a random notation, or unchanged. */
function written(bytes, random) {
  const hex = hexOf(bytes);
  const pairs = hex.match(/../g) ?? [];
  const ways = [
    () => bytes,
    () => bytes,
    () => bytes,
    () => hex,
    () => pairs.join(" "),
    () => pairs.map((pair) => `0x${pair.toUpperCase()}`).join(", "),
    () => `{ ${pairs.map((pair) => `0x${pair}`).join(", ")} };`,
    () => pairs.map((pair) => `\\x${pair}`).join(""),
    () => `[${[...bytes].join(", ")}]`,
    () => Buffer.from(bytes).toString("base64"),
    () => Buffer.from(bytes).toString("base64url"),
    () =>
      pairs
        .map((pair, i) => (i % 16 === 0 ? `\n${i.toString(16).padStart(8, "0")}: ${pair}` : pair))
        .join(" "),
    () => new TextEncoder().encode(hex),
  ];
  return random.of(ways)();
}

function hexOf(bytes) {
  return Buffer.from(bytes).toString("hex");
}

/** Returns a generator of numbers that depend only on the seed and the index (mulberry32). */
function randomOf(seed, index) {
  let state = (Math.imul(index + 1, 0x9e3779b1) ^ seed) >>> 0;
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)) ^ mixed;
    return (mixed ^ (mixed >>> 14)) >>> 0;
  };
  return {
    below: (n) => next() % n,
    of: (choices) => choices[next() % choices.length],
  };
}
