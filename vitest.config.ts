import { readdirSync, readFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { configDefaults, defineConfig } from "vitest/config";

const files = readdirSync("test", { recursive: true, encoding: "utf8" })
  .filter((name) => name.endsWith(".test.ts"))
  .map((name) => `test/${name.replaceAll("\\", "/")}`);

// Files that need a process each.
const stateful = [
  // They replace or reload modules that other files have loaded as well, stop or count timers and sockets
  // that other files may have left, or start a library that starts once in a process.
  ...files.filter((file) =>
    /\bvi\.(mock|doMock|resetModules)\(|\b(useFakeTimers|getActiveResourcesInfo|initWasm)\(/.test(
      readFileSync(file, "utf8"),
    ),
  ),
];

export default defineConfig({
  // `#crypto` and `#transports` resolve to the sources, so the tests need no build.
  ssr: { resolve: { conditions: ["code-intents-source", "node", "module", "default"] } },
  test: {
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
