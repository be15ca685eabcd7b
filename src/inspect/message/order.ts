/**
 * Tracks which fields of a message have appeared. A writer writes known fields by ascending number, each
 * singular field once, one field of each oneof, and unknown fields at the end. A signature is verified over
 * the bytes of a writer.
 */

import type { InspectProblemCode } from "../types.js";
import type { FieldShape } from "./shape.js";

/** A violation of that order. */
export interface OrderProblem {
  readonly code: InspectProblemCode;
  readonly expected: string;
  readonly found: string;
}

export class SeenFields {
  readonly #counts: Map<number, number> = new Map();
  readonly #oneofs: Map<string, FieldShape> = new Map();
  #highest = 0;
  #unknown: number | undefined;

  /** Returns the index of the next value of a repeated field. */
  countOf(number: number): number {
    return this.#counts.get(number) ?? 0;
  }

  /** Counts a value of a repeated field. */
  add(number: number): void {
    this.#counts.set(number, this.countOf(number) + 1);
  }

  /** Records an unknown field. */
  noteUnknown(number: number): void {
    this.#unknown ??= number;
  }

  /** Records a known field, and returns what is wrong with its position. */
  note(field: FieldShape): OrderProblem[] {
    const { number, name, oneof } = field.info;
    const problems: OrderProblem[] = [];
    if (this.#unknown !== undefined) {
      const expected = `field ${number} before the unknown field ${this.#unknown}`;
      problems.push({ code: "field_order", expected, found: "it after that field" });
    } else if (number < this.#highest) {
      const expected = `field ${number} before field ${this.#highest}`;
      problems.push({ code: "field_order", expected, found: "it after that field" });
    }
    this.#highest = Math.max(this.#highest, number);

    if (!field.repeated) {
      if (this.countOf(number) > 0) {
        problems.push({ code: "repeated_singular", expected: `${name} once`, found: "a second one" });
      }
      this.add(number);
    }
    if (oneof !== undefined) {
      const other = this.#oneofs.get(oneof);
      if (other !== undefined && other !== field) {
        const expected = `one field of ${oneof}`;
        problems.push({ code: "second_of_oneof", expected, found: `${name} as well as ${other.info.name}` });
      }
      this.#oneofs.set(oneof, field);
    }
    return problems;
  }
}
