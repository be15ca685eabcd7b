import { randomUUID } from "node:crypto";
import type { Stats } from "node:fs";
import { lstat, open, rename, rm } from "node:fs/promises";
import { CliError, systemCode } from "../failure/errors.js";
import { EXIT } from "../failure/exit-codes.js";
import { reasonOf } from "./inputs.js";

/** How a file is written. */
export interface WriteOptions {
  /** Whether a file that exists is replaced. */
  readonly force: boolean;
}

/** Writes files. Each contains a secret, so only its owner can read it. */
export class Outputs {
  readonly #resolvePath: (path: string) => string;

  /** @param resolvePath resolves a path of the command line */
  constructor(resolvePath: (path: string) => string) {
    this.#resolvePath = resolvePath;
  }

  /**
   * Writes a file with mode 0600. With `force`, it replaces a regular file, whatever the mode of that file.
   * It never writes to a symbolic link, FIFO, socket or device. Symbolic links to the directory are followed.
   *
   * @throws CliError `file_exists` or `system_error`
   */
  async write(path: string, content: string | Uint8Array, { force }: WriteOptions): Promise<void> {
    const target = this.#resolvePath(path);
    try {
      const found = await lstatIfPresent(target);
      if (found !== undefined && !found.isFile()) throw notRegular(path, found);
      if (force) await replaceFile(target, content);
      else await createFile(target, content);
    } catch (error) {
      if (error instanceof CliError) throw error;
      if (systemCode(error) === "EEXIST") {
        throw new CliError("file_exists", `${path} already exists`, {
          hint: "Choose another path, or pass --force to overwrite the file.",
        });
      }
      throw new CliError("system_error", `cannot write ${path}: ${reasonOf(error)}`, {
        exitCode: EXIT.failed,
      });
    }
  }
}

/** Creates a file, and removes it again if it cannot be written completely. */
async function createFile(path: string, content: string | Uint8Array): Promise<void> {
  // Fails if the path exists, even as a broken symbolic link.
  const file = await open(path, "wx", 0o600);
  try {
    await file.writeFile(content);
  } catch (error) {
    await rm(path, { force: true });
    throw error;
  } finally {
    await file.close();
  }
}

/** Replaces a file. Overwriting its content would keep its mode, and expose an incomplete file. */
async function replaceFile(path: string, content: string | Uint8Array): Promise<void> {
  const temporary = `${path}.${randomUUID()}.tmp`;
  await createFile(temporary, content);
  try {
    // If the path has become a link, this replaces the link.
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
}

async function lstatIfPresent(path: string): Promise<Stats | undefined> {
  try {
    return await lstat(path);
  } catch (error) {
    if (systemCode(error) === "ENOENT") return undefined;
    throw error;
  }
}

function notRegular(path: string, found: Stats): CliError {
  const kind = found.isSymbolicLink()
    ? "a symbolic link, which is not followed"
    : found.isDirectory()
      ? "a directory"
      : "not a regular file";
  return new CliError("file_exists", `${path} is ${kind}`, {
    hint: "The output contains a secret. Choose the path of a new or regular file.",
  });
}
