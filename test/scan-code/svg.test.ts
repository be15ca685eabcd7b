import fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import { InputError } from "../../src/errors.js";
import { PaymentIntent } from "../../src/intents/payment-intent.js";
import { encodeScanCode, type ScanCodeSource, scanCodeGeometry, toSvg } from "../../src/scan-code/index.js";
import { codePoints, runs } from "../support/property.js";
import { unhex } from "../support/vectors.js";
import { type Image, payloads, render, startRenderer, vectors } from "./support.js";

beforeAll(startRenderer);

const payload = Uint8Array.from({ length: 20 }, (_, i) => 7 * i + 3);

/** Builds the official payment card from the paths of the vectors. */
function card(center: string, dots: readonly string[], arcs: readonly string[]): string {
  const holes = [
    ...[
      [24.6985, 25.0039],
      [69.0534, 25.0039],
      [69.0534, 69.3591],
      [24.6985, 69.3591],
      [24.9531, 47.2068],
      [46.9016, 25.1057],
      [46.9016, 69.3591],
    ].map((at) => [...at, 10.3001]),
    ...[
      [46.901, 87.2844],
      [46.901, 6.92572],
      [6.92572, 47.2069],
      [86.58492, 47.2069],
    ].map((at) => [...at, 6.92572]),
  ].map(([cx, cy, r]) => `<circle cx="${cx}" cy="${cy}" r="${r}" fill="black"/>`);
  return `<svg viewBox="0 0 220 220" xmlns="http://www.w3.org/2000/svg">
    <circle cx="110" cy="110" r="110" fill="#45464E"/>
    <g transform="translate(10, 10)">
      <mask id="circle-mask">
        <rect width="100%" height="100%" fill="white"/>
        <g transform="translate(76.62234, 76.44746)"><g transform="scale(0.5)"><g transform="scale(0.9)">
          <g transform="translate(5, 5)">${holes.join("")}</g>
        </g></g></g>
      </mask>
      <g mask="url(#circle-mask)"><path d="${center}" fill="white"/></g>
      <g mask="url(#circle-mask)">
        ${arcs.map((d) => `<path d="${d}" stroke="white" stroke-width="6.8" stroke-linecap="round"/>`).join("")}
      </g>
      <g mask="url(#circle-mask)">${dots.map((d) => `<path d="${d}" fill="white"/>`).join("")}</g>
    </g>
  </svg>`;
}

describe("toSvg by default", { timeout: 120_000 }, () => {
  it.each(vectors.vectors)("draws the official pixels for the vector $name", (vector) => {
    const ours = toSvg(unhex(vector.payload));
    // The vectors contain a hash of every geometry, but the paths of only two.
    const { center, dots, arcs } = scanCodeGeometry(unhex(vector.encoded), { size: 200 });
    const { dotPaths = dots, arcPaths = arcs } = vector.geometry200;
    for (const width of [220, 501]) {
      const image = render(ours, width);
      expect(image.data.some((channel) => channel > 0)).toBe(true);
      expect(differing(image, render(card(center, dotPaths, arcPaths), width))).toBe(0);
    }
  });

  it("draws a round code 220 pixels wide, white on grey, with the logo", () => {
    const svg = toSvg(payload);
    expect(svg).toMatch(
      /^<svg xmlns="http:\/\/www\.w3\.org\/2000\/svg" width="220" height="220" viewBox="0 0 220 220" role="img"><title>Scan code for the Code wallet<\/title><circle cx="110" cy="110" r="110" fill="#45464E"\/>/,
    );
    expect([pixel(svg, 2, 2), pixel(svg, 110, 3), pixel(svg, 110, 82)]).toEqual([
      [0, 0, 0, 0],
      [0x45, 0x46, 0x4e, 255],
      [255, 255, 255, 255],
    ]);
  });
});

describe("toSvg of the same input", () => {
  it("returns the same text for an intent and its payload", () => {
    const intent = PaymentIntent.from({
      destination: "11111111111111111111111111111111",
      amount: "2.50",
      currency: "usd",
      idempotencyKey: "1234",
    });
    expect(toSvg(intent)).toBe(toSvg(intent.payload));
    expect(toSvg(intent)).toBe(toSvg({ payload: Buffer.from(intent.payload) }));
  });

  it("draws every path of the geometry once, arcs before dots", () => {
    fc.assert(
      fc.property(payloads, (drawn) => {
        const { center, dots, arcs } = scanCodeGeometry(encodeScanCode(drawn), { size: 200 });
        const paths = [...toSvg(drawn).matchAll(/<path d="([^"]*)"\/>/g)].map(([, d]) => d);
        expect(paths).toEqual([center, ...arcs, ...dots]);
      }),
      runs(50),
    );
  });
});

describe("ids in an SVG", () => {
  const ids = (svg: string) => [...svg.matchAll(/ id="([^"]+)"/g)].map(([, id]) => id);

  it("differ between codes, so that two can be on one page", () => {
    const other = payload.map((byte, at) => (at === 19 ? 0 : byte));
    expect(ids(toSvg(payload))).toHaveLength(1);
    expect(ids(toSvg(payload))).not.toEqual(ids(toSvg(other)));
    expect(ids(toSvg(payload, { foreground: "gold", size: 10 }))).toEqual(ids(toSvg(payload)));
  });

  it("are used only within their drawing", () => {
    const svg = toSvg(payload);
    const [id] = ids(svg);
    expect(new Set([...svg.matchAll(/url\(#([^)]*)\)/g)].map(([, name]) => name))).toEqual(new Set([id]));
  });
});

describe("an option of toSvg", () => {
  it("sets the size without changing the drawing", () => {
    const svg = toSvg(payload, { size: 37.5 });
    expect(svg.replace('width="37.5" height="37.5"', 'width="220" height="220"')).toBe(toSvg(payload));
    expect(svg).not.toBe(toSvg(payload));
  });

  it("sets each colour", () => {
    const svg = toSvg(payload, { foreground: "#ff0000", background: "rgb(0, 128, 0)", page: "blue" });
    expect([pixel(svg, 2, 2), pixel(svg, 110, 3), pixel(svg, 110, 82)]).toEqual([
      [0, 0, 255, 255],
      [0, 128, 0, 255],
      [255, 0, 0, 255],
    ]);
  });

  it("omits the background", () => {
    const svg = toSvg(payload, { background: "none" });
    expect(svg).not.toContain('<circle cx="110"');
    expect(pixel(svg, 110, 3)).toEqual([0, 0, 0, 0]);
  });

  it("omits the logo and its mask", () => {
    const svg = toSvg(payload, { logo: false });
    expect(svg).not.toMatch(/mask|id=/);
    // The centre of one of the holes.
    const [x, y] = [10 + 76.62234 + 0.45 * (24.9531 + 5), 10 + 76.44746 + 0.45 * (47.2068 + 5)];
    expect(pixel(toSvg(payload), x, y)).toEqual([0x45, 0x46, 0x4e, 255]);
    expect(pixel(svg, x, y)).toEqual([255, 255, 255, 255]);
  });

  it("sets the title, as text", () => {
    const title = `Pay "2.50" <usd> & don't wait ]]>\n日本 😀`;
    expect(toSvg(payload, { title })).toContain(
      `<title>Pay "2.50" &lt;usd&gt; &amp; don't wait ]]&gt;\n日本 😀</title>`,
    );
    expect(differing(render(toSvg(payload, { title }), 220), render(toSvg(payload), 220))).toBe(0);
  });

  it("has its default if undefined", () => {
    const options = { size: undefined, foreground: undefined, background: undefined, page: undefined };
    expect(toSvg(payload, { ...options, logo: undefined, title: undefined } as object)).toBe(toSvg(payload));
  });
});

describe("a colour of toSvg", { timeout: 120_000 }, () => {
  it.each([
    "#fff",
    "#FFF8",
    "#45464E",
    "#45464e80",
    "white",
    "RebeccaPurple",
    "currentColor",
    "rgb(1,2,3)",
    "rgb(10% 20% 30% / 40%)",
    "rgba(1, 2, 3, .5)",
    "hsl(120deg 100% 50%)",
    "HSLA(-120, 100%, 50%, 0.5)",
  ])("may be %s", (color) => {
    const svg = toSvg(payload, { foreground: color, background: color, page: color });
    const used = [...svg.matchAll(/ (fill|stroke)="([^"]*)"/g)].map(([, name, value]) => `${name} ${value}`);
    expect(used.filter((use) => use.endsWith(` ${color}`))).toHaveLength(color === "white" ? 6 : 5);
    expect(tagsOf(svg)).toEqual(tagsOf(toSvg(payload, { page: "white" })));
  });

  it.each(["foreground", "background", "page"])(
    "%s is rejected if it contains more than a colour",
    (field) => {
      for (const color of [
        `red"/><script>alert(1)</script>`,
        `red" onload="alert(1)`,
        "red'",
        "<b>",
        "&quot;",
        "url(#a)",
        "url(https://example.com/a.svg#a)",
        "var(--a)",
        "rgb(var(--a))",
        "rgb(1,2,3);stroke:red",
        "rgb(1,2,3",
        "rgb()",
        "red;",
        "red blue",
        " red",
        "red\n",
        "#12",
        "#12345",
        "#12345g",
        "#1234567890",
        "expression(alert(1))",
        "é",
        "",
        "a".repeat(65),
        `rgb(${"1".repeat(80)})`,
        0,
        null === undefined,
        {},
        ["red"],
        { toString: () => "red" },
      ]) {
        expect(() => toSvg(payload, { [field]: color })).toThrow(
          expect.objectContaining({ code: "invalid_option", field }),
        );
      }
    },
  );

  it.each(["none", "NONE", "transparent"])("of the ink must not be %s", (foreground) => {
    expect(() => toSvg(payload, { foreground })).toThrow(
      expect.objectContaining({ code: "invalid_option", field: "foreground" }),
    );
  });

  it("or a title of any text adds no element or attribute, or is rejected", () => {
    const nasty = fc.oneof(
      fc.string({ unit: codePoints, maxLength: 40 }),
      fc.string({ unit: fc.constantFrom(..."\"'<>&;:#()=/ \n\0-!?[]{}azAZ09"), maxLength: 40 }),
    );
    const shape = tagsOf(toSvg(payload, { page: "red" }));
    const field = fc.constantFrom("foreground", "background", "page", "title");
    fc.assert(
      fc.property(nasty, field, (value, name) => {
        try {
          const svg = toSvg(payload, { page: "red", background: "red", [name]: value });
          const same = value.toLowerCase() === "none" ? tagsOf(svg) : shape;
          expect(tagsOf(svg)).toEqual(same);
        } catch (error) {
          expect(error).toBeInstanceOf(InputError);
          expect(error).toMatchObject({ code: "invalid_option", field: name });
        }
      }),
      runs(3000),
    );
  });
});

describe("input of toSvg", () => {
  it.each([
    ["invalid_option", "options", 5],
    ["unknown_option", "colour", { colour: "red" }],
    ["invalid_option", "size", { size: 0 }],
    ["invalid_option", "size", { size: -1 }],
    ["invalid_option", "size", { size: Number.NaN }],
    ["invalid_option", "size", { size: Number.POSITIVE_INFINITY }],
    ["invalid_option", "size", { size: `1" onload="alert(1)` }],
    ["invalid_option", "logo", { logo: "no" }],
    ["invalid_option", "title", { title: "" }],
    ["invalid_option", "title", { title: " \n" }],
    ["invalid_option", "title", { title: "\u0000" }],
    ["invalid_option", "title", { title: "a\u001bb" }],
    ["invalid_option", "title", { title: "\ud800" }],
    ["invalid_option", "title", { title: "\ufffe" }],
    ["invalid_option", "title", { title: {} }],
  ])("is rejected with %s for the option %s (%#)", (code, field, options) => {
    expect(() => toSvg(payload, options as object)).toThrow(expect.objectContaining({ code, field }));
  });

  it.each([
    [undefined],
    [null],
    ["text"],
    [{}],
    [{ payload: "text" }],
    [new Uint8Array(35)],
    [{ payload: [] }],
  ])("is rejected if it is not a payload: %s", (source) => {
    expect(() => toSvg(source as ScanCodeSource)).toThrow(
      expect.objectContaining({ code: "invalid_option", field: "payload" }),
    );
  });
});

/** Returns the number of differing channels. */
function differing(a: Image, b: Image): number {
  expect([a.width, a.height, a.data.length]).toEqual([b.width, b.height, b.data.length]);
  return a.data.reduce((count, channel, at) => count + Number(channel !== b.data[at]), 0);
}

/** Returns every element with the names of its attributes, in order, as a parser finds them. */
function tagsOf(svg: string): string[] {
  const text = svg.replace(/<title>[^<>]*<\/title>/, "<title></title>");
  return [...text.matchAll(/<[^>]*>|[^<]+/g)].map(([tag]) => tag.replace(/="[^"<>]*"/g, ""));
}

function pixel(svg: string, x: number, y: number): number[] {
  const { data, width } = render(svg, 220);
  const at = 4 * (Math.floor(y) * width + Math.floor(x));
  return [...data.subarray(at, at + 4)];
}
