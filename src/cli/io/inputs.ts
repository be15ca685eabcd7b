import { open, stat } from "node:fs/promises";
import { fromBase58 } from "../../lib/bytes.js";
import { CliError, secretOnCommandLine, systemCode, usageError } from "../failure/errors.js";

/** Largest input. */
const MAX_BYTES = 16 * 1024 * 1024;

/** The part of `process.stdin` that is used. */
export interface StandardInput extends AsyncIterable<Uint8Array> {
  readonly isTTY?: boolean;
  destroy(): unknown;
}

/** Options of {@link Inputs}. */
export interface InputOptions {
  /** Opens standard input. A process that opened it does not exit before it ends. */
  readonly stdin: () => StandardInput;
  /** Resolves a path of the command line. */
  readonly resolvePath: (path: string) => string;
  /** Aborts reading. */
  readonly signal: AbortSignal;
  /** Called before reading from a terminal. */
  readonly beforePrompt: () => void;
}

/** Reads files, and standard input once. */
export class Inputs {
  readonly #options: InputOptions;
  #taken: string | undefined;

  constructor(options: InputOptions) {
    this.#options = options;
  }

  /**
   * Reads a file, or standard input for `-`, completely.
   *
   * @param what name of the input in errors, such as `the intent`
   */
  async bytes(source: string, what: string): Promise<Uint8Array> {
    return source === "-"
      ? this.#readStandardInput(what)
      : readFile(this.#options.resolvePath(source), source, what);
  }

  /** Reads like {@link Inputs.bytes} and returns text without surrounding whitespace. */
  async text(source: string, what: string): Promise<string> {
    const bytes = await this.bytes(source, what);
    try {
      return new TextDecoder("utf-8", { fatal: true }).decode(bytes).trim();
    } catch {
      throw new CliError("unusable_input", `${what} from ${sourceName(source)} is not UTF-8 text`);
    }
  }

  /** Reads like {@link Inputs.text} and parses JSON. Errors do not contain the input. */
  async json(source: string, what: string): Promise<unknown> {
    const text = await this.text(source, what);
    try {
      return JSON.parse(text);
    } catch {
      const found = text === "" ? "is empty" : "is not JSON";
      throw new CliError("unusable_input", `${what} from ${sourceName(source)} ${found}`);
    }
  }

  /** Returns whether standard input is a terminal. */
  get isTerminal(): boolean {
    return this.#options.stdin().isTTY === true;
  }

  /** Returns whether a path exists and is not a directory. */
  async isFile(path: string): Promise<boolean> {
    try {
      return !(await stat(this.#options.resolvePath(path))).isDirectory();
    } catch {
      return false;
    }
  }

  async #readStandardInput(what: string): Promise<Uint8Array> {
    if (this.#taken !== undefined)
      throw usageError(`cannot read both ${what} and ${this.#taken} from standard input`);
    this.#taken = what;
    const { signal, beforePrompt } = this.#options;
    const stdin = this.#options.stdin();
    if (stdin.isTTY) beforePrompt();
    const stop = () => stdin.destroy();
    signal.addEventListener("abort", stop, { once: true });
    try {
      const chunks: Uint8Array[] = [];
      let length = 0;
      for await (const chunk of stdin) {
        length += chunk.length;
        if (length > MAX_BYTES) throw tooLarge("standard input");
        chunks.push(chunk);
      }
      signal.throwIfAborted();
      return Buffer.concat(chunks);
    } catch (error) {
      signal.throwIfAborted();
      throw error;
    } finally {
      signal.removeEventListener("abort", stop);
    }
  }
}

/** Returns the name of a source in errors. */
export function sourceName(source: string): string {
  return source === "-" ? "standard input" : source;
}

async function readFile(location: string, path: string, what: string): Promise<Uint8Array> {
  let file: Awaited<ReturnType<typeof open>>;
  try {
    file = await open(location);
  } catch (error) {
    if (looksSecret(path))
      throw secretOnCommandLine(
        "what looks like a secret",
        "Save it in a file and pass the path, or pass - and pipe it in.",
      );
    throw new CliError("unusable_input", `cannot read ${what} from ${path}: ${reasonOf(error)}`, {
      cause: error,
    });
  }
  try {
    const { size } = await file.stat();
    if (size > MAX_BYTES) throw tooLarge(path);
    return await file.readFile();
  } catch (error) {
    if (error instanceof CliError) throw error;
    throw new CliError("unusable_input", `cannot read ${what} from ${path}: ${reasonOf(error)}`);
  } finally {
    await file.close();
  }
}

function tooLarge(source: string): CliError {
  return new CliError("unusable_input", `${source} is larger than 16 MiB`);
}

/**
 * Returns whether the path of a missing file may be a secret: a key, a client secret, a payload or a scan
 * code.
 */
function looksSecret(text: string): boolean {
  if (/^[\s[{"]/.test(text) || text.length > 255) return true;
  const together = text.replace(/[\s:]/g, "");
  if (/^(?:0x)?[0-9a-f]{40,}$/i.test(together) || /^[A-Za-z0-9+/_-]{27}=?$/.test(text)) return true;
  const length = fromBase58(text)?.length;
  return length === 11 || length === 64;
}

const reasons: Readonly<Record<string, string>> = {
  ENOENT: "no such file",
  EACCES: "permission denied",
  EISDIR: "it is a directory",
  ENOTDIR: "no such file",
  EEXIST: "the file exists",
  EROFS: "the file system is read-only",
  ENOSPC: "no space left",
};

/** Returns why a file cannot be used, in words. */
export function reasonOf(error: unknown): string {
  const code = systemCode(error);
  return code === undefined ? String((error as Error).message) : (reasons[code] ?? code);
}
