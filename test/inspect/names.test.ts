import { describe, expect, it } from "vitest";
import { explain } from "../../src/inspect/index.js";

const field = (number: number, body: Uint8Array): Buffer =>
  Buffer.concat([Uint8Array.of(number * 8 + 2, body.length), body]);

/** Returns the problems of a domain alone: `offset: expected; found`. */
function domainProblems(domain: string): string[] {
  const { problems } = explain(field(1, Buffer.from(domain)).toString("hex"), { as: "Domain" });
  return problems.map(({ offset, expected, found }) => `${offset}: ${expected}; ${found}`);
}

/** Returns the problems of the URL in a call of RegisterWebhook, with offsets in the URL. */
function urlProblems(url: string): string[] {
  const id = field(1, field(1, new Uint8Array(32).fill(7)));
  const call = Buffer.concat([id, Uint8Array.of(0x12, url.length), Buffer.from(url)]);
  const { problems } = explain(call.toString("hex"), { as: "RegisterWebhookRequest" });
  return problems.map(({ offset, expected, found }) => `${offset - id.length - 2}: ${expected}; ${found}`);
}

describe("the explanation of a domain", () => {
  it.each([
    [
      "ab--c.com",
      2,
      'no hyphens in the third and fourth place, except in punycode after xn; the label "ab--c"',
    ],
    [
      "shop.ab--c.com",
      7,
      'no hyphens in the third and fourth place, except in punycode after xn; the label "ab--c"',
    ],
    ["-a.com", 2, 'labels that neither start nor end with a hyphen; the label "-a"'],
    ["a..com", 4, 'a label between two dots; the label ""'],
    ["xn--a.com", 2, 'punycode that decodes to a valid international label; the label "xn--a"'],
    [`${"a".repeat(64)}.com`, 2, `labels of at most 63 characters; the label "${"a".repeat(64)}"`],
    [
      "bücher.de",
      3,
      'a domain such as example.com: lowercase letters, digits, hyphens and dots; "bücher.de"',
    ],
  ])("names the invalid label or character: %s", (domain, offset, problem) => {
    expect(domainProblems(domain)).toEqual([`${offset}: ${problem}`]);
  });

  it.each(["example.com", "example.com.", "com.", "xn--bcher-kva.de"])("reports no problem: %s", (domain) => {
    expect(domainProblems(domain)).toEqual([]);
  });
});

describe("the explanation of a webhook URL", () => {
  it.each([
    ["https://a.com/%zz", 14, 'two hexadecimal digits after each %, or %25 for the character itself; "%zz"'],
    ["https://a.com/50%", 16, 'two hexadecimal digits after each %, or %25 for the character itself; "%"'],
    ["https://a.com/?q#%4", 17, 'two hexadecimal digits after each %, or %25 for the character itself; "%4"'],
    ["https://a.com:x/", 13, 'a host without a port; ":x"'],
    ["https://a b.com/", 9, 'a host of lowercase letters, digits, hyphens and dots; " "'],
    ["https://a.com/\n", 14, 'no control characters; "\\u{a}"'],
    ["https://a b@a.com/", 8, 'no user name before the host; "https://a b@a.com/"'],
    ["https://[::1/", 8, 'a closing bracket after the address; "https://[::1/"'],
    ["http_s://a.com/", 0, 'an absolute URL that starts with https://; "http_s://a.com/"'],
    [
      "https://ab--c.com/x",
      8,
      'no hyphens in the third and fourth place, except in punycode after xn; the label "ab--c"',
    ],
    [
      "https://a.com:8443/x",
      13,
      'a host of lowercase letters, digits, hyphens and dots, without a port; "https://a.com:8443/x"',
    ],
  ])("names the invalid part: %j", (url, offset, problem) => {
    expect(urlProblems(url)).toEqual([`${offset}: ${problem}`]);
  });

  it.each(["https://a.com/?100%", "https://a.com/a b", "https://a.com/%7Ejoe"])(
    "reports no problem: %s",
    (url) => {
      expect(urlProblems(url)).toEqual([]);
    },
  );
});
