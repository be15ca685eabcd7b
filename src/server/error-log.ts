import { escapeControls } from "../escape-controls.js";

/** A logger of a server. Works like `console`. */
export interface ErrorLogger {
  error(...data: unknown[]): void;
}

// A chain of causes can be a circle.
const MAX_CAUSES = 8;

/**
 * Returns a function that reports internal failures to a logger. The text of an error can contain words of a
 * caller, so its control characters are escaped: they must not control a terminal or forge a line of a log.
 */
export function errorLog(
  { logger }: { readonly logger: ErrorLogger },
  prefix: string,
): (error: unknown) => void {
  return (error) => logger.error(prefix, printable(error, MAX_CAUSES));
}

/** Returns an error with its texts escaped. Returns the same object if nothing has to be escaped. */
function printable(error: unknown, depth: number): unknown {
  if (typeof error === "string") return escapeControls(error);
  if (!(error instanceof Error)) return error;
  if (depth === 0) return escapeControls(error.message);
  const changes: Record<string, unknown> = {};
  for (const name of Object.getOwnPropertyNames(error)) {
    const value: unknown = Reflect.get(error, name);
    const escaped =
      name === "stack" && typeof value === "string"
        ? escapedStack(value, error.message)
        : Array.isArray(value)
          ? printableList(value, depth - 1)
          : printable(value, depth - 1);
    if (escaped !== value) changes[name] = escaped;
  }
  if (Object.keys(changes).length === 0) return error;
  const copy: Error = Object.create(Object.getPrototypeOf(error), Object.getOwnPropertyDescriptors(error));
  for (const [name, value] of Object.entries(changes)) {
    const enumerable = Object.prototype.propertyIsEnumerable.call(error, name);
    Object.defineProperty(copy, name, { value, enumerable, configurable: true, writable: true });
  }
  return copy;
}

function printableList(list: readonly unknown[], depth: number): readonly unknown[] {
  const escaped = list.map((item) => printable(item, depth));
  return escaped.some((item, i) => item !== list[i]) ? escaped : list;
}

/** Escapes a stack line by line. A line break in the message does not start a line. */
function escapedStack(stack: string, message: string): string {
  const start = stack.indexOf(message);
  const end = start + message.length;
  const text = start === -1 ? stack : stack.slice(0, start) + escapeControls(message) + stack.slice(end);
  return text.split("\n").map(escapeControls).join("\n");
}
