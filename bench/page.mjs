/**
 * Compares what a merchant's page loads, minified and gzipped, with the official client. Dynamic imports are
 * split into separate files, as web bundlers do.
 */
import { gzipSync } from "node:zlib";
import { build } from "esbuild";
import { root } from "./build.mjs";

const show = `
  import { rebuildPayment } from "code-intents/browser";
  import { toSvg } from "code-intents/scan-code";
  export const payment = rebuildPayment(JSON.parse(globalThis.order));
  document.body.innerHTML = toSvg(payment);
`;
/** @param {"envelope" | "connect"} protocol */
const watch = (protocol) => `${show}
  const { watchPayment } = await import("code-intents/browser/watch");
  const options = { baseUrl: globalThis.sequencer, protocol: "${protocol}" };
  for await (const { type } of watchPayment(payment, options)) console.log(type);
`;

/** Chunks that only the other protocol loads. */
const unused = { envelope: /browser\/connect\.js$/, connect: /browser\/envelope\.js$/ };

/**
 * @typedef {object} PageSize
 * @property {number} atOnce bytes of the files that the page loads initially
 * @property {number} inAll bytes of all files that it loads until it watches
 * @property {string[]} inputs sources of all files that it loads
 * @property {string[]} inputsAtOnce sources of the files that it loads initially
 */

/**
 * Returns the sizes of pages that show a payment's scan code and watch it over each protocol.
 *
 * @param {string} directory from which the package is resolved
 * @returns {Promise<{ code: PageSize, envelope: PageSize, connect: PageSize }>}
 */
export async function pageSizes(directory = root) {
  return {
    code: await pageSize(show, directory),
    envelope: await pageSize(watch("envelope"), directory, unused.envelope),
    connect: await pageSize(watch("connect"), directory, unused.connect),
  };
}

/**
 * Returns the size of the official client. A page with the same features needs all of it.
 *
 * @returns {Promise<number>} bytes
 */
export async function officialSize() {
  const { atOnce } = await pageSize('export * from "@code-wallet/client";', root);
  return atOnce;
}

/**
 * @param {string} contents
 * @param {string} directory
 * @param {RegExp} [without] entry point of a chunk that is not loaded
 * @returns {Promise<PageSize>}
 */
async function pageSize(contents, directory, without) {
  const { outputFiles, metafile } = await build({
    stdin: { contents, resolveDir: directory, sourcefile: "page.js" },
    absWorkingDir: directory,
    outdir: "out",
    bundle: true,
    splitting: true,
    write: false,
    metafile: true,
    minify: true,
    format: "esm",
    platform: "browser",
    target: "es2022",
    logLevel: "error",
    // The official client imports Node's module, which browsers lack.
    external: ["crypto"],
  });
  const { outputs } = metafile;
  const bytes = Object.fromEntries(
    Object.keys(outputs).map((name, index) => [
      name,
      gzipSync(outputFiles[index]?.contents ?? "", { level: 9 }).length,
    ]),
  );
  /** @param {readonly string[]} kinds */
  const loaded = (kinds) => {
    /** @type {Set<string>} */
    const names = new Set();
    /** @param {string} name */
    const load = (name) => {
      const { entryPoint = "", imports } = outputs[name];
      if (names.has(name) || without?.test(entryPoint)) return;
      names.add(name);
      for (const { path, kind, external } of imports) if (!external && kinds.includes(kind)) load(path);
    };
    const entry = Object.keys(outputs).find((name) => outputs[name].entryPoint === "page.js");
    load(entry ?? "");
    return [...names];
  };
  const atOnce = loaded(["import-statement"]);
  const inAll = loaded(["import-statement", "dynamic-import"]);
  /** @param {readonly string[]} names */
  const sum = (names) => names.reduce((total, name) => total + (bytes[name] ?? 0), 0);
  /** @param {readonly string[]} names */
  const inputs = (names) => names.flatMap((name) => Object.keys(outputs[name]?.inputs ?? {}));
  return { atOnce: sum(atOnce), inAll: sum(inAll), inputs: inputs(inAll), inputsAtOnce: inputs(atOnce) };
}

/** @returns {Promise<import("./report.mjs").Table[]>} */
export async function comparePages() {
  const official = await officialSize();
  const { code, envelope, connect } = await pageSizes();
  /**
   * @param {string} name
   * @param {number} bytes
   * @param {number} budget
   */
  const row = (name, bytes, budget) => ({
    name,
    ratio: { median: bytes / official, min: bytes / official, max: bytes / official },
    target: { atMost: budget / official },
  });
  return [
    {
      title: "Page size, minified and gzipped; official client = 1, lower is smaller",
      rows: [
        row("rebuild the payment and draw its scan code", code.inAll, 22_000),
        row("and watch it over the envelope's WebSocket", envelope.inAll, 50_000),
        row("and watch it over Connect", connect.inAll, 58_000),
      ],
    },
  ];
}
