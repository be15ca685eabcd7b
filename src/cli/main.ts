#!/usr/bin/env node
import { systemCode } from "./failure/errors.js";
import { EXIT_BROKEN_PIPE } from "./failure/exit-codes.js";
import { main } from "./run.js";

// A reader that has enough, such as `head`, ends the program quietly, as it ends every other.
process.stdout.on("error", (error) => {
  if (systemCode(error) === "EPIPE") process.exit(EXIT_BROKEN_PIPE);
  throw error;
});
// There is no place left to report it.
process.stderr.on("error", () => {});

process.exitCode = await main(process.argv.slice(2), process);
