import { defineConfig } from "vitest/config";
import config from "./vitest.config.js";

const { projects: _, ...shared } = config.test ?? {};

// What is tested in a real browser: Chromium has to be installed.
export default defineConfig({
  ...config,
  test: {
    ...shared,
    include: ["test/browser/**/*.test.ts"],
    exclude: [],
    // A browser keeps two cores busy by itself.
    maxWorkers: 1,
  },
});
