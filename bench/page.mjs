/**
 * What a payer's page loads, minified and gzipped, beside the official client. Code is split, so that what is imported when
 * it is needed is a file of its own, as every bundler of pages does it.
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

/** What only the other protocol of a watch loads. */
const unused = { envelope: /browser\/connect\.js$/, connect: /browser\/envelope\.js$/ };

/**
 * @typedef {object} PageSize
 * @property {number} atOnce bytes of the files that the page loads at once
 * @property {number} inAll bytes of all that it loads until it listens
 * @property {string[]} inputs sources of all that it loads
 * @property {string[]} inputsAtOnce sources of what it loads at once
 */

/**
 * Pages that show a payment's scan code, and watch it over each protocol.
 *
 * @param {string} directory where the package is found
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
 * The official client, all of which its page needs to do the same.
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
 * @param {RegExp} [without] entry of a chunk that is not loaded
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
    // The official client asks for Node's module where there is none.
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
      title: "Bytes of a page, minified and gzipped; official client = 1, lower is smaller",
      rows: [
        row("rebuild the payment, draw its scan code", code.inAll, 22_000),
        row("the same, and watch it over the envelope's WebSocket", envelope.inAll, 50_000),
        row("the same, and watch it over Connect", connect.inAll, 58_000),
      ],
    },
  ];
}
