import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import axe from "axe-core";
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { CodeClient } from "../../src/index.js";
import { Buyer } from "./checkout-buyer.js";
import { Checkout, post, type Stage } from "./checkout-shop.js";
import { layWire } from "./checkout-wires.js";
import { startChromium } from "./chromium.js";

let checkout: Checkout;
let browser: Browser;
beforeAll(async () => {
  [checkout, browser] = await Promise.all([Checkout.install(), startChromium()]);
});
afterAll(async () => {
  await browser?.close();
  await checkout?.remove();
});

/** The fulfilled orders, read after the shop has closed. */
async function outboxOf(stage: Stage): Promise<unknown[]> {
  await stage.end();
  return stage.read("select task from outbox");
}

/** The text of a script from the page's build. */
function asset(name: string): Promise<string> {
  return readFile(join(checkout.project, "dist", "page", "assets", name), "utf8");
}

describe("a purchase", () => {
  test("is shown as paid by the stream, and as confirmed by the webhook", async () => {
    let deliver: () => void = () => {};
    const held = new Promise<void>((resolve) => {
      deliver = resolve;
    });
    await using stage = await checkout.open({ deliver: (request) => held.then(() => post(request)) });
    const shop = await stage.start();
    await using buyer = await Buyer.come(browser);
    await buyer.order(shop);
    await buyer.seesCode();
    await buyer.sees("waiting");
    expect(await buyer.page.locator("#amount").textContent()).toBe("$3.10");
    const intent = await buyer.scanned();
    await stage.emulator.wallet.scan(intent);
    await buyer.sees("scanned");
    await stage.emulator.wallet.pay(intent);
    await buyer.sees("paid");
    expect((await buyer.answer()).state).toBe("open"); // the stream was first; the shop has not been notified
    deliver();
    await buyer.sees("confirmed");
    expect(await buyer.answer()).toMatchObject({ state: "paid", confirmedBy: "webhook" });
    expect(buyer.displays).toEqual(["loading", "waiting", "scanned", "paid", "confirmed"]);
    expect(await buyer.shifts()).toEqual([]);
    expect(buyer.problems).toEqual([]);
    expect(await outboxOf(stage)).toEqual([{ task: "send-goods" }]);
    // No log contains a secret that opens or signs an order.
    const [row] = await stage.read("select * from orders");
    for (const secret of [row?.client_secret, row?.id]) expect(stage.output).not.toContain(secret);
    expect(stage.output).toContain(row?.intent_id);
  });

  test("shows the amount in the buyer's locale", async () => {
    await using stage = await checkout.open();
    await using buyer = await Buyer.come(browser, { locale: "de-DE" });
    await buyer.order(await stage.start());
    await buyer.seesCode();
    expect(await buyer.page.locator("#amount").textContent()).toBe("3,10\u00a0$");
  });

  test("continues after a decline", async () => {
    await using stage = await checkout.open();
    await using buyer = await Buyer.come(browser);
    await buyer.order(await stage.start());
    await buyer.sees("waiting");
    const intent = await buyer.scanned();
    await stage.emulator.wallet.reject(intent);
    await buyer.sees("declined");
    expect(await buyer.codes()).toBe(1);
    await stage.emulator.wallet.pay(intent);
    await buyer.sees("confirmed");
    expect(buyer.problems).toEqual([]);
    expect(await outboxOf(stage)).toEqual([{ task: "send-goods" }]);
  });

  test("hides the code when the time is up, and marks a later payment as late", async () => {
    await using stage = await checkout.open({ env: { PAY_WITHIN_SECONDS: "3" } });
    await using buyer = await Buyer.come(browser);
    await buyer.order(await stage.start());
    await buyer.seesCode();
    const intent = await buyer.scanned();
    await buyer.sees("expired");
    expect(await buyer.codes()).toBe(0);
    await stage.emulator.wallet.pay(intent);
    await buyer.sees("late");
    expect((await buyer.answer()).state).toBe("paid-late");
    expect(await buyer.shifts()).toEqual([]);
    expect(buyer.problems).toEqual([]);
    expect(await outboxOf(stage)).toEqual([{ task: "decide-on-late-payment" }]);
  });

  test("explains an unknown order and a wrong address, with status 404", async () => {
    await using stage = await checkout.open();
    const shop = await stage.start();
    await using buyer = await Buyer.come(browser);
    const missing = await buyer.page.goto(`${shop}/orders/unknown`);
    expect(missing?.status()).toBe(404);
    await buyer.sees("missing");
    const wrong = await buyer.page.goto(`${shop}/order`);
    expect(wrong?.status()).toBe(404);
    await buyer.page.getByRole("link", { name: "Back to the shop" }).click();
    await buyer.page.locator("#pay").waitFor();
    expect((await fetch(`${shop}/order`)).headers.get("content-type")).toContain("application/json");
  });

  test("continues after a reload", async () => {
    await using stage = await checkout.open();
    await using buyer = await Buyer.come(browser);
    await buyer.order(await stage.start());
    const intent = await buyer.scanned();
    await stage.emulator.wallet.scan(intent);
    await buyer.sees("scanned");
    await buyer.page.reload();
    await buyer.seesCode();
    await buyer.sees("scanned");
    await stage.emulator.wallet.pay(intent);
    await buyer.sees("confirmed");
    await buyer.page.reload();
    await buyer.sees("confirmed");
    expect(await buyer.codes()).toBe(0);
    expect(await buyer.shifts()).toEqual([]);
    expect(buyer.problems).toEqual([]);
  });

  test("reuses the order of an unpaid basket, and creates a new one after payment", async () => {
    await using stage = await checkout.open();
    const shop = await stage.start();
    await using buyer = await Buyer.come(browser);
    await buyer.order(shop);
    const first = buyer.page.url();
    await buyer.page.goto(shop);
    await buyer.pressPay();
    await buyer.page.waitForURL(first);
    await stage.emulator.wallet.pay(await buyer.scanned());
    await buyer.sees("confirmed");
    await buyer.order(shop);
    expect(buyer.page.url()).not.toBe(first);
    await buyer.sees("waiting");
  });

  test("shows the same state in two tabs", async () => {
    await using stage = await checkout.open();
    await using buyer = await Buyer.come(browser);
    await buyer.order(await stage.start());
    await buyer.sees("waiting");
    const tab = await buyer.another();
    await tab.page.goto(buyer.page.url());
    await tab.seesCode();
    const intent = await buyer.scanned();
    await stage.emulator.wallet.reject(intent);
    await Promise.all([buyer.sees("declined"), tab.sees("declined")]);
    await stage.emulator.wallet.pay(intent);
    await Promise.all([buyer.sees("confirmed"), tab.sees("confirmed")]);
    expect([...buyer.problems, ...tab.problems]).toEqual([]);
    expect(await outboxOf(stage)).toEqual([{ task: "send-goods" }]);
  });

  test("works over Connect", async () => {
    await using stage = await checkout.open();
    await using buyer = await Buyer.come(browser);
    await buyer.order(await stage.start());
    await buyer.page.goto(`${buyer.page.url()}?protocol=connect`);
    await buyer.seesCode();
    const intent = await buyer.scanned();
    await stage.emulator.wallet.scan(intent);
    await buyer.sees("scanned");
    await stage.emulator.wallet.pay(intent);
    await buyer.sees("confirmed");
    const { after } = await buyer.scripts();
    const later = await Promise.all(after.map((name) => asset(name)));
    expect(later.some((text) => /connect-protocol-version/i.test(text))).toBe(true);
    expect(after.filter((name) => /envelope|socket/.test(name))).toEqual([]);
    expect(buyer.problems).toEqual([]);
  });
});

describe("against fraud", () => {
  test.each([
    ["amount", (order: OrderLike) => ({ ...order, amount: "0.05" })],
    ["currency", (order: OrderLike) => ({ ...order, currency: "eur" })],
    ["client secret", (order: OrderLike) => changeIntent(order, { clientSecret: "4uQeVj5tqViQh7y" })],
    ["id", (order: OrderLike) => ({ ...order, intentId: "11111111111111111111111111111112" })],
    ["kind", (order: OrderLike) => changeIntent(order, { kind: "payment-with-fees" })],
  ])("shows no code if the %s was changed in transit, and the shop's price applies", async (_, change) => {
    await using stage = await checkout.open();
    await using orderer = await Buyer.come(browser);
    await orderer.order(await stage.start());
    // A browser without stored orders, so that only the id can reveal the change.
    await using buyer = await Buyer.come(browser);
    await buyer.page.route("**/api/orders/*", async (route) => {
      const response = await route.fetch();
      await route.fulfill({ response, json: change(await response.json()) });
    });
    await buyer.page.goto(orderer.page.url());
    await buyer.sees("stopped");
    expect(await buyer.page.getByRole("heading", { level: 1 }).textContent()).toBe("Do not pay this");
    expect(await buyer.codes()).toBe(0);
    expect(buyer.displays).toEqual(["loading", "stopped"]);
    expect(await buyer.page.evaluate("document.activeElement.id")).toBe("headline");
    expect(await buyer.answer()).toMatchObject({ state: "open", amount: "3.10" });
    expect(buyer.problems).toEqual([]);
  });

  test("removes the code if the registered destination differs from the page's", async () => {
    await using stage = await checkout.open();
    await using buyer = await Buyer.come(browser);
    await buyer.page.route("**/api/orders/*", async (route) => {
      const response = await route.fetch();
      const changed = changeIntent(await response.json(), {
        destination: "CiDwVBFgWV9E5MvXWoLgnEgn2hK7rJikbvfWavzAQz3",
      });
      await route.fulfill({ response, json: changed });
    });
    await buyer.order(await stage.start());
    await buyer.sees("stopped");
    expect(await buyer.codes()).toBe(0);
  });

  test("shows no code for an amount that differs from the one this browser was shown", async () => {
    await using stage = await checkout.open();
    await using buyer = await Buyer.come(browser);
    await buyer.order(await stage.start());
    await buyer.sees("waiting");
    const { id } = await buyer.answer();
    const shown = JSON.stringify({ amount: "2.15", currency: "usd" });
    await buyer.page.evaluate(`sessionStorage.setItem("shown:${id}", ${JSON.stringify(shown)})`);
    await buyer.page.reload();
    await buyer.sees("stopped");
    expect(await buyer.codes()).toBe(0);
  });

  test("orders nothing at a price that differs from the one the buyer was shown", async () => {
    await using stage = await checkout.open();
    const shop = await stage.start();
    await using buyer = await Buyer.come(browser);
    await buyer.page.route("**/api/prices", async (route) => {
      const response = await route.fetch();
      const list = (await response.json()) as { prices: Record<string, string> };
      await route.fulfill({ response, json: { ...list, prices: { ...list.prices, huila: "0.10" } } });
    });
    await buyer.page.goto(shop);
    await buyer.fillBasket();
    expect(await buyer.page.locator("#total").textContent()).toBe("$1.40");
    await buyer.page.unroute("**/api/prices");
    await buyer.pressPay();
    await buyer.page.getByText("Our prices have just changed").waitFor();
    expect(await buyer.page.locator("#total").textContent()).toBe("$3.10");
    expect(buyer.page.url()).toBe(`${shop}/`);
  });

  test("fulfils once if a webhook is replayed", async () => {
    await using stage = await checkout.open();
    await using buyer = await Buyer.come(browser);
    await buyer.order(await stage.start());
    await stage.emulator.wallet.pay(await buyer.scanned());
    await buyer.sees("confirmed");
    const [delivery] = stage.webhooks;
    if (delivery === undefined) throw new Error("no webhook was delivered");
    const again = { ...delivery, signal: AbortSignal.timeout(10_000) };
    const answers = await Promise.all([post(again), post(again), post(again)]);
    expect(answers).toEqual([{ status: 200 }, { status: 200 }, { status: 200 }]);
    expect(await outboxOf(stage)).toEqual([{ task: "send-goods" }]);
    expect(stage.output.match(/webhook, (fulfilled|already)/g)?.sort()).toEqual([
      "webhook, already",
      "webhook, already",
      "webhook, already",
      "webhook, fulfilled",
    ]);
  });
});

describe("when something fails", () => {
  test("confirms by a status check if no webhook arrives", async () => {
    await using stage = await checkout.open({
      deliver: async () => ({ status: 503 }),
      env: { RECONCILE_SECONDS: "1" },
    });
    await using buyer = await Buyer.come(browser);
    await buyer.order(await stage.start());
    await buyer.sees("waiting");
    await stage.emulator.wallet.pay(await buyer.scanned());
    await buyer.sees("confirmed");
    expect(await buyer.answer()).toMatchObject({ state: "paid", confirmedBy: "status" });
    expect(await outboxOf(stage)).toEqual([{ task: "send-goods" }]);
  });

  test("continues if the order is paid while the shop is down", async () => {
    await using stage = await checkout.open();
    await using buyer = await Buyer.come(browser);
    await buyer.order(await stage.start());
    const intent = await buyer.scanned();
    await stage.emulator.wallet.scan(intent);
    await buyer.sees("scanned"); // so the stream is open
    await stage.end("SIGKILL");
    await stage.emulator.wallet.pay(intent);
    await buyer.sees("paid");
    await buyer.page.getByText("The shop is not responding").waitFor();
    await stage.start();
    await buyer.sees("confirmed");
    expect(buyer.problems).toEqual([]);
    expect(await outboxOf(stage)).toEqual([{ task: "send-goods" }]);
  });

  test("registers stored orders at its start that never reached the sequencer", async () => {
    await using stage = await checkout.open();
    await using wire = await layWire(() => stage.emulator.port);
    stage.env.CODE_SEQUENCER_URL = wire.url;
    stage.env.CODE_SEQUENCER_BROWSER_URL = stage.emulator.url;
    const shop = await stage.start();
    await using buyer = await Buyer.come(browser);
    await buyer.page.goto(shop);
    await buyer.fillBasket();
    wire.cut();
    await buyer.pressPay();
    await buyer.page.getByText("Payments are unavailable right now").waitFor({ timeout: 20_000 });
    await stage.end("SIGKILL");
    const [kept] = await stage.read("select * from orders");
    if (kept === undefined) throw new Error("the order was not kept");
    await using code = new CodeClient({ baseUrl: stage.emulator.url });
    expect((await code.paymentIntents.getStatus(kept.intent_id)).exists).toBe(false);
    wire.mend();
    await stage.start();
    await expect
      .poll(async () => (await code.paymentIntents.getStatus(kept.intent_id)).exists, { timeout: 20_000 })
      .toBe(true);
    await buyer.pressPay();
    await buyer.page.waitForURL(`**/orders/${kept.id}`);
    await buyer.sees("waiting");
  });

  test("registers an order again if its sequencer has lost it", async () => {
    await using stage = await checkout.open();
    await using buyer = await Buyer.come(browser);
    await buyer.order(await stage.start());
    const intent = await buyer.scanned();
    await stage.end("SIGINT");
    await stage.emulator.reset();
    await stage.start();
    const pay = () => stage.emulator.wallet.pay(intent).then(() => "paid", String);
    await expect.poll(pay, { timeout: 20_000 }).toBe("paid");
    await buyer.page.reload();
    await buyer.sees("confirmed");
  });

  test("shows that it is offline, and recovers automatically after ten seconds", async () => {
    await using stage = await checkout.open();
    await using wire = await layWire(() => stage.emulator.port);
    stage.env.CODE_SEQUENCER_BROWSER_URL = wire.url;
    await using buyer = await Buyer.come(browser);
    await buyer.order(await stage.start());
    const intent = await buyer.scanned();
    await stage.emulator.wallet.scan(intent);
    await buyer.sees("scanned"); // so the stream is open
    expect(wire.open).toBeGreaterThan(0);
    // The browser's offline mode leaves WebSockets open, so the proxy is cut too.
    await buyer.context.setOffline(true);
    wire.cut();
    await buyer.page.getByText("You are offline").waitFor();
    expect(wire.open).toBe(0);
    await stage.emulator.wallet.reject(intent);
    await buyer.page.waitForTimeout(10_000); // the test is about an outage of this length
    expect(buyer.displays.at(-1)).toBe("scanned");
    wire.mend();
    await buyer.context.setOffline(false);
    await buyer.sees("declined");
    expect(wire.open).toBeGreaterThan(0);
    await expect.poll(() => buyer.page.locator("#connection").textContent()).toBe("");
    await stage.emulator.wallet.pay(intent);
    await buyer.sees("confirmed");
    expect(await buyer.shifts()).toEqual([]);
    expect(buyer.problems).toEqual([]);
  });
});

describe("accessibility", () => {
  /** The violations that axe finds in the page's present state. */
  async function violations(buyer: Buyer): Promise<unknown> {
    await buyer.page.evaluate(axe.source);
    return buyer.page.evaluate(`axe.run().then(({ violations }) =>
      violations.map(({ id, nodes }) => ({ id, nodes: nodes.map(({ html, failureSummary }) => html + failureSummary) })))`);
  }

  test.each(["light", "dark"] as const)(
    "has no axe violations in the %s theme, in any state",
    async (colorScheme) => {
      const look = { colorScheme, reducedMotion: "reduce", viewport: { width: 360, height: 740 } } as const;
      let deliver: () => void = () => {};
      const held = new Promise<void>((resolve) => {
        deliver = resolve;
      });
      await using stage = await checkout.open({ deliver: (request) => held.then(() => post(request)) });
      const shop = await stage.start();
      await using buyer = await Buyer.come(browser, look);
      const found: Record<string, unknown> = {};
      const audit = async (name: string) => {
        found[name] = await violations(buyer);
      };
      await buyer.page.goto(shop);
      await buyer.page.getByText("$1.20").waitFor();
      await audit("shop");
      await buyer.pressPay();
      await buyer.page.getByText("Your basket is empty").waitFor();
      await audit("empty basket");
      await buyer.order(shop);
      await buyer.sees("waiting");
      await audit("waiting");
      const intent = await buyer.scanned();
      await stage.emulator.wallet.scan(intent);
      await buyer.sees("scanned");
      await audit("scanned");
      await stage.emulator.wallet.reject(intent);
      await buyer.sees("declined");
      await audit("declined");
      await buyer.context.setOffline(true);
      await buyer.page.getByText("You are offline").waitFor();
      await audit("offline");
      await buyer.context.setOffline(false);
      // The state itself is tested above; here it only has to be visible.
      await buyer.page.route("**/api/orders/*", async (route) => {
        const response = await route.fetch();
        const order = (await response.json()) as { state: string };
        const state = order.state === "open" ? "expired" : "paid-late";
        await route.fulfill({ response, json: { ...order, state } });
      });
      await buyer.page.reload();
      await buyer.sees("expired");
      await audit("expired");
      await stage.emulator.wallet.pay(intent);
      await buyer.sees("paid");
      await audit("paid");
      deliver();
      await buyer.sees("late");
      await audit("late");
      await buyer.page.unroute("**/api/orders/*");
      await buyer.order(shop);
      await stage.emulator.wallet.pay(await buyer.scanned());
      await buyer.sees("confirmed");
      await audit("confirmed");
      await buyer.page.goto(`${shop}/orders/nothing`);
      await buyer.sees("missing");
      await audit("missing");
      expect(Object.entries(found).filter(([, problems]) => JSON.stringify(problems) !== "[]")).toEqual([]);
      expect(Object.keys(found)).toHaveLength(11);
    },
  );

  test("completes a purchase with the keyboard alone, with the demo's wallet", async () => {
    await using demo = await checkout.demo();
    await using buyer = await Buyer.come(browser);
    const { page } = buyer;
    const focused = `(({ activeElement: at }) => at.getAttribute("aria-label") ?? at.textContent.trim())(document)`;
    const press = async (name: string) => {
      for (let tabs = 0; tabs < 40; tabs++) {
        await page.keyboard.press("Tab");
        if ((await page.evaluate(focused)) !== name) continue;
        await page.keyboard.press("Enter");
        return;
      }
      throw new Error(`40 times Tab, and never at "${name}"`);
    };
    await page.goto(demo.url);
    await page.getByText("$0.35").waitFor();
    await press("Add one Sidamo");
    await page.keyboard.press("Space");
    await press("Add one pack of filter papers");
    expect(await page.locator("#total").textContent()).toBe("$2.75");
    await press("Pay with Code");
    await buyer.sees("waiting");
    await page.getByText("Demo", { exact: true }).waitFor();
    await press("Scan");
    await buyer.sees("scanned");
    await press("Decline");
    await buyer.sees("declined");
    await press("Pay");
    await buyer.sees("confirmed");
    expect(await page.getByRole("status").first().textContent()).toBe("");
    expect(await page.getByRole("status").nth(1).textContent()).toContain("Thank you");
    expect(await violations(buyer)).toEqual([]);
    expect(await buyer.shifts()).toEqual([]);
    expect(buyer.problems).toEqual([]);
  });

  test.each([320, 360, 768, 1280, 1440])(
    "fits %i pixels, and shifts nothing while it loads",
    async (width) => {
      await using stage = await checkout.open();
      await using buyer = await Buyer.come(browser, { viewport: { width, height: 800 } });
      const overflow = "document.documentElement.scrollWidth - document.documentElement.clientWidth";
      await buyer.page.goto(await stage.start());
      await buyer.page.getByText("$1.20").waitFor();
      expect(await buyer.page.evaluate(overflow)).toBe(0);
      expect(await buyer.shifts()).toEqual([]);
      await buyer.fillBasket();
      await buyer.pressPay();
      await buyer.seesCode();
      await stage.emulator.wallet.reject(await buyer.scanned());
      await buyer.sees("declined");
      expect(await buyer.page.evaluate(overflow)).toBe(0);
      expect(await buyer.shifts()).toEqual([]);
    },
  );
});

describe("the build", () => {
  test("loads the watch only after the code is on the screen", async () => {
    await using stage = await checkout.open();
    await using buyer = await Buyer.come(browser);
    await buyer.order(await stage.start());
    await stage.emulator.wallet.scan(await buyer.scanned());
    await buyer.sees("scanned");
    const { before, after } = await buyer.scripts();
    const texts = await Promise.all(before.map((name) => asset(name)));
    // Markers: protobuf's descriptors, Connect's header, the envelope's WebSocket.
    expect(
      texts.filter((text) => /google\.protobuf|connect-protocol-version|WebSocket/i.test(text)).length,
    ).toBe(0);
    expect(before.filter((name) => /stream|watch|envelope|connect|socket|_pb/.test(name))).toEqual([]);
    for (const chunk of ["stream", "intent-monitor", "envelope"])
      expect(
        after.some((name) => name.startsWith(`${chunk}-`)),
        chunk,
      ).toBe(true);
    const later = await Promise.all(after.map((name) => asset(name)));
    expect(later.filter((text) => /connect-protocol-version/i.test(text)).length).toBe(0);
    const gzipped = texts.reduce((sum, text) => sum + gzipSync(text).length, 0);
    expect(gzipped).toBeLessThan(40_000);
  });

  test("contains no Node code, and no inline script", async () => {
    const folder = join(checkout.project, "dist", "page");
    for (const name of (await readdir(join(folder, "assets"))).filter((file) => file.endsWith(".js"))) {
      const text = await asset(name);
      const nodes = [
        /(from|import\(|require\()\s*["'`]node:/,
        /\brequire\(|__vite-browser-external/,
        /Buffer\.from|createHmac/,
      ];
      // Compares a boolean, since a failure would print the complete text.
      expect(
        nodes.filter((pattern) => pattern.test(text)),
        name,
      ).toEqual([]);
    }
    for (const name of ["index.html", "order.html"]) {
      const html = await readFile(join(folder, name), "utf8");
      expect(html.match(/<script(?![^>]*\bsrc=)[^>]*>|\son\w+=|\sstyle=/g), name).toBeNull();
    }
  });

  test("excludes the demo's wallet from production", async () => {
    const server = join(checkout.project, "dist", "server");
    const main = await readFile(join(server, "main.js"), "utf8");
    expect(main).not.toContain("demo");
    for (const [, imported] of main.matchAll(/from"?\s*"\.\/(\w+\.js)"/g))
      expect(await readFile(join(server, String(imported)), "utf8")).not.toMatch(/emulator"|api\/demo/);
    await using stage = await checkout.open();
    const shop = await stage.start();
    await using buyer = await Buyer.come(browser);
    await buyer.order(shop);
    await buyer.sees("waiting");
    expect(await buyer.page.getByText("Demo", { exact: true }).count()).toBe(0);
    const { pathname } = new URL(buyer.page.url());
    const response = await fetch(`${shop}/api/demo${pathname}/pay`, { method: "POST" });
    expect(response.status).toBe(404);
  });
});

interface OrderLike {
  readonly intent: object;
}

function changeIntent(order: OrderLike, change: object): OrderLike {
  return { ...order, intent: { ...order.intent, ...change } };
}
