import fc from "fast-check";
import { expect, it } from "vitest";
import * as node from "../../src/crypto/node.js";
import * as portable from "../../src/crypto/portable.js";
import { runs } from "../support/property.js";
import { hex } from "../support/vectors.js";

// Portable Ed25519 takes about 5 ms per key, 5 ms per signature and 9 ms per check on a small machine. So the gate
// checks 200 keys and 100 signatures, `npm test` a part of these, and `CRYPTO_AGREEMENT=full` 2,000 of each.
const sample = (count: number) =>
  process.env.CRYPTO_AGREEMENT === "full" ? { ...runs(count), numRuns: 2000 } : runs(count);
const limit = 600_000;

const seeds = fc.uint8Array({ minLength: 32, maxLength: 32 });
const messages = fc.uint8Array({ minLength: 0, maxLength: 300 });

it("node and portable compute the same hashes", () => {
  fc.assert(
    fc.property(messages, fc.uint8Array({ minLength: 0, maxLength: 200 }), (data, key) => {
      expect(hex(node.sha256(data))).toBe(hex(portable.sha256(data)));
      expect(hex(node.hmacSha256(key, data))).toBe(hex(portable.hmacSha256(key, data)));
    }),
    runs(2000),
  );
});

it(
  "node and portable derive the same keys and signatures",
  () => {
    fc.assert(
      fc.property(seeds, messages, (seed, message) => {
        const ours = node.keyFromSeed(seed);
        const theirs = portable.keyFromSeed(seed);
        expect(hex(ours.publicKey)).toBe(hex(theirs.publicKey));
        const signature = theirs.sign(message);
        expect(hex(ours.sign(message))).toBe(hex(signature));
        expect(node.verify(ours.publicKey, message, signature)).toBe(true);
      }),
      sample(200),
    );
  },
  limit,
);

it(
  "node and portable accept and reject the same signatures",
  () => {
    const bit = fc.nat(32 * 8 + 64 * 8 - 1);
    let accepted = 0;
    fc.assert(
      fc.property(
        seeds,
        fc.uint8Array({ minLength: 1, maxLength: 100 }),
        // As many signatures stay valid as get a wrong bit.
        fc.option(bit, { freq: 1 }),
        (seed, message, flipped) => {
          const key = node.keyFromSeed(seed);
          const both = new Uint8Array([...key.publicKey, ...key.sign(message)]);
          if (flipped !== null) both[flipped >> 3] = (both[flipped >> 3] ?? 0) ^ (1 << (flipped & 7));
          const [publicKey, signature] = [both.slice(0, 32), both.slice(32)];
          const answer = node.verify(publicKey, message, signature);
          expect(portable.verify(publicKey, message, signature)).toBe(answer);
          expect(answer).toBe(flipped === null);
          if (answer) accepted++;
        },
      ),
      sample(100),
    );
    expect(accepted).toBeGreaterThan(5);
  },
  limit,
);
