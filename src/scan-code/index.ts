/**
 * The round scan code of the Code wallet: encodes a 20-byte payload into 35 bytes and draws them as six rings
 * of dots and arcs, in SVG or on a terminal. Also decodes them. Pure: no I/O, and it runs in browsers.
 *
 * @example
 * ```ts
 * import { toSvg, toTerminal } from "code-intents/scan-code";
 *
 * const image = toSvg(intent, { size: 300 });
 * console.log(toTerminal(intent));
 * ```
 *
 * @module
 */
export type { ScanCodeErrorCode } from "../errors.js";
export { type DecodedScanCode, decodeScanCode, encodeScanCode } from "./codec.js";
export { ScanCodeError } from "./errors.js";
export { type ScanCodeGeometry, type ScanCodeGeometryOptions, scanCodeGeometry } from "./geometry.js";
export { type ReadScanCode, type ReadScanCodeOptions, readScanCode } from "./read.js";
export { scanCodeRings } from "./rings.js";
export type { ScanCodeImage } from "./sampler.js";
export type { ScanCodeSource } from "./source.js";
export { type SvgOptions, toSvg } from "./svg.js";
export { type TerminalOptions, toTerminal } from "./terminal.js";
