// The shop in production: run `npm run build`, then `npm start` with the environment that `config.ts` reads.
import { configFromEnvironment } from "./config.js";
import { closeOnSignals, openShop } from "./shop.js";

try {
  const shop = await openShop(configFromEnvironment(process.env));
  closeOnSignals(shop.close);
  console.log(`The shop is open: ${shop.url}`);
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
