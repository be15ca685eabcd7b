import { describe, expect, it } from "vitest";
import { toBase58 } from "../../src/lib/bytes.js";
import { baseDomain, checkOwnership, isOwner } from "../../src/server/rules/domain.js";
import { denied, newKey, type Refusal, refusalOf, unauthenticated } from "../support/sequencer.js";

const label = "a".repeat(63);

describe("baseDomain", () => {
  it.each([
    ["example.com", "example.com"],
    ["example.com.", "com."],
    ["com.", "com."],
    ["app.getcode.com", "getcode.com"],
    ["a.b.c.example.com", "example.com"],
    ["example.co.uk", "co.uk"],
    ["xn--bcher-kva.de", "xn--bcher-kva.de"],
    [`${label}.com`, `${label}.com`],
    [`${label}.${label}.${label}.${"a".repeat(57)}.com`, `${"a".repeat(57)}.com`],
  ])("returns the base domain of %s: %s", (domain, base) => {
    expect(baseDomain(domain)).toBe(base);
  });

  // The first two cannot come from a client: validation rejects them before any rule.
  it.each([
    ["", "domain name is empty"],
    [`${label}.${label}.${label}.${"a".repeat(58)}.com`, "domain name length exceeds limit"],
    ["com", "value must have base domain and tld"],
    ["Example.com", "domain name is invalid: idna: disallowed rune U+0045"],
    ["example.coM", "domain name is invalid: idna: disallowed rune U+004D"],
    ["my_shop.com", "domain name is invalid: idna: disallowed rune U+005F"],
    ["example.com:8443", "domain name is invalid: idna: disallowed rune U+003A"],
    ["example.com/a", "domain name is invalid: idna: disallowed rune U+002F"],
    ["exa mple.com", "domain name is invalid: idna: disallowed rune U+0020"],
    ["Bücher.de", "domain name is invalid: idna: disallowed rune U+0042"],
    ["ｅxample.com", "domain name is invalid: idna: disallowed rune U+FF45"],
    ["example..com", 'domain name is invalid: idna: invalid label "example..com"'],
    ["-a.com", 'domain name is invalid: idna: invalid label "-a"'],
    ["a-.com", 'domain name is invalid: idna: invalid label "a-"'],
    ["ab--cd.com", 'domain name is invalid: idna: invalid label "ab--cd"'],
    [`${label}a.com`, `domain name is invalid: idna: invalid label "${label}a"`],
    ["example.com..", 'domain name is invalid: idna: invalid label "example.com.."'],
    // Labels in punycode are reported decoded.
    ["xn--a.com", 'domain name is invalid: idna: invalid label "\\u0080"'],
    ["xn--1ch.com", 'domain name is invalid: idna: invalid label "≠"'],
    ["xn--a-0hc.com", 'domain name is invalid: idna: invalid label "xn--a-0hc.com"'],
  ])("rejects the domain %j", async (domain, why) => {
    expect(await refusalOf((async () => baseDomain(domain))())).toEqual({
      code: "InvalidArgument",
      text: `domain is invalid: ${why}`,
    });
  });
});

describe("isOwner", () => {
  const [owner, other] = [newKey(), newKey()].map(({ publicKey }) => toBase58(publicKey));

  it.each<[string, string, string[] | undefined, boolean | Refusal]>([
    ["is listed", "example.com", [owner ?? ""], true],
    ["is listed among others", "example.com", [other ?? "", owner ?? ""], true],
    ["is not listed", "example.com", [other ?? ""], false],
    [
      "has nothing to look at",
      "example.com",
      undefined,
      unauthenticated("error veryfing domain ownership: away"),
    ],
    [
      "has a subdomain",
      "www.example.com",
      [owner ?? ""],
      unauthenticated("error veryfing domain ownership: subdomains cannot be verified"),
    ],
    [
      "has a root dot, which counts as a label",
      "example.com.",
      [owner ?? ""],
      unauthenticated("error veryfing domain ownership: subdomains cannot be verified"),
    ],
    ["has a root dot after one label", "com.", [owner ?? ""], true],
    ["has the one subdomain that can be verified", "app.getcode.com", [owner ?? ""], true],
  ])("reads a well-known file: %s", async (_, domain, keys, verdict) => {
    const fetchWellKnown = async () => {
      if (keys === undefined) throw new Error("away");
      return { status: 200, body: JSON.stringify({ public_keys: keys }) };
    };
    const answer = isOwner(owner ?? "", domain, fetchWellKnown);
    const check = checkOwnership(domain, owner ?? "", fetchWellKnown);
    if (typeof verdict !== "boolean") {
      expect(await refusalOf(answer)).toEqual(verdict);
      expect(await refusalOf(check)).toEqual(verdict);
      return;
    }
    expect(await answer).toBe(verdict);
    if (verdict) await check;
    else expect(await refusalOf(check)).toEqual(denied(`${owner} does not own domain ${baseDomain(domain)}`));
  });
});
