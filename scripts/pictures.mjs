// Takes pictures of the checkout and the emulator's page at three widths in both themes, for visual review.
// Needs `npm run build` and Chromium.
//
//   node scripts/pictures.mjs [--directory pictures] [--docs]
//
// `--docs` instead updates the two pictures in the README.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { chromium } from "playwright-core";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const { values: options } = parseArgs({
  options: { directory: { type: "string", default: "pictures" }, docs: { type: "boolean", default: false } },
});
const directory = options.docs ? join(root, "docs", "images") : options.directory;
await mkdir(directory, { recursive: true });

const docsNames = { waiting: "checkout.webp", "emulator-bytes": "emulator.webp" };

const demo = spawn(process.execPath, ["examples/checkout/demo.mjs"], {
  cwd: root,
  env: { ...process.env, PORT: "0", EMULATOR_PORT: "0" },
  stdio: ["ignore", "pipe", "inherit"],
});
const browser = await chromium.launch({ executablePath: process.env.CHROMIUM_PATH ?? "/usr/bin/chromium" });
try {
  const { shop, sequencer } = await addresses();
  if (options.docs) {
    await pictures({
      shop,
      sequencer,
      width: 1120,
      height: 830,
      colorScheme: "light",
      only: /waiting|bytes/,
    });
  } else {
    for (const [width, height] of [
      [360, 740],
      [768, 1024],
      [1280, 860],
    ]) {
      for (const colorScheme of ["light", "dark"])
        await pictures({ shop, sequencer, width, height, colorScheme });
    }
  }
} finally {
  await browser.close();
  demo.kill("SIGINT");
  await once(demo, "exit");
}

/** Returns the URL that the demo prints. */
async function addresses() {
  const found = [];
  for await (const line of createInterface({ input: demo.stdout })) {
    found.push(...(line.match(/http:\/\/\S+/g) ?? []));
    if (found.length === 2) return { shop: found[0], sequencer: found[1] };
  }
  throw new Error("the demo did not start");
}

/** Converts a PNG to WebP, which takes less than half the space in the published package. */
async function webp(context, png) {
  const page = await context.newPage();
  const url = await page.evaluate(
    async (source) => {
      const image = new Image();
      image.src = source;
      await image.decode();
      const canvas = document.createElement("canvas");
      canvas.width = image.width;
      canvas.height = image.height;
      canvas.getContext("2d").drawImage(image, 0, 0);
      return canvas.toDataURL("image/webp", 0.8);
    },
    `data:image/png;base64,${png.toString("base64")}`,
  );
  await page.close();
  return Buffer.from(url.slice(url.indexOf(",") + 1), "base64");
}

async function pictures({ shop, sequencer, width, height, colorScheme, only = /./ }) {
  const context = await browser.newContext({
    viewport: { width, height },
    colorScheme,
    reducedMotion: "reduce",
  });
  const page = await context.newPage();
  const take = async (name, from = page) => {
    if (!only.test(name)) return;
    if (!options.docs) {
      const file = `${name}-${width}-${colorScheme}.png`;
      await from.screenshot({ path: join(directory, file), fullPage: true });
      return;
    }
    await writeFile(join(directory, docsNames[name]), await webp(context, await from.screenshot()));
  };
  const wallet = async (act, heading) => {
    await page.getByRole("button", { name: act, exact: true }).click();
    await page.getByRole("heading", { name: heading }).waitFor();
  };

  await page.goto(shop);
  await page.getByRole("button", { name: "Add one Sidamo" }).click();
  await page.getByRole("button", { name: "Add one Huila" }).click();
  await take("shop");
  await page.getByRole("button", { name: "Pay with Code" }).click();
  await page.getByRole("heading", { name: "Scan to pay" }).waitFor();
  await page.locator("svg[role=img], .code svg, main svg").first().waitFor();
  await take("waiting");
  await wallet("Scan", "Scanned");
  await take("scanned");

  const emulator = await context.newPage();
  await emulator.goto(sequencer);
  await emulator.locator(".intent").last().click();
  const line = emulator.getByRole("treeitem", { name: "native_amount" }).first();
  await line.scrollIntoViewIfNeeded();
  await line.hover();
  await take("emulator-bytes", emulator);
  await emulator.close();

  await wallet("Decline", /declined/i);
  await take("declined");
  await wallet("Pay", /paid|confirmed|thank/i);
  await take("paid");
  await context.close();
}
