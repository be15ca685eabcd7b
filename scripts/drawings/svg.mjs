// The colours of both themes and the shapes that all drawings use.

const FONT = "system-ui, -apple-system, 'Segoe UI', Roboto, 'DejaVu Sans', Arial, sans-serif";
const MONO = "ui-monospace, SFMono-Regular, Menlo, Consolas, 'DejaVu Sans Mono', monospace";

// Each tint is the fill of a box with text in the colour `ink`.
const LIGHT = {
  ground: "#ffffff",
  ink: "#1f2328",
  muted: "#59636e",
  line: "#6e7781",
  blue: "#d8ebff",
  green: "#d2f4d9",
  amber: "#fdeab9",
  violet: "#ebe0ff",
  red: "#ffdedb",
  grey: "#eceff2",
};
const DARK = {
  ground: "#0d1117",
  ink: "#f0f6fc",
  muted: "#9da7b3",
  line: "#848d97",
  blue: "#12385f",
  green: "#164a27",
  amber: "#583f08",
  violet: "#41306f",
  red: "#67211f",
  grey: "#2b313a",
};

const rules = (theme) =>
  Object.entries(theme)
    .map(([name, colour]) => `--${name}:${colour}`)
    .join(";");

/** Returns a complete SVG document. It paints its background and follows the reader's colour scheme. */
export function drawing({ width, height, title, description, body }) {
  return `<svg xmlns="http://www.w3.org/2000/svg" role="img" aria-labelledby="title description" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}">
<title id="title">${escapeText(title)}</title>
<desc id="description">${escapeText(description)}</desc>
<style>
svg{${rules(LIGHT)}}
@media (prefers-color-scheme:dark){svg{${rules(DARK)}}}
text{font:15px ${FONT};fill:var(--ink)}
.small{font-size:13px}
.muted{fill:var(--muted)}
.bold{font-weight:600}
.mono{font-family:${MONO}}
.line{stroke:var(--line);stroke-width:1.5;fill:none}
.dashed{stroke-dasharray:5 4}
.head{fill:var(--line)}
.edge{stroke:var(--line);stroke-width:1}
</style>
<rect width="${width}" height="${height}" rx="8" fill="var(--ground)"/>
${body.flat(Number.POSITIVE_INFINITY).join("\n")}
</svg>
`;
}

/** Draws one line of text. `anchor` is start, middle or end. */
export function text(x, y, content, { anchor = "start", style = "" } = {}) {
  const classes = style === "" ? "" : ` class="${style}"`;
  const anchored = anchor === "start" ? "" : ` text-anchor="${anchor}"`;
  return `<text x="${x}" y="${y}"${anchored}${classes}>${escapeText(content)}</text>`;
}

/** Draws a filled box with centred lines of text. With several lines, the first is bold. */
export function box(x, y, width, height, fill, lines) {
  const step = 19;
  const first = y + height / 2 + 5 - ((lines.length - 1) * step) / 2;
  return [
    `<rect x="${x}" y="${y}" width="${width}" height="${height}" rx="6" fill="var(--${fill})" class="edge"/>`,
    lines.map((line, index) =>
      text(x + width / 2, first + index * step, line, {
        anchor: "middle",
        style: index === 0 ? "bold" : "small",
      }),
    ),
  ];
}

/** Draws a path through points with an arrowhead at its end. */
export function arrow(points, { dashed = false } = {}) {
  const [x, y] = points.at(-1);
  const [fromX, fromY] = points.at(-2);
  const length = Math.hypot(x - fromX, y - fromY);
  const [ux, uy] = [(x - fromX) / length, (y - fromY) / length];
  const corner = (side) => `${round(x - 9 * ux - side * 5 * uy)},${round(y - 9 * uy + side * 5 * ux)}`;
  const path = points
    .map((point, index) => `${index === 0 ? "M" : "L"}${point.map(round).join(",")}`)
    .join("");
  return [
    `<path d="${path}" class="line${dashed ? " dashed" : ""}"/>`,
    `<path d="M${round(x)},${round(y)}L${corner(1)}L${corner(-1)}Z" class="head"/>`,
  ];
}

function round(value) {
  return Math.round(value * 100) / 100;
}

function escapeText(content) {
  return content.replace(/&/g, "&amp;").replace(/</g, "&lt;").replace(/>/g, "&gt;");
}
