#!/usr/bin/env node
import { systemCode } from "./failure/errors.js";
import { EXIT_BROKEN_PIPE } from "./failure/exit-codes.js";
import { main } from "./run.js";

// A reader that closes the pipe early, such as `head`, ends the program silently, as it ends others.
process.stdout.on("error", (error) => {
  if (systemCode(error) === "EPIPE") process.exit(EXIT_BROKEN_PIPE);
  throw error;
});
// There is no other place to report it.
process.stderr.on("error", () => {});

process.exitCode = await main(process.argv.slice(2), process);
