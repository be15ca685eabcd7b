import { type Candidates, type CompletedCommand, flat } from "./tree.js";

/** Returns a completion script for bash. */
export function bashScript(program: CompletedCommand): string {
  const commands = flat(program);
  const below = commands.filter(({ path }) => path !== "").map(({ path }) => `"${path}"`);
  const valued = commands.flatMap(({ path, options }) =>
    options.flatMap(({ names, value }) =>
      value === undefined ? [] : [{ pattern: names.map((name) => `"${path}:${name}"`).join("|"), value }],
    ),
  );
  return `# Completion of ${program.name} for bash. Load it with:  source <(${program.name} completion bash)
_code_intents_files() {
  # Names can contain spaces.
  local IFS=$'\\n'
  compopt -o filenames 2>/dev/null
  COMPREPLY=($(compgen -f -- "$word"))
}
_code_intents() {
  local word=\${COMP_WORDS[COMP_CWORD]} before=\${COMP_WORDS[COMP_CWORD-1]} path= next i words= options=
  COMPREPLY=()
  for ((i = 1; i < COMP_CWORD; i++)); do
    next=\${path:+$path }\${COMP_WORDS[i]}
    case $next in
      ${below.join("|")}) path=$next ;;
    esac
    case "$path:\${COMP_WORDS[i]}" in
      ${valued.map(({ pattern }) => pattern).join("|")}) ((i++)) ;;
      *:--) break ;;
    esac
  done
  if ((i > COMP_CWORD)); then
    case "$path:$before" in
${valued
  .filter(({ value }) => value !== "anything")
  .map(({ pattern, value }) => `      ${pattern}) ${complete(value)} ;;`)
  .join("\n")}
    esac
    return
  fi
  case $path in
${commands.map((command) => `    "${command.path}") ${wordsOf(command)} ;;`).join("\n")}
  esac
  if [[ $word == -* ]]; then
    COMPREPLY=($(compgen -W "$options" -- "$word"))
    return
  fi
  case $path in
${commands.map(({ path, argument }) => `    "${path}") ${argument === undefined ? ":" : complete(argument)} ;;`).join("\n")}
  esac
  COMPREPLY+=($(compgen -W "$words" -- "$word"))
}
complete -F _code_intents ${program.name}
`;
}

function wordsOf({ commands, options }: CompletedCommand): string {
  return `words="${commands.map(({ name }) => name).join(" ")}" options="${options.flatMap(({ names }) => names).join(" ")}"`;
}

function complete(value: Candidates): string {
  if (value === "anything") return ":";
  if (value === "files") return "_code_intents_files";
  if (value === "programs") return 'COMPREPLY=($(compgen -c -- "$word"))';
  return `COMPREPLY=($(compgen -W "${value.join(" ")}" -- "$word"))`;
}
