import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { PaymentIntent } from "../../src/intents/payment-intent.js";
import { type Amount, formatUnits, kinQuarks, MAX_UNITS, parseAmount } from "../../src/money/amount.js";
import type { Currency } from "../../src/money/currency.js";
import { magnitudes, runs, scaled } from "../support/property.js";
import { expectRefusal, refusal } from "../support/refusal.js";
import { hex, vectors } from "../support/vectors.js";

// Up to here, neighboring doubles are closer than a hundredth, so each number identifies one hundredth.
const LARGEST_DISTINCT_UNITS = 100n * 2n ** 46n - 1n;
// Up to here, `100 * x` in doubles is within half a hundredth of the exact product.
const LARGEST_OFFICIALLY_EXACT_UNITS = 100n * 2n ** 45n;

const nearest = (value: unknown): Amount => parseAmount(value, { rounding: "nearest" });

describe("parseAmount of a decimal string", () => {
  it.each([
    ["0.01", 1n, 0.01],
    ["0.1", 10n, 0.1],
    ["0.10", 10n, 0.1],
    ["1", 100n, 1],
    ["10", 1000n, 10],
    ["10.2", 1020n, 10.2],
    ["10.25", 1025n, 10.25],
    ["4.35", 435n, 4.35],
    ["0.29", 29n, 0.29],
    ["1.15", 115n, 1.15],
    ["100000000.07", 10_000_000_007n, 100_000_000.07],
    ["90071992547409.91", MAX_UNITS, 90_071_992_547_409.91],
  ])("parses %s to the hundredth", (text, units, nativeAmount) => {
    expect(parseAmount(text)).toEqual({ units, nativeAmount });
    expect(nearest(text)).toEqual({ units, nativeAmount });
  });

  it("parses strings of every magnitude exactly and returns the nearest double", () => {
    fc.assert(
      fc.property(magnitudes(MAX_UNITS), (units) => {
        const text = `${units / 100n}.${(units % 100n).toString().padStart(2, "0")}`;
        expect(formatUnits(units)).toBe(text);
        expect(parseAmount(text)).toEqual({ units, nativeAmount: Number(text) });
      }),
      runs(2000),
    );
  });

  it.each([
    "1.005",
    "0.001",
    "10.251",
    "1.0001",
    "2.5001000",
    "2.675",
    "90071992547409.911",
    "1.00000000000000001",
  ])("rejects %s because of its third decimal", (text) => {
    expect(expectRefusal(() => parseAmount(text), "invalid_option", "amount").message).toMatch(
      /two decimals/,
    );
  });

  it.each([
    ["2.5000", "2.50"],
    ["2.500", "2.50"],
    ["10.250", "10.25"],
    ["1.000", "1.00"],
    ["0.0100", "0.01"],
    ["100.0000", "100.00"],
    ["90071992547409.910", "90071992547409.91"],
    [`1.${"0".repeat(62)}`, "1.00"],
  ])("parses %s, as a database column with more decimals gives it, as %s", (padded, text) => {
    for (const read of [parseAmount, nearest]) expect(read(padded)).toEqual(parseAmount(text));
  });

  it.each(["0", "0.0", "0.00", "0.0000", "-0", "-0.00", "-1", "-10.25", "-0.001"])(
    "rejects %s as not positive",
    (text) => {
      for (const read of [parseAmount, nearest]) {
        expect(expectRefusal(() => read(text), "invalid_option", "amount").message).toMatch(
          /greater than zero/,
        );
      }
    },
  );

  it.each(
    [
      ["+1", "-", "+", "--1", "- 1", "−1", "1-"],
      ["1e2", "1E2", "1e-7", "1.5e1", "1e", "Infinity", "-Infinity", "NaN", "infinity", "nan"],
      ["1,000", "1,5", "1_000", "1 000", "1'000", "1.000.000", "1.0.0", "1..0"],
      [" 1", "1 ", "1\n", "\n1", "\t1", "1\u00a0", "\u00a01", "\u200b1", "\ufeff1", " "],
      [".5", "5.", ".", "-.5", "00", "01", "007", "00.5", "-01"],
      [
        "0x10",
        "0b1",
        "0o7",
        "10n",
        "1f",
        "$1",
        "1$",
        "€1",
        "1 usd",
        "abc",
        "null",
        "undefined",
        "[object Object]",
      ],
      ["٣", "１", "²", "½", "1.٣", "一", "1\u0000", "\u00001", "💯"],
    ]
      .flat()
      .map((text) => [JSON.stringify(text), text]),
  )("rejects %s because it is not plain digits", (_, text) => {
    for (const read of [parseAmount, nearest]) {
      expect(expectRefusal(() => read(text), "invalid_option", "amount").message).toMatch(
        /plain decimal digits/,
      );
    }
  });

  it.each([
    ["digits", "9".repeat(1_000_000)],
    ["zeros", "0".repeat(1_000_000)],
    ["decimals", `1.${"1".repeat(1_000_000)}`],
    ["zeros after the point", `1.${"0".repeat(1_000_000)}`],
    ["blanks", " ".repeat(1_000_000)],
    ["dots", ".".repeat(1_000_000)],
    ["minus signs", "-".repeat(1_000_000)],
    ["digits and a letter", `${"1".repeat(1_000_000)}x`],
  ])("rejects a million %s without processing them", (_, text) => {
    for (const read of [parseAmount, nearest]) {
      const error = expectRefusal(() => read(text), "invalid_option", "amount");
      expect(error.message.length).toBeLessThan(200);
    }
  });

  it.each([
    "90071992547409.92",
    "90071992547410",
    "720575940379279.36",
    "9".repeat(64),
    `1${"0".repeat(21)}`,
  ])("rejects %s as too large", (text) => {
    for (const read of [parseAmount, nearest]) {
      const { message } = expectRefusal(() => read(text), "invalid_option", "amount");
      expect(message).toContain("90071992547409.91");
    }
  });
});

describe("parseAmount of a decimal string with rounding", () => {
  it.each([
    ["2.675", 268n],
    ["1.005", 101n],
    ["1.0049999999999999999999999", 100n],
    ["0.005", 1n],
    ["0.125", 13n],
    ["0.994", 99n],
    ["0.995", 100n],
    ["9.999", 1000n],
    ["90071992547409.914999", MAX_UNITS],
  ])("rounds %s to the nearest hundredth of its digits", (text, units) => {
    expect(nearest(text)).toEqual({ units, nativeAmount: Number(units) / 100 });
  });

  it.each(["0.004", "0.00499999999", "0.000"])("rejects %s, which rounds to zero", (text) => {
    expect(expectRefusal(() => nearest(text), "invalid_option", "amount").message).toMatch(
      /greater than zero/,
    );
  });

  it("rejects a string that rounds up beyond the range", () => {
    expectRefusal(() => nearest("90071992547409.915"), "invalid_option", "amount");
  });
});

it("has amounts that share a double only from 2^46 of the currency on", () => {
  const edge = 100n * 2n ** 46n;
  const doubleOf = (units: bigint) => parseAmount(formatUnits(units)).nativeAmount;
  const shares = (units: bigint) => doubleOf(units) === doubleOf(units + 1n);
  const near = (from: bigint) => Array.from({ length: 2000 }, (_, step) => from + BigInt(step));
  expect(near(edge - 2001n).some(shares)).toBe(false);
  expect(near(edge).some(shares)).toBe(true);
});

describe("parseAmount of a number", () => {
  it.each([
    [0.01, 1n],
    [0.05, 5n],
    [0.29, 29n],
    [0.57, 57n],
    [1.15, 115n],
    [4.35, 435n],
    [8.2, 820n],
    [10, 1000n],
    [2500.5, 250_050n],
    [1_000_000_000, 100_000_000_000n],
    [12_345_678_901_234.56, 1_234_567_890_123_456n],
  ])("parses %f by its shortest decimal form", (value, units) => {
    expect(parseAmount(value)).toEqual({ units, nativeAmount: value });
  });

  it("parses a number with at most two decimals as the hundredth in its text", () => {
    fc.assert(
      fc.property(magnitudes(LARGEST_DISTINCT_UNITS), (units) => {
        const value = Number(formatUnits(units));
        expect(parseAmount(value)).toEqual({ units, nativeAmount: value });
      }),
      runs(2000),
    );
  });

  it("parses the largest number as JavaScript prints it: 90071992547409.9", () => {
    // Beyond 2^46, a double cannot distinguish every hundredth. A string can.
    expect(parseAmount(Number("90071992547409.91")).units).toBe(MAX_UNITS - 1n);
    expect(parseAmount("90071992547409.91").units).toBe(MAX_UNITS);
    expect(nearest(Number("90071992547409.91")).units).toBe(MAX_UNITS);
  });

  it.each([
    90_071_992_547_409.92,
    90_071_992_547_410,
    1e15,
    Number("720575940379279.36"),
    1e19,
    5e20,
    1e21,
    1.7e308,
    Number.MAX_VALUE,
  ])("rejects %d as too large", (value) => {
    for (const read of [parseAmount, nearest]) {
      const { message } = expectRefusal(() => read(value), "invalid_option", "amount");
      expect(message).toContain("90071992547409.91");
    }
  });

  it.each([0, -0, -1, -0.01, -5e-324, -1e308])("rejects %d as not positive", (value) => {
    for (const read of [parseAmount, nearest]) {
      expect(expectRefusal(() => read(value), "invalid_option", "amount").message).toMatch(
        /greater than zero/,
      );
    }
  });

  it.each([Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY])(
    "rejects %d as not finite",
    (value) => {
      for (const read of [parseAmount, nearest]) {
        expect(expectRefusal(() => read(value), "invalid_option", "amount").message).toMatch(/finite/);
      }
    },
  );

  it.each([5e-324, 1e-7, 1e-300, 0.004, 0.0049, 0.001])("rejects %d as less than a hundredth", (value) => {
    for (const read of [parseAmount, nearest]) expectRefusal(() => read(value), "invalid_option", "amount");
  });

  it.each([1.005, 2.675, 0.045, 0.125, 1234.567, 0.015, 10.001, 99.999])(
    "rejects %d because of its third decimal",
    (value) => {
      expect(expectRefusal(() => parseAmount(value), "invalid_option", "amount").message).toMatch(
        /two decimals/,
      );
    },
  );
});

describe("floating-point noise", () => {
  it.each([
    ["0.1 + 0.2", 0.1 + 0.2, "0.30"],
    ["1.1 * 3", 1.1 * 3, "3.30"],
    ["0.7 + 0.1", 0.7 + 0.1, "0.80"],
    ["8.2 + 0.1", 8.2 + 0.1, "8.30"],
    ["1.15 + 2.3", 1.15 + 2.3, "3.45"],
    ["4.35 * 100 / 100", (4.35 * 100) / 100, "4.35"],
    ["1.4 * 1.1 * 10", 1.4 * 1.1 * 10, "15.40"],
    ["0.1 added a thousand times", Array.from({ length: 1000 }, () => 0.1).reduce((a, b) => a + b), "100.00"],
    ["1 - 0.9", 1 - 0.9, "0.10"],
  ])("ignores the noise of %s", (_, value, text) => {
    expect(formatUnits(parseAmount(value).units)).toBe(text);
    expect(parseAmount(value).nativeAmount).toBe(Number(text));
  });

  // 1e-6 hundredths are 1e-8 of the currency: the eighth decimal.
  it.each([
    [10.250_000_01, 1025n],
    [10.249_999_99, 1025n],
    [0.010_000_01, 1n],
    [0.009_999_99, 1n],
    [99_999_999.000_000_01, 9_999_999_900n],
    [0.999_999_99, 100n],
  ])("ignores noise of 1e-6 hundredths or less in %d", (value, units) => {
    expect(parseAmount(value)).toEqual({ units, nativeAmount: Number(units) / 100 });
  });

  it.each([
    10.250_000_010_1, 10.250_000_02, 10.249_999_989_9, 10.249_999_98, 0.010_000_010_000_1,
    0.009_999_989_999_9, 0.999_999_98, 0.010_000_011,
  ])("rejects noise above 1e-6 hundredths in %d", (value) => {
    expect(expectRefusal(() => parseAmount(value), "invalid_option", "amount").message).toMatch(
      /two decimals/,
    );
  });

  it("rejects 1e-6 hundredths, which is noise on zero", () => {
    expect(expectRefusal(() => parseAmount(1e-8), "invalid_option", "amount").message).toMatch(
      /greater than zero/,
    );
  });

  it("measures noise by the shortest decimal form, on both sides of the limit, at every magnitude", () => {
    fc.assert(
      fc.property(
        // At most 15 digits in total, so the text is its own shortest form.
        magnitudes(10n ** 8n - 1n),
        fc.bigInt({ min: 0n, max: 1000n }),
        fc.boolean(),
        (units, tenths, above) => {
          // Each step is a tenth of a millionth of a hundredth.
          const noise = above ? tenths : -tenths;
          const digits = units * 10n ** 7n + noise;
          const value = Number(`${digits}e-9`);
          const read = () => parseAmount(value).units;
          if (tenths <= 10n) expect(read()).toBe(units);
          else expectRefusal(read, "invalid_option", "amount");
        },
      ),
      runs(2000),
    );
  });

  it.each([2 ** 43, 2 ** 43 + 1, 2 ** 44, 2 ** 50])("rejects noise from %d hundredths up", (units) => {
    let noisy = 0;
    for (const ulps of [-3, -2, -1, 1, 2, 3]) {
      const value = units / 100 + ulps * 2 ** (Math.floor(Math.log2(units / 100)) - 52);
      if (/\.\d{3,}$/.test(String(value))) {
        noisy++;
        expectRefusal(() => parseAmount(value), "invalid_option", "amount");
      }
    }
    expect(noisy).toBeGreaterThan(0);
  });

  it("never changes an amount by more than 1e-6 hundredths", () => {
    let accepted = 0;
    fc.assert(
      fc.property(fc.double({ min: 0.001, max: 1e6, noNaN: true }), fc.nat(3), (value, steps) => {
        // Half of the inputs are a few units in the last place away from a hundredth.
        const near = Math.round(value * 100) / 100;
        for (const input of [value, near * (1 + steps * Number.EPSILON)]) {
          let amount: Amount;
          try {
            amount = parseAmount(input);
          } catch {
            continue;
          }
          accepted++;
          expect(Math.abs(input * 100 - Number(amount.units))).toBeLessThanOrEqual(1.000_001e-6);
        }
      }),
      runs(2000),
    );
    expect(accepted).toBeGreaterThan(scaled(1000));
  });
});

/** Computes the official client's result. Returns `undefined` if a payload cannot carry it. */
function official(value: number): Amount | undefined {
  const nativeAmount = Number(value.toFixed(2));
  const text = (100 * nativeAmount).toFixed(0);
  if (!/^[0-9]+$/.test(text)) return undefined;
  const units = BigInt(text);
  return units >= 1n && units <= MAX_UNITS ? { units, nativeAmount } : undefined;
}

function expectOfficial(value: number): boolean {
  const expected = official(value);
  if (expected === undefined) {
    expectRefusal(() => nearest(value), "invalid_option", "amount");
    return false;
  }
  expect(nearest(value)).toEqual(expected);
  return true;
}

describe("parseAmount of a number with rounding", () => {
  it("equals the official arithmetic for random doubles", () => {
    fc.assert(
      fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (value) => {
        expectOfficial(value);
      }),
      runs(4000),
    );
  });

  it("equals the official arithmetic at every magnitude of money", () => {
    let inRange = 0;
    fc.assert(
      fc.property(
        fc.double({ min: 1, max: 10, noNaN: true }),
        fc.integer({ min: -4, max: 15 }),
        (mantissa, power) => {
          if (expectOfficial(mantissa * 10 ** power)) inRange++;
        },
      ),
      runs(10_000),
    );
    expect(inRange).toBeGreaterThan(scaled(6000));
  });

  it("equals the official arithmetic near half a hundredth", () => {
    fc.assert(
      fc.property(magnitudes(10n ** 13n), fc.integer({ min: -3, max: 3 }), (units, ulps) => {
        const half = Number(`${units}5e-3`);
        expectOfficial(half * (1 + ulps * Number.EPSILON));
      }),
      runs(5000),
    );
  });

  it("equals the official arithmetic on exact ties, which round up", () => {
    fc.assert(
      fc.property(magnitudes(2n ** 48n), (eighths) => {
        const value = Number(eighths) / 8;
        expectOfficial(value);
        if (eighths % 2n === 1n) expect(nearest(value).units).toBe((eighths * 25n + 1n) / 2n);
      }),
      runs(2000),
    );
  });

  it("equals the official arithmetic up to the largest amount, and rejects the next one", () => {
    let refused = 0;
    for (let i = -200; i < 200; i++) if (!expectOfficial(90_071_992_547_409.91 + i / 64)) refused++;
    expect(refused).toBeGreaterThan(scaled(150));
    expect(refused).toBeLessThan(250);
  });

  it("equals exact parsing of every number that it accepts, up to 2^45 of the currency", () => {
    let accepted = 0;
    const compare = (value: number) => {
      let exact: Amount;
      try {
        exact = parseAmount(value);
      } catch {
        return;
      }
      if (exact.units > LARGEST_OFFICIALLY_EXACT_UNITS) return;
      accepted++;
      expect(nearest(value)).toEqual(exact);
    };
    fc.assert(
      fc.property(
        magnitudes(LARGEST_OFFICIALLY_EXACT_UNITS),
        magnitudes(10n ** 9n),
        fc.double({ min: 0.01, max: 1e9, noNaN: true }),
        (units, other, any) => {
          compare(Number(units) / 100);
          compare(Number(units) / 100 + Number(other) / 100);
          compare((Number(other) / 100) * 3);
          compare(any);
        },
      ),
      runs(4000),
    );
    expect(accepted).toBeGreaterThan(scaled(8000));
  });

  it("keeps the extra unit of the official client above 2^45, and the same double in the message", () => {
    const value = 38_682_709_188_033.09;
    expect(parseAmount(value)).toEqual({ units: 3_868_270_918_803_309n, nativeAmount: value });
    expect(nearest(value)).toEqual({ units: 3_868_270_918_803_310n, nativeAmount: value });
  });

  it.each(vectors.crossSdkAmounts)("equals the official client for $currency $amount", (vector) => {
    const { units, roundedAmount, payloadHex, intent, kinQuarks: quarks } = vector.ts;
    const amount = nearest(Number(vector.amount));
    expect(amount).toEqual({ units: BigInt(units), nativeAmount: Number(roundedAmount) });
    if (quarks !== undefined) expect(kinQuarks(amount)).toBe(BigInt(quarks));
    const built = PaymentIntent.from({
      destination: "11111111111111111111111111111111",
      amount: Number(vector.amount),
      currency: vector.currency as Currency,
      idempotencyKey: vector.idempotencyKey,
      rounding: "nearest",
    });
    expect(hex(built.payload)).toBe(payloadHex);
    expect(built.id).toBe(intent);
  });

  it("has official vectors with quarks", () => {
    expect(vectors.crossSdkAmounts.length).toBeGreaterThanOrEqual(13);
    expect(vectors.crossSdkAmounts.some(({ ts }) => ts.kinQuarks !== undefined)).toBe(true);
  });
});

describe("kinQuarks", () => {
  const twoDecimals = vectors.kinDecimalToQuarksTs.filter(({ decimal }) =>
    /^\d+(\.\d\d?)?$/.test(String(decimal)),
  );
  const finer = vectors.kinDecimalToQuarksTs.filter((vector) => !twoDecimals.includes(vector));

  it.each(twoDecimals)("returns the official client's quarks for $decimal", ({ decimal, quarks }) => {
    expect(kinQuarks(parseAmount(decimal))).toBe(BigInt(quarks));
    expect(kinQuarks(nearest(decimal))).toBe(BigInt(quarks));
  });

  it.each(finer)("rejects $decimal for its third decimal, unlike the official client", ({ decimal }) => {
    expectRefusal(() => parseAmount(decimal), "invalid_option", "amount");
  });

  it("has vectors with two decimals and with more", () => {
    expect(twoDecimals.length).toBe(8);
    expect(finer.length).toBe(2);
  });

  it("returns exactly 100000 quarks per kin at every magnitude", () => {
    fc.assert(
      fc.property(magnitudes(MAX_UNITS), (units) => {
        const quarks = kinQuarks(parseAmount(formatUnits(units)));
        expect(quarks * 100n).toBe(units * 100_000n);
      }),
      runs(500),
    );
  });
});

describe("parseAmount of other values", () => {
  it.each([undefined, null, ""])("throws missing_option for %j", (value) => {
    for (const read of [parseAmount, nearest]) expectRefusal(() => read(value), "missing_option", "amount");
  });

  it.each([
    ["a bigint", 10n],
    ["true", true],
    ["false", false],
    ["an object", {}],
    ["an object that converts to a number", { valueOf: () => 10, toString: () => "10" }],
    ["an array", ["10"]],
    ["an empty array", []],
    ["a boxed string", Object("10")],
    ["a boxed number", Object(10)],
    ["a function", () => 10],
    ["a symbol", Symbol("10")],
    ["a date", new Date(0)],
  ])("rejects %s", (_, value) => {
    for (const read of [parseAmount, nearest]) expectRefusal(() => read(value), "invalid_option", "amount");
  });

  it("names the caller's field in the error", () => {
    expect(refusal(() => parseAmount("x", { field: "items[2].price" })).field).toBe("items[2].price");
    expect(refusal(() => parseAmount(undefined, { field: "items[2].price" })).field).toBe("items[2].price");
    expect(refusal(() => parseAmount(1.005, { field: "items[2].price" })).field).toBe("items[2].price");
    expect(refusal(() => parseAmount(1e300, { field: "p", rounding: "nearest" })).field).toBe("p");
  });
});

describe("formatUnits", () => {
  it.each([
    [1n, "0.01"],
    [10n, "0.10"],
    [99n, "0.99"],
    [100n, "1.00"],
    [1025n, "10.25"],
    [MAX_UNITS, "90071992547409.91"],
  ])("formats %d as %s", (units, text) => {
    expect(formatUnits(units)).toBe(text);
  });
});
