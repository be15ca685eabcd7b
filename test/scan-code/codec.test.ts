import fc from "fast-check";
import { describe, expect, it, test, vi } from "vitest";
import { CodeIntentsError, InputError } from "../../src/errors.js";
import { decodeScanCode, encodeScanCode, ScanCodeError, scanCodeRings } from "../../src/scan-code/index.js";
import { correct, parityOf } from "../../src/scan-code/reed-solomon.js";
import { encodedOfRings } from "../../src/scan-code/rings.js";
import { runs } from "../support/property.js";
import { hex } from "../support/vectors.js";
import { damage, damaged, payloads } from "./support.js";

/** Multiplies in GF(256) bit by bit, without tables. */
function times(a: number, b: number): number {
  let result = 0;
  for (let bit = 0; bit < 8; bit++) {
    if ((b >> bit) & 1) result ^= a;
    a = (a << 1) ^ (a & 0x80 ? 0x11d : 0);
  }
  return result;
}

/** Returns the product of `x + root` over the roots, highest power first. */
function withRoots(roots: readonly number[]): Uint8Array {
  return roots.reduce(
    (polynomial, root) =>
      Uint8Array.from(
        { length: polynomial.length + 1 },
        (_, i) => (polynomial[i] ?? 0) ^ times(root, polynomial[i - 1] ?? 0),
      ),
    Uint8Array.of(1),
  );
}

function alpha(exponent: number): number {
  return Array.from({ length: exponent }).reduce<number>((x) => times(x, 2), 1);
}

/** alpha^0 to alpha^11. */
const powers = Array.from({ length: 12 }, (_, i) => alpha(i));

function inverse(value: number): number {
  return Array.from({ length: 256 }, (_, candidate) => candidate).find((x) => times(value, x) === 1) ?? 0;
}

/**
 * Returns the powers of seven bytes of a word such that the inverses of their positions add up to 0. Then the
 * shortest recurrence that 12 syndromes allow is the right one, although it is one longer than they can
 * prove.
 */
function sevenPlaces(): number[] {
  const sum = (exponents: readonly number[]) => exponents.reduce((x, at) => x ^ inverse(alpha(at)), 0);
  const four = [0, 5, 17, 28];
  const others = Array.from({ length: 35 }, (_, at) => at).filter((at) => !four.includes(at));
  for (const a of others) {
    for (const b of others.filter((at) => at > a)) {
      const c = others.find((at) => at > b && sum([...four, a, b, at]) === 0);
      if (c !== undefined) return [...four, a, b, c];
    }
  }
  throw new Error("no such positions exist");
}

/** Returns the word of these 22 bytes of data and their parity. */
function wordOf(data: Uint8Array): Uint8Array {
  return Uint8Array.of(...parityOf(data), ...data);
}

function distance(a: Uint8Array, b: Uint8Array): number {
  return a.filter((byte, at) => byte !== b[at]).length;
}

describe("generator polynomial of the scan code", () => {
  it("has the root 1 twice and alpha to alpha^11 once", () => {
    const generator = withRoots([1, ...powers]);
    expect(hex(generator)).toBe("0145333435aac318530823aab461");
    expect(parityOf(Uint8Array.of(1))).toEqual(generator.slice(1));
  });
});

describe("encodeScanCode", () => {
  it("puts 13 bytes of parity and the header before the payload", () => {
    fc.assert(
      fc.property(payloads, (payload) => {
        const encoded = encodeScanCode(payload);
        expect(encoded).toHaveLength(35);
        expect(hex(encoded.subarray(13))).toBe(`0200${hex(payload)}`);
      }),
      runs(200),
    );
  });

  it("does not change the payload, shares no memory with it, and accepts a Buffer", () => {
    const payload = Buffer.alloc(20, 7);
    const encoded = encodeScanCode(payload);
    encoded.fill(0);
    expect(payload).toEqual(Buffer.alloc(20, 7));
    const decoded = decodeScanCode(Buffer.from(encodeScanCode(payload))).payload;
    expect(Object.getPrototypeOf(decoded)).toBe(Uint8Array.prototype);
  });

  it.each([
    [undefined],
    [null],
    ["0".repeat(20)],
    [new Uint8Array(19)],
    [new Uint8Array(21)],
    [Array(20).fill(0)],
  ])("rejects the payload %s", (payload) => {
    expect(() => encodeScanCode(payload as Uint8Array)).toThrow(
      expect.objectContaining({ code: "invalid_option", field: "payload" }),
    );
  });
});

describe("decodeScanCode", () => {
  it("corrects 0 to 6 wrong bytes at any positions", () => {
    fc.assert(
      fc.property(payloads, damage(0, 6), (payload, wrong) => {
        const read = damaged(encodeScanCode(payload), wrong);
        expect(decodeScanCode(read)).toEqual({ payload, correctedBytes: wrong.size });
      }),
      runs(3000),
    );
  });

  it("corrects 6 consecutive wrong bytes at every position", () => {
    const payload = Uint8Array.from({ length: 20 }, (_, i) => 11 * i);
    for (let start = 0; start <= 29; start++) {
      const read = encodeScanCode(payload).fill(0x5a, start, start + 6);
      expect(decodeScanCode(read).payload).toEqual(payload);
    }
  });

  it("rejects 7 and more wrong bytes", () => {
    fc.assert(
      fc.property(payloads, damage(7, 35), (payload, wrong) => {
        expect(() => decodeScanCode(damaged(encodeScanCode(payload), wrong))).toThrow(ScanCodeError);
      }),
      runs(3000),
    );
  });

  it("detects 7 and more wrong bytes during the correction", () => {
    fc.assert(
      fc.property(payloads, damage(7, 35), (payload, wrong) => {
        const word = Uint8Array.of(2, 0, ...payload, ...parityOf(Uint8Array.of(2, 0, ...payload)));
        expect(correct(damaged(word, wrong))).toBeUndefined();
      }),
      runs(1000),
    );
  });

  it("rejects 7 wrong bytes even if 12 syndromes locate them", () => {
    const payload = new Uint8Array(20).fill(0x77);
    const read = encodeScanCode(payload);
    const exponents = sevenPlaces();
    const product = exponents.reduce((result, at) => times(result, alpha(at)), 1);
    for (const at of exponents) {
      // With these magnitudes the first six syndromes are 0, and the seventh is the product of the positions.
      const others = exponents.filter((other) => other !== at).map((other) => alpha(at) ^ alpha(other));
      const magnitude = times(product, inverse(others.reduce(times, 1)));
      const index = (34 - at + 13) % 35;
      read[index] = (read[index] ?? 0) ^ magnitude;
    }
    expect(distance(read, encodeScanCode(payload))).toBe(7);
    expect(() => decodeScanCode(read)).toThrow("More than 6");
  });

  it("decodes any 35 bytes to a payload whose word differs in at most 6 bytes, or throws a ScanCodeError", () => {
    const near = fc
      .tuple(payloads, damage(0, 12))
      .map(([payload, wrong]) => damaged(encodeScanCode(payload), wrong));
    fc.assert(
      fc.property(fc.oneof(near, fc.uint8Array({ minLength: 35, maxLength: 35 })), (read) => {
        const before = read.slice();
        try {
          const { payload, correctedBytes } = decodeScanCode(read);
          expect(payload).toHaveLength(20);
          expect(correctedBytes).toBeLessThanOrEqual(6);
          expect(distance(encodeScanCode(payload), read)).toBe(correctedBytes);
        } catch (error) {
          if (!(error instanceof ScanCodeError)) throw error;
          expect(error).toMatchObject({ code: "scan_code_unreadable", retryable: false });
        }
        expect(read).toEqual(before);
      }),
      runs(4000),
    );
  });

  it("decodes a word that is closer to another payload as that payload", () => {
    const [one, other] = [new Uint8Array(20), new Uint8Array(20).fill(1)];
    const read = encodeScanCode(one);
    read.set(encodeScanCode(other).subarray(6), 6);
    expect(decodeScanCode(read).payload).toEqual(other);
  });

  it("rejects a word that passes the 12 checks of the correction and fails the 13th", () => {
    const payload = new Uint8Array(20).fill(9);
    const read = encodeScanCode(payload);
    // The last 13 powers of the word are the parity bytes. All 12 syndromes stay 0.
    for (const [at, byte] of withRoots(powers).entries()) read[at] = (read[at] ?? 0) ^ byte;
    expect(() => decodeScanCode(read)).toThrow("the header is not 02 00");
  });

  it.each([0, 1, 3, 4, 31])("rejects type %i", (type) => {
    const read = wordOf(Uint8Array.of(type, 0, ...new Uint8Array(20).fill(5)));
    expect(() => decodeScanCode(read)).toThrow(`of type ${type}, not of type 2`);
  });

  it("rejects 35 zeros, which are a word of type 0", () => {
    expect(() => decodeScanCode(new Uint8Array(35))).toThrow("of type 0, not of type 2");
  });

  it.each([
    [0x22, 0x00],
    [0x02, 0x01],
    [0x02, 0x08],
  ])("rejects the header %i %i, which has a colour or an extra", (first, second) => {
    expect(() => decodeScanCode(wordOf(Uint8Array.of(first, second, ...new Uint8Array(20))))).toThrow(
      "the header is not 02 00",
    );
  });

  it.each([
    [undefined, "must be a Uint8Array of 35 bytes"],
    ["x".repeat(35), "must be a Uint8Array of 35 bytes"],
    [new Uint8Array(34), "must be a Uint8Array of 35 bytes"],
    [new Uint8Array(39), "must be a Uint8Array of 35 bytes"],
    [new Uint8Array(20), "must be a Uint8Array of 35 bytes; encode it first"],
  ])("rejects input of another length than 35 bytes: %s", (encoded, problem) => {
    for (const call of [decodeScanCode, scanCodeRings]) {
      expect(() => call(encoded as Uint8Array)).toThrow(
        new InputError("invalid_option", "encoded", problem).message,
      );
    }
  });

  it("reports no bytes of an unreadable code", () => {
    const payload = Uint8Array.from({ length: 20 }, (_, i) => 201 + i);
    const read = encodeScanCode(payload).fill(0, 3, 12);
    const shown = String(tryToRead(read));
    expect(shown).toContain("More than 6");
    for (const byte of payload) expect(shown).not.toContain(String(byte));
  });
});

describe("rings of the scan code", () => {
  it("have 32 to 72 slots, with the finder innermost, and contain the bytes", () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 35, maxLength: 35 }), (encoded) => {
        const rings = scanCodeRings(encoded);
        expect(rings.map((ring) => ring.length)).toEqual([32, 40, 48, 56, 64, 72]);
        expect(rings[0]?.map(Number).join("")).toBe("01001101110100111010010001100011");
        expect(encodedOfRings(rings)).toEqual(encoded);
      }),
      runs(200),
    );
  });
});

describe("ScanCodeError", () => {
  test("is one of the package's errors", () => {
    const error = tryToRead(new Uint8Array(35));
    expect(error).toBeInstanceOf(CodeIntentsError);
    expect(error).toBeInstanceOf(Error);
    expect(error).not.toBeInstanceOf(InputError);
    expect(error).toMatchObject({ name: "ScanCodeError", code: "scan_code_unreadable", retryable: false });
  });

  test("is recognized by another copy of the package", async () => {
    vi.resetModules();
    const copy = await import("../../src/scan-code/index.js");
    expect(copy.ScanCodeError).not.toBe(ScanCodeError);
    expect(tryToRead(new Uint8Array(35))).toBeInstanceOf(copy.ScanCodeError);
  });
});

function tryToRead(encoded: Uint8Array): unknown {
  try {
    return decodeScanCode(encoded);
  } catch (error) {
    return error;
  }
}
