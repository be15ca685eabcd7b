import { type Command, Option } from "commander";
import { usageError } from "./failure/errors.js";
import { EXIT } from "./failure/exit-codes.js";
import type { Session } from "./session.js";

/** What every command says in its help, beside its options. */
export interface Example {
  readonly line: string;
  /** What it does, where the line does not say it. */
  readonly does?: string;
}

/** A command whose options are all there. */
export interface CommandDefinition<Options> {
  readonly session: Session;
  readonly examples: readonly Example[];
  /** What else is worth knowing, as paragraphs. */
  readonly notes?: readonly string[];
  /** Does it, and gives the exit code; nothing is 0. */
  readonly run: (args: readonly string[], options: Options) => Promise<number | undefined> | Promise<void>;
}

/** Adds a command below another. */
export function addCommand(parent: Command, name: string, summary: string, description?: string): Command {
  return parent
    .command(name)
    .summary(summary)
    .description(description ?? `${summary}.`)
    .helpCommand(false);
}

/** Adds a command that is nothing but those below it. */
export function addGroup(parent: Command, name: string, summary: string, description: string): Command {
  const command = addCommand(parent, name, summary, description);
  addCommonOptions(command);
  return command;
}

/** Adds what every command has, and what it does. */
export function completeCommand<Options extends object>(
  command: Command,
  { session, examples, notes = [], run }: CommandDefinition<Options>,
): void {
  addCommonOptions(command);
  helpTexts.set(command, { examples, notes });
  command.action(async () => {
    rejectForeignOptions(command);
    readVariables(command, session);
    const code = await run(command.processedArgs.flat() as string[], command.opts<Options>());
    session.exitCode = code ?? EXIT.done;
  });
}

const EVERYWHERE = "Everywhere:";

/** The options of every command. */
export function addCommonOptions(command: Command): void {
  const add = (option: Option): void => {
    command.addOption(option.helpGroup(EVERYWHERE));
  };
  add(new Option("--json", "write JSON: one document, or one line for each event"));
  add(new Option("--no-color", "write without colour"));
  command.addHelpOption(new Option("-h, --help", "print this help").helpGroup(EVERYWHERE));
}

/** What `--help` appends. */
export const helpTexts: WeakMap<
  Command,
  { readonly examples: readonly Example[]; readonly notes: readonly string[] }
> = new WeakMap();

/** An option that an environment variable gives as well: one of the session, where commander would read the process's. */
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

/** An option before a subcommand would belong to the command above it, and be ignored. */
function rejectForeignOptions(command: Command): void {
  for (let above = command.parent; above !== null; above = above.parent) {
    for (const option of above.options) {
      const name = option.attributeName();
      if (common.has(name) || above.getOptionValueSource(name) !== "cli") continue;
      throw usageError(`${option.long} belongs behind ${command.name()}`);
    }
  }
}
