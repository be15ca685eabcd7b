import { Argument, type Command } from "commander";
import { addCommand, completeCommand } from "../command.js";
import type { Session } from "../session.js";

const SHELLS = ["bash", "zsh", "fish"] as const;

/** `code-intents completion` */
export function addCompletion(parent: Command, session: Session): void {
  const command = addCommand(parent, "completion", "Print a shell completion script").addArgument(
    new Argument("<shell>", "shell").choices(SHELLS),
  );
  completeCommand(command, {
    session,
    examples: [
      { line: "source <(code-intents completion bash)", does: "in ~/.bashrc; for zsh, in ~/.zshrc" },
      { line: "code-intents completion fish | source", does: "in ~/.config/fish/config.fish" },
    ],
    run: async ([shell]) => {
      const [{ bashScript }, { zshScript }, { fishScript }, { completedCommand }] = await Promise.all([
        import("../completion/bash.js"),
        import("../completion/zsh.js"),
        import("../completion/fish.js"),
        import("../completion/tree.js"),
      ]);
      const write = { bash: bashScript, zsh: zshScript, fish: fishScript }[shell as (typeof SHELLS)[number]];
      const script = write(completedCommand(parent));
      session.result({ shell, script }, () => session.out.write(script));
    },
  });
}
