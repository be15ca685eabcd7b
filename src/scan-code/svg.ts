import { InputError } from "../errors.js";
import { checkOptions } from "../lib/options.js";
import { encodeScanCode } from "./codec.js";
import { checkColor, checkInk } from "./color.js";
import { checkSize, scanCodeGeometry } from "./geometry.js";
import { CODE_SIZE, LOGO, LOGO_STEPS, VIEW_SIZE } from "./layout.js";
import { PARITY_LENGTH } from "./reed-solomon.js";
import { payloadOf, type ScanCodeSource } from "./source.js";

/**
 * Options of {@link toSvg}. A colour is hexadecimal (`"#45464E"`), `rgb()` or `hsl()` with plain numbers, or
 * a name (`"white"`, `"currentColor"`, `"none"`). Scanners expect light ink on a dark background.
 */
export interface SvgOptions {
  /** Width and height of the drawing, in CSS pixels. Default: 220. */
  readonly size?: number;
  /**
   * Colour of disc, dots and arcs. Default: `"#FFFFFF"`. Segments overlap, so a translucent colour shows
   * their joints.
   */
  readonly foreground?: string;
  /**
   * Colour of the circle behind the code. Default: `"#45464E"`, as on the payment card; `"none"` draws no
   * circle.
   */
  readonly background?: string;
  /** Colour of the square behind everything. Default: `"none"`. */
  readonly page?: string;
  /** Whether the disc shows Code's logo. Default: `true`. */
  readonly logo?: boolean;
  /** Label for screen readers. Default: `"Scan code for the Code wallet"`. */
  readonly title?: string;
}

/** Wider than the dots, so the cap of a run covers its last dot. */
const ARC_WIDTH = 6.8;

const MARGIN = (VIEW_SIZE - CODE_SIZE) / 2;

/**
 * Draws the scan code of an intent, or of a 20-byte payload, as an SVG document. By default it looks like the
 * official payment card. Equal input gives equal text.
 *
 * @param source an intent, or the 20 bytes of its payload
 * @throws InputError naming the invalid option
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
  // All drawings on a web page share one id space. Equal codes have equal masks, so they can share an id.
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

// Nested as on the official cards. All three groups have the mask, although only the disc has holes: a group
// without a mask is composited differently, and its edges would have other pixels.
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
