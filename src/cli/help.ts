import type { Command, Help, Option } from "commander";
import { helpTexts, VariableOption } from "./command.js";
import { EXIT_CODES } from "./failure/exit-codes.js";
import type { Session } from "./session.js";
import { labelled, wrap } from "./terminal/wrap.js";

/** Formats help like commander, with notes and examples below. */
export function helpConfiguration({ out }: Session): Partial<Help> & { formatHelp: Help["formatHelp"] } {
  const title = (text: string): string => out.paint("bold", text);
  return {
    styleTitle: title,
    styleCommandText: (text) => out.paint("cyan", text),
    styleSubcommandText: (text) => out.paint("cyan", text),
    styleOptionText: (text) => out.paint("green", text),
    styleArgumentText: (text) => out.paint("yellow", text),
    subcommandTerm: (command) => termOf(command),
    optionDescription: (option) => descriptionOf(option),
    argumentDescription: (argument) => withChoices(argument.description, argument.argChoices),
    formatHelp(command, helper) {
      // The formatHelp that this one overrides.
      const standard = Object.getPrototypeOf(helper).formatHelp.call(helper, command, helper) as string;
      const width = helper.helpWidth ?? 80;
      return `${[standard.trimEnd(), ...below(command, width, title)].join("\n\n")}\n`;
    },
  };
}

function below(command: Command, width: number, title: (text: string) => string): string[] {
  const { examples = [], notes = [] } = helpTexts.get(command) ?? {};
  const parts = notes.map((note) => wrap(note, width));
  if (examples.length > 0) {
    const lines = examples.map(({ line, does }) => `${does === undefined ? "" : `  # ${does}\n`}  ${line}`);
    parts.push([title("Examples:"), ...lines].join("\n"));
  }
  if (command.parent === null) {
    const longest = Math.max(...EXIT_CODES.map(({ code }) => code.length));
    const rows = EXIT_CODES.map(({ code, meaning }) => labelled(code, longest, meaning, width));
    parts.push([title("Exit codes:"), ...rows].join("\n"));
  }
  return parts;
}

/** Returns name and arguments without `[options]`, which every command has. */
function termOf(command: Command): string {
  const args = command.registeredArguments.map((argument) => {
    const name = argument.variadic ? `${argument.name()}...` : argument.name();
    return argument.required ? `<${name}>` : `[${name}]`;
  });
  return [command.name(), ...args].join(" ");
}

function descriptionOf(option: Option): string {
  const { description, argChoices, defaultValueDescription } = option;
  const variable = option instanceof VariableOption ? option.variable : undefined;
  const text = withChoices(description, argChoices);
  const asides = [
    ...(variable === undefined ? [] : [`env: ${variable}`]),
    ...(defaultValueDescription === undefined ? [] : [`default: ${defaultValueDescription}`]),
  ];
  return asides.length === 0 ? text : `${text} (${asides.join("; ")})`;
}

function withChoices(description: string, choices: readonly string[] | undefined): string {
  return choices === undefined ? description : `${description}: ${choices.join(", ")}`;
}
