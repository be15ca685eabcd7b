import { existsSync } from "node:fs";
import { type Browser, chromium } from "playwright-core";

const candidates = [process.env.CHROMIUM_PATH, "/usr/bin/chromium", "/usr/bin/chromium-browser"];

/**
 * A headless Chromium of its own process; close it in the end. It reaches loopback alone: every other host fails to resolve.
 *
 * @throws Error where none is installed, since a test that is skipped says nothing
 */
export async function startChromium(): Promise<Browser> {
  const executablePath = candidates.find((path) => path !== undefined && existsSync(path));
  if (executablePath === undefined) {
    throw new Error(
      "no Chromium: install it (`apt-get install chromium`), or name the program in CHROMIUM_PATH",
    );
  }
  return chromium.launch({
    executablePath,
    args: ["--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE localhost, EXCLUDE 127.0.0.1"],
  });
}
