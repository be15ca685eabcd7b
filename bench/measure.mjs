/**
 * How many rounds are measured, and for how long.
 *
 * @typedef {object} Effort
 * @property {number} rounds Rounds of cases without a network.
 * @property {number} warmUpMs Time that each case runs before it is measured.
 * @property {number} batchMs Time of one case in one round.
 * @property {number} callRounds Rounds of calls to a server.
 * @property {number} callMs Time of one case of calls in one round.
 * @property {number} starts Fresh processes per case.
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
 * Milliseconds since an arbitrary start.
 *
 * @typedef {() => number} Clock
 */

/** @type {Clock} */
export const wallClock = () => performance.now();

/**
 * CPU time of this process, including its garbage collector's threads. It is the better clock for CPU-bound
 * work, because it stands still while another process has the CPU.
 *
 * @type {Clock}
 */
export const processorClock = () => {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
};

/**
 * Runs the cases in turns (A B C, A B C, …), so that other load on the machine affects all of them equally.
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
 * Returns how many times as fast as the baseline a case is. Both times of a ratio are from the same round.
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
 * Runs a case until it is warm. Returns the milliseconds of one operation.
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
    // At most a quarter of the warm-up per step, growing slowly: the first calls say little about later ones.
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
