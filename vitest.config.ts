import { readdirSync, readFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { configDefaults, defineConfig } from "vitest/config";
import { BaseSequencer, type TestSpecification } from "vitest/node";

const files = readdirSync("test", { recursive: true, encoding: "utf8" })
  .filter((name) => name.endsWith(".test.ts"))
  .map((name) => `test/${name.replaceAll("\\", "/")}`);

// Files that need a process each.
const stateful = [
  // They replace or reload modules that other files have loaded as well, stop or count timers and sockets
  // that other files may have left, or start a library that starts once in a process. The tests of the clocks
  // stop and count timers too, but only within one turn of the event loop.
  ...files.filter(
    (file) =>
      !file.endsWith("/clock.test.ts") &&
      /\bvi\.(mock|doMock|resetModules)\(|\b(useFakeTimers|getActiveResourcesInfo|initWasm)\(/.test(
        readFileSync(file, "utf8"),
      ),
  ),
];

// The files that take longest, in this order. Started last, one of them would run alone at the end.
const longest = [
  "test/consumers/consumers.test.ts",
  "test/model/model.test.ts",
  "test/contract/conversation.test.ts",
  "test/events/hostile-sequencer.test.ts",
  "test/events/watch.test.ts",
  "test/sequencer/failures.test.ts",
  "test/bundles.test.ts",
  "test/client/already-submitted.test.ts",
  "test/cli/document.test.ts",
];

class LongestFirst extends BaseSequencer {
  override async sort(specifications: TestSpecification[]): Promise<TestSpecification[]> {
    const rank = ({ moduleId }: TestSpecification) => {
      const index = longest.findIndex((file) => moduleId.replaceAll("\\", "/").endsWith(`/${file}`));
      return index === -1 ? longest.length : index;
    };
    return (await super.sort(specifications)).sort((a, b) => rank(a) - rank(b));
  }
}

export default defineConfig({
  // `#crypto` and `#transports` resolve to the sources, so the tests need no build.
  ssr: { resolve: { conditions: ["code-intents-source", "node", "module", "default"] } },
  test: {
    sequence: { sequencer: LongestFirst },
    globalSetup: ["test/support/run-directory.ts"],
    pool: "forks",
    // Many tests wait more than they compute, so a few more workers than cores keep the cores busy.
    maxWorkers: availableParallelism() + 2,
    // A limit ends a test that hangs. On a busy machine each test takes many times as long.
    testTimeout: 120_000,
    hookTimeout: 240_000,
    // A polled condition holds within milliseconds, except on a busy machine.
    expect: { poll: { timeout: 60_000 } },
    projects: [
      {
        extends: true,
        test: {
          name: "shared",
          include: ["test/**/*.test.ts"],
          exclude: [...configDefaults.exclude, "test/browser/**", ...stateful],
          isolate: false,
        },
      },
      { extends: true, test: { name: "isolated", include: stateful, isolate: true } },
    ],
  },
});
