// The demo in one process: an emulator as the sequencer, the shop, and the panel for the buyer's wallet.
import { randomBytes } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { Emulator } from "code-intents/emulator";
import { commonConfig, integer } from "./config.js";
import { demoWallet } from "./demo-wallet.js";
import { closeOnSignals, openShop, type Shop } from "./shop.js";

try {
  await run();
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}

async function run(): Promise<void> {
  const config = commonConfig(process.env);
  const emulator = await startEmulator(
    integer(process.env, "EMULATOR_PORT", config.port === 0 ? 0 : config.port + 1),
  );
  let shop: Shop;
  try {
    shop = await openShop(
      {
        ...config,
        sequencerUrl: emulator.url,
        browserSequencerUrl: emulator.url,
        webhookPublicKey: emulator.webhookPublicKey,
        idempotencySecret:
          process.env.CODE_IDEMPOTENCY_SECRET ??
          storedSecret(join(dirname(config.database), "idempotency-secret")),
        // The emulator moves no money: any 32 bytes are a valid account.
        destination: "E8otxw1CVX9bfyddKu3ZB3BVLa4VVF9J7CTPdnUwT9jR",
        fees: [{ destination: "CiDwVBFgWV9E5MvXWoLgnEgn2hK7rJikbvfWavzAQz3", basisPoints: 250 }],
      },
      (book) => demoWallet(book, emulator.wallet),
    );
  } catch (error) {
    await emulator.close();
    throw error;
  }
  closeOnSignals(async () => {
    await shop.close();
    await emulator.close();
  });
  console.log(`The shop is open:  ${shop.url}`);
  console.log(`Its sequencer:     ${emulator.url} (an emulator: no money moves)`);
  console.log("Press Ctrl-C to stop both.");
}

async function startEmulator(port: number): Promise<Emulator> {
  try {
    return await Emulator.start({ port });
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== "EADDRINUSE") throw cause;
    const advice = "stop the program that uses it, or set EMULATOR_PORT to another port (0 picks a free one)";
    throw new Error(`Port ${port} is in use: ${advice}.`, { cause });
  }
}

/** Creates the secret once: with another secret, the same order would be another payable intent. */
function storedSecret(path: string): string {
  if (!existsSync(path)) {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, randomBytes(32).toString("base64url"), { mode: 0o600, flag: "wx" });
  }
  return readFileSync(path, "utf8");
}
