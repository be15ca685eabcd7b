import { InputError } from "../errors.js";
import { checkOptions } from "../lib/options.js";
import { encodeScanCode } from "./codec.js";
import { checkColor, checkInk } from "./color.js";
import { checkSize, scanCodeGeometry } from "./geometry.js";
import { CODE_SIZE, LOGO, LOGO_STEPS, VIEW_SIZE } from "./layout.js";
import { PARITY_LENGTH } from "./reed-solomon.js";
import { payloadOf, type ScanCodeSource } from "./source.js";

/**
 * How a scan code is drawn as SVG. A colour is hexadecimal (`"#45464E"`), `rgb()` or `hsl()` with plain numbers, or a name
 * (`"white"`, `"currentColor"`, `"none"`). Scanners expect light ink on a dark ground.
 */
export interface SvgOptions {
  /** Width and height of the drawing, in CSS pixels. Default 220. */
  readonly size?: number;
  /** Disc, dots and arcs. Default `"#FFFFFF"`. Segments overlap, so a translucent colour shows their joints. */
  readonly foreground?: string;
  /** The circle behind the code. Default `"#45464E"`, that of the payment card; `"none"` draws none. */
  readonly background?: string;
  /** The square behind all of it. Default `"none"`. */
  readonly page?: string;
  /** Whether the disc shows Code's logo. Default `true`. */
  readonly logo?: boolean;
  /** What a screen reader says. Default `"Scan code for the Code wallet"`. */
  readonly title?: string;
}

/** Wider than the dots, so that the cap of a run covers its last dot. */
const ARC_WIDTH = 6.8;

const MARGIN = (VIEW_SIZE - CODE_SIZE) / 2;

/**
 * The scan code of an intent, or of 20 bytes of payload, as an SVG document. By default it looks like the official payment
 * card. The same input gives the same text.
 *
 * @param source an intent, or the 20 bytes of its payload
 * @throws InputError naming the option that cannot be used
 * @example
 * ```ts
 * import { toSvg } from "code-intents/scan-code";
 *
 * const card = toSvg(intent);
 * const printed = toSvg(intent, { size: 600, foreground: "white", background: "black", logo: false });
 * ```
 */
export function toSvg(source: ScanCodeSource, options: SvgOptions = {}): string {
  const encoded = encodeScanCode(payloadOf(source));
  checkOptions(options, "", ["size", "foreground", "background", "page", "logo", "title"]);
  const { size = VIEW_SIZE, logo = true, title = "Scan code for the Code wallet" } = options;
  checkSize(size);
  if (typeof logo !== "boolean") throw new InputError("invalid_option", "logo", "must be true or false");
  const { foreground = "#FFFFFF", background = "#45464E", page = "none" } = options;
  const ink = checkInk(foreground, "foreground");
  const ground = checkColor(background, "background");
  const paper = checkColor(page, "page");

  const { center, dots, arcs } = scanCodeGeometry(encoded, { size: CODE_SIZE });
  // Ids are shared by all drawings of a web page. Equal codes have equal masks, so those may share one.
  const id = `scan-code-logo-${hex(encoded.subarray(0, PARITY_LENGTH))}`;
  const mask = logo ? ` mask="url(#${id})"` : "";
  const filled = `<g fill="${ink}"${mask}>`;
  const stroked = `<g fill="none" stroke="${ink}" stroke-width="${ARC_WIDTH}" stroke-linecap="round"${mask}>`;
  const middle = VIEW_SIZE / 2;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${size}" height="${size}" viewBox="0 0 ${VIEW_SIZE} ${VIEW_SIZE}" role="img">`,
    `<title>${text(title)}</title>`,
    isNone(paper) ? "" : `<rect width="${VIEW_SIZE}" height="${VIEW_SIZE}" fill="${paper}"/>`,
    isNone(ground) ? "" : `<circle cx="${middle}" cy="${middle}" r="${middle}" fill="${ground}"/>`,
    `<g transform="translate(${MARGIN},${MARGIN})">`,
    logo ? logoMask(id) : "",
    `${filled}${path(center)}</g>`,
    `${stroked}${arcs.map(path).join("")}</g>`,
    `${filled}${dots.map(path).join("")}</g>`,
    "</g></svg>",
  ].join("");
}

// As nested on the official cards. All three groups wear the mask, although only the disc has holes: a group without one is
// composited differently, and its edges would not have the same pixels.
function logoMask(id: string): string {
  const { translate, scales, inset } = LOGO_STEPS;
  const steps = [
    `translate(${translate.join(",")})`,
    ...scales.map((scale) => `scale(${scale})`),
    `translate(${inset},${inset})`,
  ];
  const circles = LOGO.map(({ cx, cy, r }) => `<circle cx="${cx}" cy="${cy}" r="${r}"/>`).join("");
  const holes = steps.reduceRight((inner, step) => `<g transform="${step}">${inner}</g>`, circles);
  return `<mask id="${id}"><rect width="100%" height="100%" fill="white"/>${holes}</mask>`;
}

function path(d: string): string {
  return `<path d="${d}"/>`;
}

function isNone(color: string): boolean {
  return color.toLowerCase() === "none";
}

// What XML cannot hold, even escaped: controls, half characters, and the two that are none.
const notInXml = /[^\P{Cc}\t\n\r]|[\p{Surrogate}\uFFFE\uFFFF]/u;

/** Text of an element. */
function text(title: unknown): string {
  if (typeof title !== "string" || title.trim() === "" || notInXml.test(title)) {
    throw new InputError(
      "invalid_option",
      "title",
      "must be text that is not empty, without control characters",
    );
  }
  return title.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}

function hex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
