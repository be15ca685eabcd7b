import { availableParallelism } from "node:os";
import { defineConfig } from "vitest/config";

export default defineConfig({
  // `#crypto` and `#transports` resolve to the sources, so that the tests need no build.
  ssr: { resolve: { conditions: ["code-intents-source", "node", "import", "module", "default"] } },
  test: {
    include: ["test/**/*.test.ts"],
    exclude: ["test/browser/**"],
    // Many tests wait more than they compute, so two at a time pay off on two cores as well, where the default is one.
    maxWorkers: Math.max(2, availableParallelism() - 1),
    testTimeout: 30_000,
    hookTimeout: 120_000,
    // What is polled comes in milliseconds, but not on a machine that has other things to do.
    expect: { poll: { timeout: 10_000 } },
  },
});
