import type { Command, Option } from "commander";

/** What can stand in a place: files, other programs, a few words, or anything. */
export type Candidates = "files" | "programs" | "anything" | readonly string[];

/** An option, as a shell completes it. */
export interface CompletedOption {
  /** Its spellings, such as `-h` and `--help`. */
  readonly names: readonly string[];
  readonly description: string;
  /** What its value can be; `undefined` for one that takes none. */
  readonly value: Candidates | undefined;
}

/** A command, as a shell completes it. */
export interface CompletedCommand {
  /** Names from below the program, such as `emulator exec`; empty for the program. */
  readonly path: string;
  readonly name: string;
  readonly summary: string;
  readonly options: readonly CompletedOption[];
  readonly commands: readonly CompletedCommand[];
  /** What its arguments can be; `undefined` where it takes none. */
  readonly argument: Candidates | undefined;
}

/** What there is to complete, read from the program itself. */
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

/** The command and everything below it. */
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

// Arguments that are no files; all others are files, or may be.
function candidatesOf(name: string): Candidates {
  return name === "command" ? "programs" : "files";
}
