/**
 * How much is measured.
 *
 * @typedef {object} Effort
 * @property {number} rounds Rounds of what needs no network.
 * @property {number} warmUpMs Time that each case runs before it counts.
 * @property {number} batchMs Time of one case in one round.
 * @property {number} callRounds Rounds of calls to a server.
 * @property {number} callMs Time of one case of calls in one round.
 * @property {number} starts Fresh processes of each case.
 */

/**
 * Something to measure: `run` does it `count` times.
 *
 * @typedef {{ name: string, run: (count: number) => unknown }} Case
 */

/**
 * A ratio over all rounds.
 *
 * @typedef {{ median: number, min: number, max: number }} Ratio
 */

/**
 * Milliseconds of one operation by case, one entry for each round.
 *
 * @typedef {Map<string, number[]>} Timings
 */

/**
 * Milliseconds since some moment.
 *
 * @typedef {() => number} Clock
 */

/** @type {Clock} */
export const wallClock = () => performance.now();

/**
 * Time that the processor spent in this process, its collector's threads included. For what waits for nothing it is
 * the better clock: it stands still while another process has the processor.
 *
 * @type {Clock}
 */
export const processorClock = () => {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
};

/**
 * Runs the cases in turns (A B C, A B C, …), so that whatever else the machine does meets all of them alike.
 *
 * @param {readonly Case[]} cases
 * @param {{ rounds: number, warmUpMs: number, batchMs: number }} effort
 * @param {Clock} clock
 * @returns {Promise<Timings>}
 */
export async function interleave(cases, { rounds, warmUpMs, batchMs }, clock) {
  const batches = [];
  for (const { name, run } of cases) {
    const perOperation = await warmUp(run, warmUpMs, clock);
    batches.push({ name, run, count: Math.max(1, Math.round(batchMs / perOperation)) });
  }
  const timings = new Map(cases.map(({ name }) => [name, /** @type {number[]} */ ([])]));
  for (let round = 0; round < rounds; round++) {
    for (const { name, run, count } of batches)
      timings.get(name)?.push((await time(run, count, clock)) / count);
  }
  return timings;
}

/**
 * How many times as fast a case is as the baseline. Each round is compared with itself.
 *
 * @param {Timings} timings
 * @param {string} name
 * @param {string} baseline
 * @returns {Ratio}
 */
export function speed(timings, name, baseline) {
  const own = timings.get(name) ?? [];
  return ratioOf((timings.get(baseline) ?? []).map((base, round) => base / (own[round] ?? Number.NaN)));
}

/** @param {readonly number[]} ratios */
export function ratioOf(ratios) {
  return { median: median(ratios), min: Math.min(...ratios), max: Math.max(...ratios) };
}

/** @param {readonly number[]} values */
function median(values) {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  if (sorted.length % 2 === 1) return sorted[middle] ?? Number.NaN;
  return ((sorted[middle - 1] ?? Number.NaN) + (sorted[middle] ?? Number.NaN)) / 2;
}

/**
 * Runs a case until it is warm; returns the milliseconds of one operation then.
 *
 * @param {Case["run"]} run
 * @param {number} warmUpMs
 * @param {Clock} clock
 */
async function warmUp(run, warmUpMs, clock) {
  const end = clock() + warmUpMs;
  let count = 1;
  let perOperation = await time(run, count, clock);
  while (clock() < end) {
    // A quarter of the warm-up at a time, and growing slowly: the first calls are no measure of the later ones.
    count = Math.max(1, Math.min(2 * count, Math.round(warmUpMs / 4 / perOperation)));
    perOperation = (await time(run, count, clock)) / count;
  }
  return perOperation;
}

/**
 * @param {Case["run"]} run
 * @param {number} count
 * @param {Clock} clock
 */
async function time(run, count, clock) {
  const start = clock();
  await run(count);
  return clock() - start;
}
