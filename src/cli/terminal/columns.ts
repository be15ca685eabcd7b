import { stripVTControlCharacters } from "node:util";
import { escapeLine, type Screen } from "./screen.js";
import { labelled } from "./wrap.js";

/** A label and its value. Rows without a value are omitted. */
export type Detail = readonly [label: string, value: string | undefined];

/**
 * Formats rows of two aligned columns, indented by two. Values are wrapped; long words such as ids are not
 * broken.
 */
export function detailLines(screen: Screen, details: readonly Detail[]): string {
  const shown = details.filter((detail): detail is readonly [string, string] => detail[1] !== undefined);
  const labels = Math.max(0, ...shown.map(([label]) => label.length));
  return shown
    .map(([label, value]) =>
      labelled(screen.paint("dim", label), labels, escapeLine(value), screen.proseWidth),
    )
    .join("\n");
}

/** Formats one line of aligned columns. The last one is not padded. */
export function columnLine(cells: readonly { readonly text: string; readonly width: number }[]): string {
  return cells
    .map(({ text, width }, index) => {
      const cell = escapeLine(text);
      if (index === cells.length - 1) return cell;
      return cell + " ".repeat(Math.max(0, width - stripVTControlCharacters(cell).length));
    })
    .join("  ");
}
