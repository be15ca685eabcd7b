/** Reads the page's files from the folder beside this module. */
import { readdir, readFile } from "node:fs/promises";
import { extname } from "node:path";

/** A file of the page. */
export interface Asset {
  readonly type: string;
  readonly bytes: Uint8Array;
}

const types: Readonly<Record<string, string>> = {
  ".html": "text/html; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".svg": "image/svg+xml",
};

/** Reads all files, keyed by name. */
export async function readAssets(): Promise<ReadonlyMap<string, Asset>> {
  const folder = new URL("./assets/", import.meta.url);
  const assets = new Map<string, Asset>();
  for (const name of await readdir(folder)) {
    const type = types[extname(name)];
    if (type !== undefined) assets.set(name, { type, bytes: await readFile(new URL(name, folder)) });
  }
  return assets;
}
