import { type Candidates, type CompletedCommand, flat } from "./tree.js";

/** Returns a completion script for zsh. */
export function zshScript(program: CompletedCommand): string {
  const commands = flat(program);
  const below = commands.filter(({ path }) => path !== "").map(({ path }) => quoted(path));
  const valued = commands.flatMap(({ path, options }) =>
    options.flatMap(({ names, value }) =>
      value === undefined
        ? []
        : [{ pattern: names.map((name) => quoted(`${path}:${name}`)).join("|"), value }],
    ),
  );
  return `#compdef ${program.name}
# Completion of ${program.name} for zsh. Load it with:  source <(${program.name} completion zsh)
_code_intents() {
  local at next i
  local -a commands options
  for ((i = 2; i < CURRENT; i++)); do
    next=\${at:+$at }\${words[i]}
    case $next in
      (${below.join("|")}) at=$next ;;
    esac
    case "$at:\${words[i]}" in
      (${valued.map(({ pattern }) => pattern).join("|")}) ((i++)) ;;
      (*:--) break ;;
    esac
  done
  if ((i > CURRENT)); then
    case "$at:\${words[CURRENT-1]}" in
${valued.map(({ pattern, value }) => `      (${pattern}) ${complete(value)} ;;`).join("\n")}
    esac
    return
  fi
  case $at in
${commands.map((command) => `    (${quoted(command.path)})\n${listsOf(command)}\n      ;;`).join("\n")}
  esac
  if [[ \${words[CURRENT]} == -* ]]; then
    _describe option options
    return
  fi
  (( $#commands )) && _describe command commands
  case $at in
${commands.map(({ path, argument }) => `    (${quoted(path)}) ${argument === undefined ? ":" : complete(argument)} ;;`).join("\n")}
  esac
}
if [[ $funcstack[1] == _code_intents ]]; then
  _code_intents "$@"
else
  compdef _code_intents ${program.name}
fi
`;
}

function listsOf({ commands, options }: CompletedCommand): string {
  const entries = (pairs: readonly (readonly [string, string])[]): string =>
    pairs.map(([name, text]) => `\n        ${quoted(`${name.replaceAll(":", "\\:")}:${text}`)}`).join("");
  const named = commands.map(({ name, summary }) => [name, summary] as const);
  const flags = options.flatMap(({ names, description }) =>
    names.map((name) => [name, description] as const),
  );
  return `      commands=(${entries(named)})\n      options=(${entries(flags)})`;
}

function complete(value: Candidates): string {
  if (value === "anything") return ":";
  if (value === "files") return "_files";
  if (value === "programs") return "_command_names -e";
  return `compadd -- ${value.map(quoted).join(" ")}`;
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
