import { type Candidates, type CompletedCommand, type CompletedOption, flat } from "./tree.js";

/** Returns a completion script for fish. */
export function fishScript(program: CompletedCommand): string {
  const commands = flat(program);
  const below = commands.filter(({ path }) => path !== "").map(({ path }) => quoted(path));
  const valued = commands.flatMap(({ path, options }) =>
    options.flatMap(({ names, value }) =>
      value === undefined ? [] : names.map((name) => quoted(`${path}:${name}`)),
    ),
  );
  return `# Completion of ${program.name} for fish. Load it with:  ${program.name} completion fish | source
function __code_intents_at
  set -l at ''
  set -l skip 0
  for word in (commandline -opc)[2..-1]
    if test $skip = 1
      set skip 0
      continue
    end
    set -l next (string trim -- "$at $word")
    if contains -- "$next" ${below.join(" ")}
      set at $next
    end
    if contains -- "$at:$word" ${valued.join(" ")}
      set skip 1
    end
  end
  test "$at" = "$argv[1]"
end
complete -c ${program.name} -f
${commands.flatMap((command) => linesOf(program.name, command)).join("\n")}
`;
}

function linesOf(program: string, { path, commands, options, argument }: CompletedCommand): string[] {
  const start = `complete -c ${program} -n ${quoted(`__code_intents_at ${quotedWithin(path)}`)}`;
  return [
    ...commands.map(({ name, summary }) => `${start} -a ${quoted(name)} -d ${quoted(summary)}`),
    ...options.map((option) => `${start} ${optionText(option)} -d ${quoted(option.description)}`),
    ...(argument === undefined ? [] : [`${start}${argumentText(argument)}`]),
  ];
}

function optionText({ names, value }: CompletedOption): string {
  const spelled = names.map((name) =>
    name.startsWith("--") ? `-l ${name.slice(2)}` : `-s ${name.slice(1)}`,
  );
  const taken = value === undefined ? "" : value === "files" ? " -r -F" : ` -x${argumentText(value)}`;
  return `${spelled.join(" ")}${taken}`;
}

function argumentText(value: Candidates): string {
  if (value === "anything") return "";
  if (value === "files") return " -F";
  if (value === "programs") return " -a '(__fish_complete_command)'";
  return ` -a ${quoted(value.join(" "))}`;
}

function quoted(text: string): string {
  return `'${text.replaceAll("\\", "\\\\").replaceAll("'", "\\'")}'`;
}

function quotedWithin(text: string): string {
  return `"${text}"`;
}
