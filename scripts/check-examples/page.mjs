// A buyer in a real browser, for recipes that have a page.
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { chromium } from "playwright-core";
import { paid } from "./shop.mjs";

const candidates = [process.env.CHROMIUM_PATH, "/usr/bin/chromium", "/usr/bin/chromium-browser"];

/** Orders on the page, pays by its scan code, and expects the page to report the payment. */
export async function seeItPaid(market) {
  const executablePath = candidates.find((path) => path !== undefined && existsSync(path));
  if (executablePath === undefined)
    throw new Error("Chromium is missing: install it, or set CHROMIUM_PATH to its program");
  const browser = await chromium.launch({
    executablePath,
    args: ["--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE localhost, EXCLUDE 127.0.0.1"],
  });
  try {
    const page = await browser.newPage();
    page.setDefaultTimeout(20_000);
    const complaints = [];
    page.on("console", (message) => message.type() === "error" && complaints.push(message.text()));
    page.on("pageerror", (error) => complaints.push(String(error)));
    await page.goto(market.origin);
    const ordered = page.waitForResponse((answer) => answer.url() === `${market.origin}/orders`);
    await page.getByRole("button").click();
    const order = await (await ordered).json();
    await page.getByRole("img", { name: "Scan code to pay 2.50 usd" }).waitFor();
    await market.emulator.wallet.pay(order.intentId);
    await page.getByText("Paid").waitFor();
    await paid(market, order.id);
    assert.deepEqual(complaints, []);
  } finally {
    await browser.close();
  }
}
