import { inspect } from "node:util";

/**
 * Creates a printer for headings and facts. Uses colour only on a terminal without NO_COLOR.
 *
 * @param {NodeJS.WriteStream} out
 * @param {NodeJS.ProcessEnv} env
 */
export function createPrinter(out, env) {
  const color = out.isTTY === true && !env.NO_COLOR && env.TERM !== "dumb";
  /** @param {"bold" | "cyan"} style @param {string} text */
  const styled = (style, text) => {
    const [on, off] = inspect.colors[style] ?? [0, 0];
    return color ? `\u001b[${on}m${text}\u001b[${off}m` : text;
  };
  return {
    color,
    /** @param {string} text */
    heading: (text) => void out.write(`\n${styled("bold", text)}\n`),
    /** @param {string} text */
    line: (text) => void out.write(`${text.replace(/^(?=.)/gm, "  ")}\n`),
    /** @param {string} name @param {string} value */
    fact: (name, value) => void out.write(`  ${styled("cyan", name.padEnd(14))} ${value}\n`),
  };
}
