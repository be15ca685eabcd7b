import { defineConfig } from "vitest/config";
import config from "./vitest.config.js";

const { projects: _, ...shared } = config.test ?? {};

// Tests in a real browser. Chromium must be installed.
export default defineConfig({
  ...config,
  test: {
    ...shared,
    include: ["test/browser/**/*.test.ts"],
    exclude: [],
    // A single browser keeps two cores busy.
    maxWorkers: 1,
  },
});
