import { Argument, type Command } from "commander";
import { addCommand, completeCommand } from "../command.js";
import { usageError } from "../failure/errors.js";
import type { Session } from "../session.js";

/** `code-intents help` */
export function addHelp(program: Command, session: Session): void {
  const argument = new Argument("[command...]", "command, such as payload encode");
  // For completion only. Subcommands are valid as well, so commander must not check the argument.
  argument.argChoices = program.commands.map((command) => command.name());
  const command = addCommand(program, "help", "Show the help of a command").addArgument(argument);
  completeCommand(command, {
    session,
    examples: [{ line: "code-intents help payload encode" }],
    run: (names) => find(program, names).help(),
  });
  // `--help` after an unknown command reports the typing error.
  program.addHelpText("beforeAll", ({ command: asked }) => {
    if (!takesCommands(asked)) return "";
    const [name] = asked.args.filter((word) => !word.startsWith("-"));
    if (name !== undefined && below(asked, name) === undefined) throw unknownCommand(asked, name);
    return "";
  });
}

function find(program: Command, names: readonly string[]): Command {
  return names.reduce((parent, name) => {
    const found = below(parent, name);
    if (found === undefined) throw unknownCommand(parent, name);
    return found;
  }, program);
}

function below(parent: Command, name: string): Command | undefined {
  return parent.commands.find((command) => command.name() === name);
}

/** Returns whether an argument of a command can only be a subcommand. */
function takesCommands({ commands, registeredArguments }: Command): boolean {
  return commands.length > 0 && registeredArguments.length === 0;
}

function unknownCommand(parent: Command, name: string): ReturnType<typeof usageError> {
  const names = parent.commands.map((command) => command.name());
  const path = pathOf(parent);
  const hint =
    names.length === 0
      ? `\`${path}\` has no subcommands.`
      : `The commands of \`${path}\` are ${names.join(", ")}.`;
  return usageError(`unknown command '${name}'`, hint);
}

function pathOf(command: Command): string {
  return command.parent === null ? command.name() : `${pathOf(command.parent)} ${command.name()}`;
}
