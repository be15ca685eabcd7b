import { defineConfig } from "vitest/config";
import config from "./vitest.config.js";

// What is tested in a real browser: Chromium has to be installed.
export default defineConfig({
  ...config,
  test: { ...config.test, include: ["test/browser/**/*.test.ts"], exclude: [], testTimeout: 60_000 },
});
