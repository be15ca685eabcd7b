import { spawnSync } from "node:child_process";
import { root } from "./build.mjs";
import { ratioOf } from "./measure.mjs";

const programs = {
  bare: "",
  official: 'import "@code-wallet/client";',
  ours: 'import "code-intents";',
};

/**
 * Measures programs that only import, each in a fresh process, minus the time of an empty program.
 *
 * @param {import("./measure.mjs").Effort} effort
 * @returns {Promise<import("./report.mjs").Table[]>}
 */
export async function compareStartUp({ starts }) {
  const ratios = [];
  // The first round warms the system's file cache.
  for (let round = -1; round < starts; round++) {
    const bare = timeProgram(programs.bare);
    const official = timeProgram(programs.official) - bare;
    const ours = timeProgram(programs.ours) - bare;
    if (round >= 0) ratios.push(ours / official);
  }
  return [
    {
      title: "Import, minus an empty program; official client = 1, lower is faster",
      rows: [{ name: 'import "code-intents"', ratio: ratioOf(ratios), target: { atMost: 0.6 } }],
    },
  ];
}

/** @param {string} source */
function timeProgram(source) {
  const start = performance.now();
  const { status, stderr } = spawnSync(process.execPath, ["--input-type=module", "--eval", source], {
    cwd: root,
    encoding: "utf8",
  });
  if (status !== 0) throw new Error(stderr);
  return performance.now() - start;
}
