import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import type { Browser, BrowserContextOptions, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { type EmulatorOptions, MovableClock } from "../../src/emulator/index.js";
import type { PaymentIntent } from "../../src/intents/payment-intent.js";
import { rendezvousKey } from "../../src/rendezvous/key.js";
import { randomNonce } from "../../src/rendezvous/nonce.js";
import { encodePayload } from "../../src/rendezvous/payload.js";
import { cleanUp, emulated, intentOf, later, register } from "../support/emulated.js";
import { listing } from "../support/identity.js";
import {
  fiat,
  lengthDelimited,
  login,
  microPaymentOf,
  newKey,
  postSendMessage,
  sendLogin,
  sendPayment,
  verifiedPayment,
} from "../support/sequencer.js";
import { startChromium } from "./chromium.js";

let browser: Browser;
beforeAll(async () => {
  browser = await startChromium();
});
afterAll(() => browser?.close());
afterEach(cleanUp);

const TOKEN = "a token of many characters";

interface Visit extends Awaited<ReturnType<typeof emulated>> {
  readonly page: Page;
  /** Errors that the browser reported. */
  readonly problems: string[];
}

/** Opens the page of a new emulator. */
async function visit(
  options: EmulatorOptions = {},
  context: BrowserContextOptions = {},
  place = "",
): Promise<Visit> {
  const all = await emulated(options);
  const page = await (await browser.newContext(context)).newPage();
  later(() => page.context().close());
  const problems: string[] = [];
  page.on("console", (message) => {
    if (["error", "warning"].includes(message.type())) problems.push(message.text());
  });
  page.on("pageerror", (error) => problems.push(error.message));
  await page.goto(all.emulator.url + place);
  return { ...all, page, problems };
}

const rowOf = (page: Page, id: string) => page.locator(`a.intent[href="#intent=${id}"]`);
const seesLive = (page: Page) => page.locator("#connection[data-state=live]").waitFor();

/** Opens the page of a registered intent with a webhook. */
async function visitIntent(options: EmulatorOptions = {}, context: BrowserContextOptions = {}) {
  const visited = await visit(options, context);
  const intent = intentOf();
  await register(visited.emulator, intent);
  const intentId = { value: rendezvousKey(intent.payload).publicKey };
  await microPaymentOf(visited.emulator).registerWebhook({ intentId, url: "http://localhost/paid" });
  await rowOf(visited.page, intent.id).click();
  return { ...visited, intent };
}

const press = (page: Page, name: string) => page.getByRole("button", { name, exact: true }).click();

async function says(page: Page, text: string): Promise<void> {
  await page.locator(".detail .result", { hasText: text }).waitFor();
}

async function paste(page: Page, intent: PaymentIntent): Promise<void> {
  await page.getByLabel("Scan code").fill(Buffer.from(intent.payload).toString("hex"));
  await press(page, "Use");
  await says(page, "The scan code matches this intent.");
}

describe("an intent", () => {
  test.each([360, 1280])(
    "appears without a reload and without moving other content, at %i px",
    async (width) => {
      const { page, emulator, problems } = await visit({}, { viewport: { width, height: 740 } });
      await seesLive(page);
      await page.evaluate(`
      globalThis.shifts = [];
      new PerformanceObserver((list) => {
        for (const entry of list.getEntries()) if (!entry.hadRecentInput) shifts.push(entry.value);
      }).observe({ type: "layout-shift" });
    `);
      expect(await page.locator("#help").innerText()).toContain(`CODE_SEQUENCER_URL=${emulator.url}`);
      await page.getByText(emulator.webhookPublicKey).waitFor();
      const intents = [intentOf(), intentOf({ amount: "2.50" }), intentOf()];
      for (const intent of intents) {
        await register(emulator, intent, { exchangeData: fiat("usd", Number(intent.amount)) });
        await rowOf(page, intent.id).waitFor();
      }
      expect(await page.locator("#intents strong").allInnerTexts()).toEqual([
        "1.00 usd",
        "2.50 usd",
        "1.00 usd",
      ]);
      expect(await page.evaluate("shifts")).toEqual([]);
      await page.locator("#announcer", { hasText: "3 new intents" }).waitFor();
      expect(problems).toEqual([]);
    },
  );

  test("is paid by the button, and shows its webhook's attempts", async () => {
    const statuses = [503, 200];
    const { page, clock, intent, problems } = await visitIntent({
      deliverWebhook: async () => ({ status: statuses.shift() ?? 0 }),
    });
    await press(page, "Pay");
    await says(page, "Paid 1.00 usd.");
    await page.locator(".detail .head .badge", { hasText: "Paid" }).waitFor();
    await rowOf(page, intent.id).getByText("Paid").waitFor();
    expect(await page.evaluate("document.activeElement.textContent")).toBe("Scan");
    await press(page, "Advance by +1 s");
    await page.locator("tbody tr").nth(1).waitFor();
    expect(await page.locator("tbody tr").allInnerTexts()).toEqual([
      "1\t2023-11-14 22:13:20\tHTTP 503",
      "2\t2023-11-14 22:13:21\tHTTP 200",
    ]);
    await page.getByText("Confirmed", { exact: true }).waitFor();
    expect(clock.now()).toBe(1_700_000_001_000);
    // Nothing is left to pay, and the keyboard's focus stays in the panel.
    expect(await page.getByRole("button", { name: "Pay", exact: true }).count()).toBe(0);
    expect(problems).toEqual([]);
  });

  test("is scanned, rejected and left with a scan code that is pasted once", async () => {
    const { page, intent, problems } = await visitIntent();
    await press(page, "Scan");
    await says(page, "Paste the scan code first.");
    await page.getByLabel("Scan code").fill("no code");
    await press(page, "Use");
    await page.getByText("The text holds no scan code of this intent").waitFor();
    await page.getByLabel("Scan code").fill("");
    expect(await page.evaluate("document.activeElement.id")).toBe("wallet-code");
    await paste(page, intent);
    await press(page, "Scan");
    await says(page, "Scanned.");
    await press(page, "Reject");
    await says(page, "Rejected.");
    await press(page, "Vanish");
    await says(page, "The payer has left");
    await press(page, "Reject");
    await says(page, "Rejected: the payer has left; scan again first");
    const kinds = page.locator(".messages .kind");
    await kinds.nth(2).waitFor();
    expect(await kinds.allInnerTexts()).toEqual(["Payment requested", "Code scanned", "Payment rejected"]);
    expect(problems.filter((text) => !text.includes("400"))).toEqual([]);
    await page.reload();
    await press(page, "Scan");
    await says(page, "Paste the scan code first.");
  });

  test("that requests a login logs a named user in", async () => {
    const verifier = newKey();
    const { page, emulator, problems } = await visit({ fetchWellKnown: async () => listing(verifier) });
    const key = rendezvousKey(encodePayload({ kind: "login", nonce: randomNonce() }));
    await sendLogin(emulator, key, login(key, verifier, "example.com"));
    await page.locator("a.intent", { hasText: "example.com" }).click();
    await page.getByLabel("As user").fill("alice");
    expect(await page.getByRole("button", { name: "Pay", exact: true }).count()).toBe(0);
    await press(page, "Log in");
    await says(page, "Logged in at example.com.");
    await page.locator(".facts", { hasText: "example.com, verified" }).waitFor();
    const paying = intentOf();
    const payer = rendezvousKey(paying.payload);
    await sendPayment(emulator, payer, verifiedPayment(payer, verifier, "example.com"));
    await rowOf(page, paying.id).click();
    await page.getByLabel("As user").fill("alice");
    await press(page, "Pay");
    await says(page, "Paid 1.00 usd.");
    expect(problems).toEqual([]);
  });
});

describe("the byte explorer", () => {
  test.each([360, 1280])("shows a message's bytes and marks the bytes of a line, at %i px", async (width) => {
    const { page, problems } = await visitIntent({}, { viewport: { width, height: 740 } });
    await page.getByText("No byte is wrong.").waitFor();
    await page.getByText("the rendezvous signature verifies").waitFor();
    const marked = async (part: string) => (await page.locator(`.hex .${part}`).allInnerTexts()).join(" ");
    expect(await marked("marked")).toBe("");
    const line = page.getByRole("treeitem", { name: "currency" });
    await line.hover();
    expect([await marked("tag"), await marked("length"), await marked("value")]).toEqual([
      "0a",
      "03",
      "75 73 64",
    ]);
    expect(await page.locator(".where").innerText()).toContain("request_to_receive_bill.partial.currency");
    await page.mouse.move(0, 0);
    expect(await marked("marked")).toBe("");
    await line.click();
    await page.mouse.move(0, 0);
    expect(await marked("value")).toBe("75 73 64");
    await page.keyboard.press("ArrowDown");
    expect(await marked("value")).toBe("00 00 00 00 00 00 f0 3f");
    await page.keyboard.press("End");
    await page.keyboard.press("Home");
    expect(await page.locator(".hex .marked").count()).toBe(
      await page.locator(".hex .hex-row > :not(.offset)").count(),
    );
    expect(await page.evaluate("document.documentElement.scrollWidth")).toBe(width);
    expect(problems).toEqual([]);
  });

  test("shows the line of the byte under the pointer", async () => {
    const { page } = await visitIntent({}, { viewport: { width: 1280, height: 1200 } });
    const cell = page.locator(".hex .hex-row > :not(.offset)").last();
    await cell.hover();
    expect(await page.locator(".lines .current .name").innerText()).toBe("native_amount");
  });
});

describe("hostile input", () => {
  const hostile = `<img src=x onerror="document.title='taken'"><script>document.title='taken'</script>`;

  test("is shown as text, within the page's width", async () => {
    const url = `http://localhost/${"%3Cb%3E".repeat(120)}`;
    const { page, emulator, problems } = await visit(
      {
        deliverWebhook: async () => {
          throw new Error(`${hostile} ${"x".repeat(900)}`);
        },
      },
      { viewport: { width: 360, height: 740 } },
    );
    const intent = intentOf();
    const key = rendezvousKey(intent.payload);
    const bytes = Buffer.concat([intent.toBinary(), lengthDelimited(500, Buffer.from(hostile.repeat(20)))]);
    expect((await postSendMessage(emulator, key, bytes, key.sign(bytes))).status).toBe(200);
    await microPaymentOf(emulator).registerWebhook({ intentId: { value: key.publicKey }, url });
    await rowOf(page, intent.id).click();
    await press(page, "Pay");
    await says(page, "Paid 1.00 usd.");
    await emulator.clock.advance(0);
    await page.locator(".lines .problem").first().waitFor();
    await page.locator("tbody", { hasText: "<img src=x onerror" }).waitFor();
    expect(await page.locator("main img, main script, main b").count()).toBe(0);
    expect(await page.title()).toBe("Code Sequencer emulator");
    expect(await page.evaluate("document.documentElement.scrollWidth")).toBe(360);
    expect(problems).toEqual([]);
  });

  test("in the page's address selects no intent", async () => {
    const { page, problems } = await visit({}, {}, `/#intent=${encodeURIComponent(hostile)}`);
    await page.getByText("The emulator does not have this intent").waitFor();
    expect(await page.locator("main img, main script").count()).toBe(0);
    expect(await page.title()).toBe("Code Sequencer emulator");
    expect(problems).toEqual([]);
  });
});

describe("the clock", () => {
  test("is shown, and moved by any duration", async () => {
    const { page, clock, problems } = await visit();
    await page.locator("#time", { hasText: "2023-11-14 22:13:20 UTC" }).waitFor();
    await page.getByText("frozen").waitFor();
    for (const [name, seconds] of [
      ["+1 s", 1],
      ["+1 min", 60],
      ["+1 h", 3_600],
      ["+24 h", 86_400],
    ] as const) {
      const before = clock.now();
      await press(page, `Advance by ${name}`);
      const shown = new Date(before + seconds * 1000).toISOString().slice(0, 19).replace("T", " ");
      await page.locator("#time", { hasText: shown }).waitFor();
      expect(clock.now() - before).toBe(seconds * 1000);
    }
    for (const [text, seconds] of [
      ["61", 61],
      ["2h 30m", 9_000],
      ["1.5s", 1.5],
    ] as const) {
      const before = clock.now();
      await page.getByLabel("Advance the clock by").fill(text);
      await page.keyboard.press("Enter");
      await page.locator("#clock-result", { hasText: `Advanced by ${text}.` }).waitFor();
      expect(clock.now() - before).toBe(seconds * 1000);
    }
    const before = clock.now();
    for (const text of ["", "soon", "-1s", "1 week"]) {
      await page.getByLabel("Advance the clock by").fill(text);
      await press(page, "Advance");
      await page.locator("#clock-result", { hasText: "Enter a duration" }).waitFor();
    }
    expect(clock.now()).toBe(before);
    expect(problems).toEqual([]);
  });

  test("is shown running if it is not frozen", async () => {
    const { page } = await visit({ clock: new MovableClock() });
    await seesLive(page);
    const first = await page.locator("#time").innerText();
    await page.locator("#time", { hasNotText: first }).waitFor();
    expect(await page.getByText("frozen").count()).toBe(0);
  });
});

test("a reset asks for confirmation, and deletes everything", async () => {
  const { page, emulator, intent, problems } = await visitIntent();
  await press(page, "Reset …");
  await page.getByRole("dialog", { name: "Delete everything?" }).getByText("1 intent ").waitFor();
  await press(page, "Cancel");
  expect(JSON.parse(await emulator.exportState()).intents).toHaveProperty([intent.id]);
  await press(page, "Reset …");
  await press(page, "Delete everything");
  await page.getByText("The emulator does not have this intent").waitFor();
  await page.getByText("No intents yet.").waitFor();
  expect(JSON.parse(await emulator.exportState()).intents).toEqual({});
  expect(problems).toEqual([]);
});

describe("with a control token", () => {
  test("the page asks for it, and keeps it until the tab is closed", async () => {
    const { page, emulator } = await visit({ controlToken: TOKEN });
    const intent = intentOf();
    await register(emulator, intent);
    const dialog = page.getByRole("dialog", { name: "Control token" });
    await dialog.waitFor();
    for (const key of ["Escape", "Escape", "Escape"]) await page.keyboard.press(key);
    await dialog.getByLabel("Token").fill("another token");
    await page.keyboard.press("Enter");
    await dialog.getByText("The emulator rejected this token.").waitFor();
    expect(await page.content()).not.toContain(intent.id);
    await dialog.getByLabel("Token").fill(TOKEN);
    await page.keyboard.press("Enter");
    await rowOf(page, intent.id).click();
    await press(page, "Pay");
    await says(page, "Paid 1.00 usd.");
    expect(page.url()).not.toContain("token");
    await page.reload();
    await rowOf(page, intent.id).waitFor();
    expect(await page.evaluate("localStorage.length")).toBe(0);
    const other = await page.context().newPage();
    await other.goto(emulator.url);
    await other.getByRole("dialog", { name: "Control token" }).waitFor();
  });
});

test("shows that the emulator does not respond, and reconnects when it is back", async () => {
  const { page, emulator } = await visit();
  await seesLive(page);
  await emulator.close();
  await page
    .locator("#connection[data-state=gone]", { hasText: "The emulator does not respond. Retrying in" })
    .waitFor();
  const { emulator: next } = await emulated({ port: emulator.port });
  const intent = intentOf();
  await register(next, intent);
  await seesLive(page);
  await rowOf(page, intent.id).waitFor();
});

test("works with the keyboard alone", async () => {
  const { page, emulator, problems } = await visit();
  const intents = [intentOf(), intentOf(), intentOf()];
  for (const intent of intents) await register(emulator, intent);
  await page.locator(".intent").nth(2).waitFor();
  await page.keyboard.press("Tab");
  await page.keyboard.press("Enter");
  await page.keyboard.press("ArrowUp");
  const focused = () => page.evaluate("document.activeElement.getAttribute('href')");
  expect(await focused()).toBe(`#intent=${intents[1]?.id}`);
  await page.keyboard.press("Enter");
  await page.locator("#detail-title").waitFor();
  expect(await focused()).toBe(`#intent=${intents[1]?.id}`);
  expect(await page.locator("a.intent[aria-current=true]").getAttribute("href")).toBe(await focused());
  const outline = await page.evaluate("getComputedStyle(document.activeElement).outlineWidth");
  expect(outline).not.toBe("0px");
  await page.getByRole("button", { name: "Pay", exact: true }).focus();
  await page.keyboard.press("Space");
  await says(page, "Paid 1.00 usd.");
  expect(problems).toEqual([]);
});

test("shows either the list or an intent on a narrow screen", async () => {
  const { page, intent } = await visitIntent({}, { viewport: { width: 360, height: 740 } });
  await page.locator("#detail-title").waitFor();
  expect(await page.locator("#intents").isVisible()).toBe(false);
  expect(await page.evaluate("document.activeElement.id")).toBe("detail-title");
  await page.getByRole("link", { name: "All intents" }).click();
  await rowOf(page, intent.id).waitFor();
  expect(await page.locator("#detail-title").count()).toBe(0);
  expect(await page.evaluate("document.activeElement.getAttribute('href')")).toBe(`#intent=${intent.id}`);
});

const axePath = createRequire(import.meta.url).resolve("axe-core/axe.min.js");

test.each([
  ["light", 360],
  ["light", 1280],
  ["dark", 360],
  ["dark", 1280],
] as const)("has no axe violations, %s at %i px", async (colorScheme, width) => {
  const axe = await readFile(axePath, "utf8");
  // Bypasses the page's Content-Security-Policy, which would block axe.
  const context = { colorScheme, bypassCSP: true, viewport: { width, height: 800 } };
  const { page, emulator } = await visit({ deliverWebhook: async () => ({ status: 500 }) }, context);
  await seesLive(page);
  await page.addScriptTag({ content: axe });
  const violations = () =>
    page.evaluate(
      `axe.run({ runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"] }).then(
        ({ violations }) => violations.map(({ id, nodes }) => id + ": " + nodes.map(({ html }) => html).join(", ")))`,
    );
  expect(await violations()).toEqual([]);
  const intent = intentOf();
  await register(emulator, intent);
  const intentId = { value: rendezvousKey(intent.payload).publicKey };
  await microPaymentOf(emulator).registerWebhook({ intentId, url: "http://localhost/paid" });
  for (const act of ["scan", "reject", "pay"] as const) await emulator.wallet[act](intent);
  await emulator.clock.advance(0);
  await register(emulator, intentOf());
  await page.locator(".intent").nth(1).waitFor();
  expect(await violations()).toEqual([]);
  await rowOf(page, intent.id).click();
  await press(page, "Scan");
  await page.getByRole("treeitem", { name: "currency" }).first().hover();
  await page.locator("tbody tr").waitFor();
  expect(await violations()).toEqual([]);
  await press(page, "Reset …");
  expect(await violations()).toEqual([]);
});
