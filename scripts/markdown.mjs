// Finds the links and anchors of a Markdown document, as GitHub and npm resolve them.

import { posix } from "node:path";

/** Returns the targets of links and images outside code. */
export function linksOf(markdown) {
  const prose = withoutCode(markdown).replace(/`[^`\n]*`/g, "");
  return [
    ...[...prose.matchAll(/\]\(\s*<?([^)\s>]+)>?(?:\s+"[^"]*")?\s*\)/g)].map(([, target]) => target),
    ...[...prose.matchAll(/<(?:a|img)\b[^>]*?\b(?:href|src)="([^"]+)"/g)].map(([, target]) => target),
    ...[...prose.matchAll(/^\[[^\]]+\]:\s*(\S+)/gm)].map(([, target]) => target),
  ];
}

/** Returns every valid anchor: the slugs of headings, and explicit ids. */
function anchorsOf(markdown) {
  const anchors = new Set();
  const text = withoutCode(markdown);
  for (const [, id] of text.matchAll(/<a\s+(?:id|name)="([^"]+)"/g)) anchors.add(id);
  const counts = new Map();
  for (const [, heading] of text.matchAll(/^#{1,6}\s+(.+?)\s*#*$/gm)) {
    const slug = slugOf(heading);
    const count = counts.get(slug) ?? 0;
    counts.set(slug, count + 1);
    anchors.add(count === 0 ? slug : `${slug}-${count}`);
  }
  return anchors;
}

/**
 * Returns the problem of a link, or `undefined`. `read` returns a document of the same tree by its path: `""`
 * for a folder or another kind of file, `undefined` if it does not exist. `repository` is the https address
 * of this repository, whose files `readRepository` reads.
 */
export function linkProblem(document, target, { read, readRepository = read, repository }) {
  const own = [`${repository}/blob/main/`, `${repository}/tree/main/`].find((start) =>
    target.startsWith(start),
  );
  if (own === undefined && /^[a-z][a-z+.-]*:/i.test(target)) return undefined;
  const [path, anchor] = (own === undefined ? target : target.slice(own.length)).split("#");
  const base = own === undefined ? posix.dirname(document) : ".";
  const file = path === "" ? document : posix.join(base, decodeURIComponent(path));
  const text = (own === undefined ? read : readRepository)(file.replace(/\/$/, ""));
  if (text === undefined) return `no such file: ${target}`;
  if (anchor !== undefined && file.endsWith(".md") && !anchorsOf(text).has(decodeURIComponent(anchor)))
    return `no such anchor: ${target}`;
  return undefined;
}

/** Returns the https address of the repository from a package.json. */
export function repositoryOf(manifest) {
  return manifest.repository.url.replace(/^git\+/, "").replace(/\.git$/, "");
}

function slugOf(heading) {
  return heading
    .replace(/\[([^\]]*)\]\([^)]*\)/g, "$1")
    .replace(/<[^>]*>/g, "")
    .trim()
    .toLowerCase()
    .replace(/[^\p{L}\p{M}\p{N}\p{Pc} -]/gu, "")
    .replace(/ /g, "-");
}

function withoutCode(markdown) {
  return markdown.replace(/^( *)(`{3,}|~{3,})[\s\S]*?^ *\2 *$/gm, "");
}
