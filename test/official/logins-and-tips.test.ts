import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { LoginIntent, type LoginIntentOptions, rendezvousKey, TipIntent } from "../../src/index.js";
import { runs } from "../support/property.js";
import { hex } from "../support/vectors.js";
import { keyForms, loginIn, loginRequests, paymentsWithLogin, tips } from "./inputs.js";
import { officialKeypair, officialRequest, officialTip } from "./packages.js";
import { expectSamePayment, official, ours } from "./parts.js";

// The official packages sign slowly: for seconds here, and longer on a busy machine.
describe("random logins and tips with the same bytes as the official ones:", {
  timeout: 180_000,
}, () => {
  it("logins", async () => {
    await fc.assert(
      fc.asyncProperty(loginRequests, fc.constantFrom(...keyForms), async (random, form) => {
        const { options, login, resigned } = random;
        const { domain, verifier } = login;
        const keypair = officialKeypair(login.seed);
        const theirs = officialRequest({ ...options, login: { domain, verifier }, signers: [keypair] });
        const given = { ...options, ...loginIn(form, login, keypair) } as unknown as LoginIntentOptions;
        expect(ours(LoginIntent.from(given))).toEqual(await official(theirs, resigned));
      }),
      runs(1000),
    );
  });

  it("payments with a login", async () => {
    await fc.assert(
      fc.asyncProperty(paymentsWithLogin, fc.constantFrom(...keyForms), async (random, form) => {
        const { options, login } = random;
        const { domain, verifier } = login;
        const keypair = officialKeypair(login.seed);
        await expectSamePayment(
          { ...random, options: { ...options, login: { domain, verifier }, signers: [keypair] } },
          () => ({ ...options, ...loginIn(form, login, keypair) }),
        );
      }),
      runs(1000),
    );
  });

  it("tips", () => {
    const lengths = new Set<number>();
    fc.assert(
      fc.property(tips, (options) => {
        const { name, username } = options.platform;
        lengths.add(new TextEncoder().encode(username).length);
        const theirs = officialTip(options);
        const tip = TipIntent.from(options);
        expect([hex(tip.payload), tip.id]).toEqual([
          hex(theirs.rendezvousPayload.toBinary()),
          theirs.getIntentId(),
        ]);
        expect(hex(rendezvousKey(tip.payload).publicKey)).toBe(
          hex(theirs.rendezvousKeypair.getPublicValue()),
        );
        expect(TipIntent.from({ platform: name, username }).id).toBe(tip.id);
      }),
      runs(1000),
    );
    for (const edge of [1, 13, 14, 15, 16, 17, 18]) expect(lengths).toContain(edge);
  });
});
