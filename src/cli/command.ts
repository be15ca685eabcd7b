import { type Command, Option } from "commander";
import { usageError } from "./failure/errors.js";
import { EXIT } from "./failure/exit-codes.js";
import type { Session } from "./session.js";

/** An example in the help of a command. */
export interface Example {
  readonly line: string;
  /** What the line does, if that is not obvious. */
  readonly does?: string;
}

/** How a command runs, and what its help adds to its options. */
export interface CommandDefinition<Options> {
  readonly session: Session;
  readonly examples: readonly Example[];
  /** Paragraphs below the options. */
  readonly notes?: readonly string[];
  /** Runs the command and returns the exit code. `undefined` is 0. */
  readonly run: (args: readonly string[], options: Options) => Promise<number | undefined> | Promise<void>;
}

/** Adds a subcommand. */
export function addCommand(parent: Command, name: string, summary: string, description?: string): Command {
  return parent
    .command(name)
    .summary(summary)
    .description(description ?? `${summary}.`)
    .helpCommand(false);
}

/** Adds a command that only groups its subcommands. */
export function addGroup(parent: Command, name: string, summary: string, description: string): Command {
  const command = addCommand(parent, name, summary, description);
  addCommonOptions(command);
  return command;
}

/** Adds the common options and the action of a command, after its own options. */
export function completeCommand<Options extends object>(
  command: Command,
  { session, examples, notes = [], run }: CommandDefinition<Options>,
): void {
  addCommonOptions(command);
  helpTexts.set(command, { examples, notes });
  command.action(async () => {
    rejectMisplacedOptions(command);
    readVariables(command, session);
    const code = await run(command.processedArgs.flat() as string[], command.opts<Options>());
    session.exitCode = code ?? EXIT.done;
  });
}

const GLOBAL_OPTIONS = "Global options:";

/** Adds the options that every command has. */
export function addCommonOptions(command: Command): void {
  const add = (option: Option): void => {
    command.addOption(option.helpGroup(GLOBAL_OPTIONS));
  };
  add(new Option("--json", "print JSON: one document, or one line per event"));
  add(new Option("--no-color", "disable colors"));
  command.addHelpOption(new Option("-h, --help", "show this help").helpGroup(GLOBAL_OPTIONS));
}

/** What the help of a command shows below its options. */
export const helpTexts: WeakMap<
  Command,
  { readonly examples: readonly Example[]; readonly notes: readonly string[] }
> = new WeakMap();

/**
 * An option whose value can also come from an environment variable. It reads the session's environment;
 * commander would read that of the process.
 */
export class VariableOption extends Option {
  readonly variable: string;

  constructor(flags: string, description: string, variable: string) {
    super(flags, description);
    this.variable = variable;
  }
}

function readVariables(command: Command, { env }: Session): void {
  for (const option of command.options) {
    if (!(option instanceof VariableOption)) continue;
    const name = option.attributeName();
    const value = env[option.variable];
    if (value === undefined || command.getOptionValue(name) !== undefined) continue;
    command.setOptionValueWithSource(name, value, "env");
  }
}

const common: ReadonlySet<string> = new Set(["json", "color"]);

/**
 * Rejects an option in front of a subcommand: it would be an option of the parent command, and be ignored.
 */
function rejectMisplacedOptions(command: Command): void {
  for (let above = command.parent; above !== null; above = above.parent) {
    for (const option of above.options) {
      const name = option.attributeName();
      if (common.has(name) || above.getOptionValueSource(name) !== "cli") continue;
      throw usageError(`${option.long} must come after ${command.name()}`);
    }
  }
}
