import { existsSync } from "node:fs";
import { type Browser, chromium } from "playwright-core";

const candidates = [process.env.CHROMIUM_PATH, "/usr/bin/chromium", "/usr/bin/chromium-browser"];

/**
 * Starts a headless Chromium in a separate process; the caller closes it. It reaches only loopback: no other host resolves.
 *
 * @throws Error if none is installed, since a skipped test proves nothing
 */
export async function startChromium(): Promise<Browser> {
  const executablePath = candidates.find((path) => path !== undefined && existsSync(path));
  if (executablePath === undefined) {
    throw new Error(
      "no Chromium found; install it (`apt-get install chromium`), or set CHROMIUM_PATH to its path",
    );
  }
  return chromium.launch({
    executablePath,
    args: ["--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE localhost, EXCLUDE 127.0.0.1"],
  });
}
