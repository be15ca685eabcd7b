/** Rules for amounts that the sequencer accepts but that are not a whole number of hundredths. */
import { fieldOf } from "../nodes.js";
import { type Draft, report } from "../tree.js";
import { floatText, hexByte } from "../words.js";

// Below this amount, every number with two decimals has its own double.
const ONE_TO_ONE = 2 ** 43 / 100;
// Rounding error of floating-point arithmetic, relative to the amount.
const NOISE = 1e-9;

/** Reports the amount of exchange data if it is not the double nearest to a number of hundredths. */
export function checkAmount(data: Draft | undefined): void {
  const node = fieldOf(data, "native_amount");
  const { value, body } = node ?? {};
  if (node === undefined || typeof value !== "number" || body?.length !== 8) return;
  const nearest = Math.round(value * 100) / 100;
  if (!(nearest > 0) || nearest === value || value >= ONE_TO_ONE) return;
  const right = littleEndian(nearest);
  const at = right.findIndex((byte, i) => byte !== body.bytes[i]);
  const isFloat = Math.fround(nearest) === value;
  const { expected, found, why } =
    isFloat || Math.abs(value - nearest) <= NOISE * value
      ? imprecise(value, nearest, right, isFloat)
      : decimals(value);
  report(node, "doubtful", "imprecise_amount", body.offset + at, expected, found, why);
}

interface Words {
  readonly expected: string;
  readonly found: string;
  readonly why: string;
}

function imprecise(value: number, nearest: number, right: Uint8Array, isFloat: boolean): Words {
  const bytes = Array.from(right, hexByte).join(" ");
  const cause = isFloat
    ? `, which is ${nearest} as a 4-byte float converted to a double`
    : `, which is ${nearest} with a floating-point rounding error`;
  const why =
    `The sequencer accepts it unchanged, so it differs from the double of every client that writes ${nearest}: ` +
    "a second request of the same intent by such a client does not match this one, and is rejected.";
  return {
    expected: `${bytes}, the double that is nearest to ${nearest}`,
    found: `${floatText(value)}${cause}`,
    why,
  };
}

function decimals(value: number): Words {
  const [down, up] = [Math.floor(value * 100), Math.ceil(value * 100)].map((hundredths) => hundredths / 100);
  const why =
    "The sequencer accepts it, but the payload counts hundredths, and official clients round before they encode either: " +
    "they derive another amount here, and not all of them derive the same key.";
  return { expected: `at most two decimals, such as ${down} or ${up}`, found: floatText(value), why };
}

function littleEndian(value: number): Uint8Array {
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setFloat64(0, value, true);
  return bytes;
}
