import type { Browser, BrowserContext, BrowserContextOptions, Page } from "playwright-core";
import { PaymentIntent } from "../../src/index.js";
import { destination } from "./checkout-shop.js";

/** Matches the browser's messages for a broken connection, and none of the page's. */
const brokenConnection = /net::ERR_(INTERNET_DISCONNECTED|CONNECTION_(REFUSED|RESET|CLOSED)|EMPTY_RESPONSE)/;

/** An order as the shop sends it to the page. */
export interface OrderAnswer {
  id: string;
  state: string;
  confirmedBy?: string;
  amount: string;
  currency: "usd";
  expiresAt: number;
  intentId: string;
  intent?: { clientSecret: string; destination: string; fees: []; kind: "payment" };
}

/** Counts layout shifts without user input, and records when the code appeared. */
const observer = `
  window.shifts = [];
  new PerformanceObserver((list) => {
    for (const { hadRecentInput, value, sources } of list.getEntries())
      if (!hadRecentInput) window.shifts.push({ value, nodes: sources.map(({ node }) => node?.outerHTML?.slice(0, 80)) });
  }).observe({ type: "layout-shift", buffered: true });
  let last;
  new MutationObserver(() => {
    const display = document.body?.dataset.display;
    if (display !== undefined && display !== last) window.noteDisplay((last = display));
    if (document.querySelector("#code svg")) window.codeShownAt ??= performance.now();
  }).observe(document, { subtree: true, childList: true, attributes: true });
`;

/** A buyer with a browser. */
export class Buyer implements AsyncDisposable {
  readonly context: BrowserContext;
  readonly page: Page;
  /** Errors of the console and of scripts, without those of a connection that the test broke. */
  readonly problems: string[] = [];
  /** Every state that the page displayed. */
  readonly displays: string[] = [];

  private constructor(context: BrowserContext, page: Page) {
    this.context = context;
    this.page = page;
    page.on("pageerror", (error) => this.problems.push(error.message));
    page.on("console", (message) => {
      const text = message.text();
      if (message.type() === "error" && !brokenConnection.test(text)) this.problems.push(text);
    });
  }

  static async come(browser: Browser, options: BrowserContextOptions = {}): Promise<Buyer> {
    const context = await browser.newContext({ locale: "en-US", ...options });
    return Buyer.#openTab(context);
  }

  /** Another tab of the same browser. */
  another(): Promise<Buyer> {
    return Buyer.#openTab(this.context);
  }

  static async #openTab(context: BrowserContext): Promise<Buyer> {
    const page = await context.newPage();
    const buyer = new Buyer(context, page);
    await page.exposeFunction("noteDisplay", (display: string) => buyer.displays.push(display));
    await page.addInitScript(observer);
    return buyer;
  }

  /** Fills the basket and orders it, for 3.10 usd. */
  async order(shop: string): Promise<void> {
    await this.page.goto(shop);
    await this.fillBasket();
    await this.pressPay();
    await this.page.waitForURL("**/orders/*");
  }

  async fillBasket(): Promise<void> {
    for (const product of ["Sidamo", "Huila", "Huila"])
      await this.page.getByRole("button", { name: `Add one ${product}` }).click();
  }

  async pressPay(): Promise<void> {
    await this.page.getByRole("button", { name: "Pay with Code" }).click({ force: true }); // it may be aria-disabled
  }

  /** Waits until the page shows this state. */
  async sees(...displays: string[]): Promise<void> {
    const selector = displays.map((display) => `body[data-display="${display}"]`).join(",");
    await this.page.locator(selector).waitFor({ timeout: 20_000 });
  }

  async seesCode(): Promise<void> {
    await this.page.locator("#code svg").waitFor();
  }

  async codes(): Promise<number> {
    return this.page.locator("#code svg").count();
  }

  /** The order of this page, as the shop returns it. */
  async answer(): Promise<OrderAnswer> {
    const { origin, pathname } = new URL(this.page.url());
    const response = await fetch(`${origin}/api${pathname}`);
    return (await response.json()) as OrderAnswer;
  }

  /** The payload that a phone reads from the screen. */
  async scanned(): Promise<PaymentIntent> {
    const { amount, currency, intentId, intent } = await this.answer();
    if (intent === undefined) throw new Error("there is nothing to scan");
    const { clientSecret, kind } = intent;
    return PaymentIntent.fromClientSecret({
      clientSecret,
      kind,
      destination,
      amount,
      currency,
      expectedId: intentId,
    });
  }

  /** Layout shifts of this page without user input. */
  shifts(): Promise<unknown[]> {
    return this.page.evaluate("window.shifts");
  }

  /** Names of the scripts that this page requested, before and after it showed the code. */
  scripts(): Promise<{ before: string[]; after: string[] }> {
    return this.page.evaluate(`(() => {
      const scripts = performance.getEntriesByType("resource").filter(({ name }) => name.endsWith(".js"));
      const names = (entries) => entries.map(({ name }) => name.split("/").pop()).sort();
      return {
        before: names(scripts.filter(({ startTime }) => startTime <= window.codeShownAt)),
        after: names(scripts.filter(({ startTime }) => startTime > window.codeShownAt)),
      };
    })()`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.context.close();
  }
}
