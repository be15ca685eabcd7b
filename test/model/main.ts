/**
 * `npm run model`: runs the model of the shop once and prints its findings. Exits with 1 if there are any, or if
 * the run proves nothing.
 */
import { parseArgs } from "node:util";
import { findingKinds } from "./findings.js";
import { type CarelessName, carelessNames, runModel } from "./model.js";

// Of each kind. The first few show the fault; the command repeats them all.
const MOST_SHOWN = 5;

const usage = `npm run model -- [--seed <number>] [--orders 2000] [--kills 100] [--careless <fault>]

--seed      the same seed gives the same plan; default: random
--orders    number of orders
--kills     number of times that the merchant's process is killed, at most the number of orders
--careless  gives the merchant a fault that the model must find: ${carelessNames.join(", ")}`;

const [repository = ".", ...args] = process.argv.slice(2);
process.exitCode = await main();

async function main(): Promise<number> {
  const options = readOptions();
  if (typeof options === "string") {
    console.error(`${options}\n\n${usage}`);
    return 2;
  }
  const { seed, orders, kills, careless } = options;
  console.log(`seed ${seed}, ${orders} orders, ${kills} kills`);
  const { findings, problems, counts } = await runModel({ ...options, onProgress: console.log });
  for (const [name, count] of [...counts].sort()) console.log(`${String(count).padStart(6)}  ${name}`);
  for (const kind of findingKinds) {
    const found = findings.filter((finding) => finding.kind === kind);
    for (const { history } of found.slice(0, MOST_SHOWN)) console.error(`\n${kind}: ${history}`);
    console.log(`${String(found.length).padStart(6)}  findings: ${kind}`);
  }
  for (const problem of problems) console.error(problem);
  if (findings.length + problems.length === 0) return 0;
  const fault = careless === undefined ? "" : ` --careless "${careless}"`;
  console.error(`\nagain: npm run model -- --seed ${seed} --orders ${orders} --kills ${kills}${fault}`);
  return 1;
}

function readOptions() {
  let values: Record<string, string | undefined>;
  try {
    ({ values } = parseArgs({
      args,
      options: {
        seed: { type: "string", default: String(Math.floor(Math.random() * 2 ** 32)) },
        orders: { type: "string", default: "2000" },
        kills: { type: "string", default: "100" },
        careless: { type: "string" },
      },
    }));
  } catch (error) {
    return (error as Error).message;
  }
  const [seed = 0, orders = 0, kills = 0] = ["seed", "orders", "kills"].map((name) =>
    /^\d{1,10}$/.test(values[name] ?? "") ? Number(values[name]) : Number.NaN,
  );
  if (Number.isNaN(seed + orders + kills) || orders === 0)
    return "--seed, --orders and --kills must be integers, and --orders at least 1.";
  if (kills > orders) return "--kills must be at most --orders.";
  const careless = carelessNames.find((name) => name === values.careless);
  if (values.careless !== undefined && careless === undefined)
    return `--careless "${values.careless}" is unknown.`;
  return { repository, seed, orders, kills, careless: careless as CarelessName | undefined };
}
