import { availableParallelism } from "node:os";
import { configDefaults, defineConfig } from "vitest/config";

// Files that replace or reload modules, which others have loaded as well.
const stateful = [
  "test/client/open.test.ts", // replaces the opening of a sequencer
  "test/crypto/self-check.test.ts", // loads the crypto room with parts of Node missing
  "test/errors.test.ts", // loads the errors twice, as two copies of the package would
  "test/scan-code/codec.test.ts", // loads the codec twice
  "test/server/webhook-delivery.test.ts", // replaces node:dns
  "test/webhook/errors.test.ts", // loads the errors twice
  "test/cli/**/*.test.ts", // commands own their process: its exit code, its listeners
];

export default defineConfig({
  // `#crypto` and `#transports` resolve to the sources, so that the tests need no build.
  ssr: { resolve: { conditions: ["code-intents-source", "node", "import", "module", "default"] } },
  test: {
    globalSetup: ["test/support/run-directory.ts"],
    pool: "forks",
    // Many tests wait more than they compute, so two at a time pay off on two cores as well, where the default is one.
    maxWorkers: Math.max(2, availableParallelism() - 1),
    // Limits are for what hangs. On a busy machine everything takes a multiple of its time.
    testTimeout: 120_000,
    hookTimeout: 240_000,
    // What is polled comes in milliseconds, but not on a machine that has other things to do.
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
