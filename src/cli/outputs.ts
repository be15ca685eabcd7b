import { lstat, rename, rm, writeFile } from "node:fs/promises";
import { CliError, systemCode } from "./errors.js";
import { EXIT } from "./exit-codes.js";
import { reasonOf } from "./inputs.js";

/** How a file is written. */
export interface WriteOptions {
  /** Whether a file that exists is replaced. */
  readonly force: boolean;
  /** Whether only its owner may read it. */
  readonly secret?: boolean;
}

/** Writes a file that does not exist yet. */
export async function writeNewFile(
  path: string,
  content: string | Uint8Array,
  { force, secret = false }: WriteOptions,
): Promise<void> {
  const mode = secret ? 0o600 : 0o666;
  try {
    if (!force) return await writeFile(path, content, { flag: "wx", mode });
    if (!(await isReplaceable(path))) return await writeFile(path, content);
    // A file that exists would keep its mode, and be half a file for a moment.
    const temporary = `${path}.${process.pid}.tmp`;
    try {
      await writeFile(temporary, content, { flag: "wx", mode });
      await rename(temporary, path);
    } finally {
      await rm(temporary, { force: true });
    }
  } catch (error) {
    if (systemCode(error) === "EEXIST") {
      throw new CliError("file_exists", `${path} exists, and is not overwritten`, {
        hint: "Name another file, or say --force.",
      });
    }
    throw new CliError("system_error", `cannot write ${path}: ${reasonOf(error)}`, { exitCode: EXIT.failed });
  }
}

/** Whether a path is free or a plain file; a device or a pipe is written to. */
async function isReplaceable(path: string): Promise<boolean> {
  const found = await lstat(path).catch(() => undefined);
  return found === undefined || found.isFile();
}
