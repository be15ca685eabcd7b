import { type Command, Option } from "commander";
import { usageError } from "./errors.js";
import type { Session } from "./session.js";

/** What every command says in its help, beside its options. */
export interface Example {
  readonly line: string;
  /** What it does, where the line does not say it. */
  readonly does?: string;
}

/** A command whose options are all there. */
export interface Completed<Options> {
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
  { session, examples, notes = [], run }: Completed<Options>,
): void {
  addCommonOptions(command);
  helpTexts.set(command, { examples, notes });
  command.action(async () => {
    refuseForeignOptions(command);
    const code = await run(command.processedArgs.flat() as string[], command.opts<Options>());
    exitCodes.set(session, code ?? 0);
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

/** Collects the values of an option that may be given several times. */
export function collect(value: string, before: readonly string[] | undefined): readonly string[] {
  return [...(before ?? []), value];
}

/** What `--help` appends. */
export const helpTexts: WeakMap<
  Command,
  { readonly examples: readonly Example[]; readonly notes: readonly string[] }
> = new WeakMap();

/** What the command of a session ended with. */
export const exitCodes: WeakMap<Session, number> = new WeakMap();

const common: ReadonlySet<string> = new Set(["json", "color"]);

/** An option before a subcommand would belong to the command above it, and be ignored. */
function refuseForeignOptions(command: Command): void {
  for (let above = command.parent; above !== null; above = above.parent) {
    for (const option of above.options) {
      const name = option.attributeName();
      if (common.has(name) || above.getOptionValueSource(name) !== "cli") continue;
      throw usageError(`${option.long} belongs behind ${command.name()}`);
    }
  }
}
