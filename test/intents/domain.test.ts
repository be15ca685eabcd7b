import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { checkDomain } from "../../src/intents/domain.js";
import { baseDomain } from "../../src/server/rules/domain.js";
import { buildLogin, verifierPublicKey } from "../support/login.js";
import { build } from "../support/payment.js";
import { codePoints, runs, scaled } from "../support/property.js";
import { expectRefusal } from "../support/refusal.js";

const label = (length: number) => "a".repeat(length);
const loginAt = (domain: unknown) => ({ login: { domain, verifier: verifierPublicKey } });

describe("accepts a login's domain", () => {
  it.each([
    "example.com",
    "getcode.com",
    "a.b",
    "a-b.com",
    "a--b.com",
    "x1.io",
    "1example.com",
    "123.com",
    "example.c-m",
    "xn--mller-kva.de",
    "example.xn--p1ai",
    `${label(63)}.${label(63)}`,
  ])("%s", (domain) => {
    expect(buildLogin(loginAt(domain)).login.domain).toBe(domain);
    expect(build(loginAt(domain)).login?.domain).toBe(domain);
  });
});

const noDomain = "is not a domain";
const notAlone = "must be only a domain";
const noIp = "not an IP address";
const noPort = "must not contain a port";
const noLocalhost = "localhost is not public";
const noDot = "must not end in a dot";
const noSubdomain = "subdomains cannot be verified";
const noTopLevel = "must have a base domain and a top-level domain";

describe("rejects a login's domain", () => {
  it.each<[unknown, string]>([
    ["https://example.com", `${notAlone}, without scheme or path: example.com`],
    ["https://shop.org/login", `${notAlone}, without scheme or path: shop.org`],
    ["http://shop.org:8080/", `${notAlone}, without scheme or path: shop.org`],
    ["shop.org/", `${notAlone}, without scheme or path: shop.org`],
    ["SHOP.org/path?query#part", `${notAlone}, without scheme or path: shop.org`],
    ["https://user:password@shop.org", `${notAlone}, without scheme or path: shop.org`],
    ["https://127.0.0.1/", `${notAlone}, without scheme or path: example.com`],
    ["/path", `${notAlone}, without scheme or path: example.com`],
    ["//", notAlone],
    ["127.0.0.1", noIp],
    ["1.2", noIp],
    ["1.2.3.4.5", noIp],
    ["2130706433", noIp],
    ["0x7f.1", noIp],
    ["0x7f000001", noIp],
    ["example.1", noIp],
    ["example.0x1", noIp],
    ["999.999.999.999", noIp],
    ["[::1]", noIp],
    ["::1", noIp],
    ["2001:db8::1", noIp],
    ["[2001:db8::1]:443", noIp],
    ["example.com:8080", noPort],
    ["1example.com:8080", noPort],
    ["localhost:3000", noPort],
    ["127.0.0.1:80", noPort],
    ["mailto:a@example.com", noPort],
    ["localhost", noLocalhost],
    ["LocalHost", noLocalhost],
    ["localhost.", noLocalhost],
    ["example.com.", noDot],
    ["example.com..", noDot],
    [".", noIp],
    ["Example.com", "must be in lower case: example.com"],
    ["SHOP.ORG", "must be in lower case: shop.org"],
    ["müller.de", "must be in punycode: xn--mller-kva.de"],
    ["MÜLLER.de", "must be in punycode: xn--mller-kva.de"],
    ["пример.рф", "must be in punycode: xn--e1afmkfd.xn--p1ai"],
    ["example。com", "must be in punycode: example.com"],
    ["example.com\u200b", "must be in punycode: example.com"],
    ["ex\ud800ample.com", "must be in punycode"],
    ["exa mple.com", noDomain],
    [" example.com", noDomain],
    ["example.com\n", noDomain],
    ["example.com\0", noDomain],
    ["exa_mple.com", noDomain],
    ["_dmarc.com", noDomain],
    ["-example.com", noDomain],
    ["example-.com", noDomain],
    ["example.-com", noDomain],
    ["example.com-", noDomain],
    ["ab--c.com", noDomain],
    ["xn--.com", noDomain],
    ["xn--a.com", noDomain],
    ["xn--example-.com", noDomain],
    ["xn--9.com", noDomain],
    ["example..com", noDomain],
    [".example.com", noDomain],
    ["user@example.com", noDomain],
    ["example.com?", noDomain],
    ["example.com#", noDomain],
    ["example\\.com", noDomain],
    ["*.com", noDomain],
    ["exam%70le.com", noDomain],
    [`${label(64)}.com`, noDomain],
    [`example.${label(64)}`, noDomain],
    [Array(127).fill("ab").join("."), "is 380 characters"],
    ["example", noTopLevel],
    ["com", noTopLevel],
    ["app.getcode.com", `${noSubdomain}: getcode.com`],
    ["example.co.uk", `${noSubdomain}: co.uk`],
    ["a.b.c.d.shop.org", `${noSubdomain}: shop.org`],
    ["localhost.com.localhost.localhost", noSubdomain],
    [7, "must be a string"],
    [["example.com"], "must be a string"],
    [{ toString: () => "example.com" }, "must be a string"],
    [new URL("https://example.com"), "must be a string"],
  ])("%j", (domain, mend) => {
    for (const act of [() => buildLogin(loginAt(domain)), () => build(loginAt(domain))])
      expect(expectRefusal(act, "invalid_option", "login.domain").message).toContain(mend);
  });

  it.each(["", null, undefined])("%j as missing", (domain) => {
    const error = expectRefusal(() => buildLogin(loginAt(domain)), "missing_option", "login.domain");
    expect(error.message).toContain("example.com");
  });

  it("that is other text, which no error repeats, because it may be a misplaced secret", () => {
    for (const text of ["5Kd3NBUAdUnhyzenEwVLy0", "aB.cD.eF", "/GeHeIm/tO", "geheimß", "my.own.geheim ß"]) {
      const { message } = expectRefusal(() => checkDomain(text, "domain"), "invalid_option", "domain");
      expect(message.toLowerCase()).not.toMatch(/5kd3|ab\.cd|geheim/);
    }
  });
});

describe("checkDomain of any text", () => {
  const texts = fc.oneof(
    fc.string({ maxLength: 40 }),
    fc.string({ unit: codePoints, maxLength: 20 }),
    fc.domain(),
    fc.webUrl(),
    fc.ipV4Extended(),
    fc.ipV6(),
    fc.stringMatching(/^[a-zA-Z0-9.:\-_[\]/ é]{1,20}$/),
    fc.stringMatching(/^[a-z0-9-]{1,6}\.[a-z0-9-]{1,6}$/),
    fc.stringMatching(/^xn--[a-z0-9-]{1,6}\.com$/),
  );

  it("either rejects it or returns it as its own base domain, as the sequencer parses it", () => {
    const seen = { accepted: 0, refused: 0 };
    fc.assert(
      fc.property(texts, (text) => {
        let domain: string | undefined;
        try {
          domain = checkDomain(text, "login.domain");
        } catch (error) {
          expect(error).toMatchObject({ field: "login.domain", retryable: false });
        }
        seen[domain === undefined ? "refused" : "accepted"]++;
        if (domain === undefined) return;
        expect(domain).toBe(text);
        expect(new URL(`https://${domain}`).host).toBe(domain);
        // IDNA rules for names behind punycode, which URLs do not have, are left to the sequencer.
        if (!domain.includes("xn--")) expect(baseDomain(domain)).toBe(domain);
      }),
      runs(3000),
    );
    expect(seen.accepted).toBeGreaterThan(scaled(200));
    expect(seen.refused).toBeGreaterThan(scaled(200));
  });
});
