import type { Command, Option } from "commander";

/** What completes a word: files, other programs, a list of words, or nothing known. */
export type Candidates = "files" | "programs" | "anything" | readonly string[];

/** An option for completion. */
export interface CompletedOption {
  /** Its names, such as `-h` and `--help`. */
  readonly names: readonly string[];
  readonly description: string;
  /** Candidates for its value. `undefined` if it takes none. */
  readonly value: Candidates | undefined;
}

/** A command for completion. */
export interface CompletedCommand {
  /** Names without that of the program, such as `emulator exec`. Empty for the program itself. */
  readonly path: string;
  readonly name: string;
  readonly summary: string;
  readonly options: readonly CompletedOption[];
  readonly commands: readonly CompletedCommand[];
  /** Candidates for its arguments. `undefined` if it takes none. */
  readonly argument: Candidates | undefined;
}

/** Collects what can be completed from the definition of the program. */
export function completedCommand(command: Command, path = ""): CompletedCommand {
  const helper = command.createHelp();
  const [argument] = command.registeredArguments;
  return {
    path,
    name: command.name(),
    summary: helper.subcommandDescription(command),
    options: helper.visibleOptions(command).map(completedOption),
    commands: helper
      .visibleCommands(command)
      .map((below) => completedCommand(below, `${path} ${below.name()}`.trim())),
    argument: argument && (argument.argChoices ?? candidatesOf(argument.name())),
  };
}

/** Returns the command and all commands below it. */
export function flat(command: CompletedCommand): readonly CompletedCommand[] {
  return [command, ...command.commands.flatMap(flat)];
}

function completedOption(option: Option): CompletedOption {
  const names = [option.short, option.long].filter((name) => name !== undefined);
  const [, value = ""] = /[<[](.*?)[>\]]/.exec(option.flags) ?? [];
  const takesValue = option.required || option.optional;
  return {
    names,
    description: option.description,
    value: takesValue ? (option.argChoices ?? (value === "path" ? "files" : "anything")) : undefined,
  };
}

// All other arguments are files, or can be.
function candidatesOf(name: string): Candidates {
  return name === "command" ? "programs" : "files";
}
