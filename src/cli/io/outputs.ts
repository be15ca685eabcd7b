import { randomUUID } from "node:crypto";
import { lstat, rename, rm, writeFile } from "node:fs/promises";
import { CliError, systemCode } from "../failure/errors.js";
import { EXIT } from "../failure/exit-codes.js";
import { reasonOf } from "./inputs.js";

/** How a file is written. */
export interface WriteOptions {
  /** Whether a file that exists is replaced. */
  readonly force: boolean;
  /** Whether only its owner may read it. */
  readonly secret?: boolean;
}

/** The files that a command writes. */
export class Outputs {
  readonly #resolvePath: (path: string) => string;

  /** @param resolvePath says where a path of the command line leads */
  constructor(resolvePath: (path: string) => string) {
    this.#resolvePath = resolvePath;
  }

  /** Writes a file that does not exist yet. */
  async write(
    path: string,
    content: string | Uint8Array,
    { force, secret = false }: WriteOptions,
  ): Promise<void> {
    const mode = secret ? 0o600 : 0o666;
    const target = this.#resolvePath(path);
    try {
      if (!force) await writeFile(target, content, { flag: "wx", mode });
      else if (await isReplaceable(target)) await replaceFile(target, content, mode);
      else await writeFile(target, content);
    } catch (error) {
      if (systemCode(error) === "EEXIST") {
        throw new CliError("file_exists", `${path} exists, and is not overwritten`, {
          hint: "Name another file, or say --force.",
        });
      }
      throw new CliError("system_error", `cannot write ${path}: ${reasonOf(error)}`, {
        exitCode: EXIT.failed,
      });
    }
  }
}

/** A file that exists would keep its mode, and be half a file for a moment. */
async function replaceFile(path: string, content: string | Uint8Array, mode: number): Promise<void> {
  const temporary = `${path}.${randomUUID()}.tmp`;
  try {
    await writeFile(temporary, content, { flag: "wx", mode });
    await rename(temporary, path);
  } finally {
    await rm(temporary, { force: true });
  }
}

/** Whether a path is free or a plain file; a device or a pipe is written to. */
async function isReplaceable(path: string): Promise<boolean> {
  const found = await lstat(path).catch(() => undefined);
  return found === undefined || found.isFile();
}
