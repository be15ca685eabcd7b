import ts from "typescript";

const WIDTH = 110;

/**
 * Returns everything in a file that people read, as `{ kind, line, text }`, or `undefined` for other kinds of
 * files. Excludes identifiers, imports and code. From tests, it returns only titles and comments.
 */
export function placesOf(file, read) {
  if (/^(gen|test\/vectors|node_modules)\//.test(file) || /\.golden\./.test(file)) return undefined;
  if (/\.md$/.test(file)) return markdown(read());
  if (/\.proto$/.test(file)) return protobuf(read());
  if (/^(src|examples)\/.*\.(html|css)$/.test(file)) return markup(read());
  if (/\.(?:[cm]?[jt]s|tsx)$/.test(file)) return program(file, read());
  if (file === ".ci/run") return shell(read());
  return undefined;
}

/**
 * Returns prose by paragraph, and the comments of code blocks. Output in them comes from the program and is
 * checked there.
 */
function markdown(text) {
  const places = [];
  let fence;
  let paragraph = [];
  let start = 1;
  const end = () => {
    if (paragraph.length > 0) {
      const prose = paragraph
        .join("\n")
        .replace(/`[^`]*`/g, "``")
        .replace(/\]\([^)]*\)/g, "]");
      places.push({ kind: "prose", line: start, text: prose });
    }
    paragraph = [];
  };
  text.split("\n").forEach((line, index) => {
    const [, mark] = /^\s*(`{3,}|~{3,})/.exec(line) ?? [];
    if (mark !== undefined && (fence === undefined || mark === fence)) {
      end();
      fence = fence === undefined ? mark : undefined;
    } else if (fence !== undefined) {
      const [, comment] = /(?:^|\s)(?:\/\/|#) (.*)$/.exec(line) ?? [];
      if (comment !== undefined) places.push({ kind: "comment", line: index + 1, text: comment });
    } else if (line.trim() === "" || /^(\||#|\s*[-*] )/.test(line)) {
      end();
      start = index + 1;
      if (line.trim() !== "") paragraph.push(line);
    } else {
      if (paragraph.length === 0) start = index + 1;
      paragraph.push(line);
    }
  });
  end();
  return places;
}

function protobuf(text) {
  return commentsByLine(text, /^(?:.*?[;{}\s])?\/\/ ?(.*)$/);
}

function shell(text) {
  return commentsByLine(text, /^(?:.*\s)?# ?(.*)$/);
}

/** Returns comments of neighbouring lines as one text, so that a phrase over two lines is found. */
function commentsByLine(text, pattern) {
  const places = [];
  let last;
  text.split("\n").forEach((line, index) => {
    const [, comment] = pattern.exec(line) ?? [];
    if (comment === undefined) last = undefined;
    else if (last === undefined) {
      last = { kind: "comment", line: index + 1, text: comment };
      places.push(last);
    } else last.text += `\n${comment}`;
  });
  return places;
}

/** Returns the text, attributes and comments of a page, and the comments of its scripts and styles. */
function markup(text) {
  return text.split("\n").map((line, index) => ({
    kind: "page",
    line: index + 1,
    text: line
      .replace(/\s(?:class|id|href|src|for|name|data-[\w-]+)="[^"]*"/g, " ")
      .replace(/<\/?[\w-]+/g, " "),
  }));
}

function program(file, text) {
  const source = ts.createSourceFile(file, text, ts.ScriptTarget.Latest, true);
  const isTest = /^test\//.test(file) || /\.test\.[cm]?[jt]sx?$/.test(file);
  const places = isTest ? [] : comments(source, text);
  if (/^src\/.*\.ts$/.test(file)) places.push(...wideComments(source, text));
  const lineOf = (node) => source.getLineAndCharacterOfPosition(node.getStart()).line + 1;
  const visit = (node) => {
    if (ts.isImportDeclaration(node) || ts.isExportDeclaration(node) || ts.isLiteralTypeNode(node)) return;
    if (isTest) {
      if (ts.isCallExpression(node) && isTitled(node.expression) && node.arguments[0] !== undefined) {
        const title = node.arguments[0];
        const found = textOf(title);
        if (found !== undefined) places.push({ kind: "title", line: lineOf(title), text: found });
      }
    } else {
      const found = textOf(node);
      // A single word is a name, a code or a key.
      if (found !== undefined && /\s/.test(found.trim()))
        places.push({ kind: "string", line: lineOf(node), text: found });
      if (ts.isJsxText(node) && node.text.trim() !== "")
        places.push({ kind: "page", line: lineOf(node), text: node.text });
      if (found !== undefined && ts.isBinaryExpression(node)) {
        // The parts of a concatenation are one text. Only its other operands can contain more places.
        for (const part of operandsOf(node)) {
          if (ts.isStringLiteralLike(part)) continue;
          if (ts.isTemplateExpression(part))
            for (const { expression } of part.templateSpans) visit(expression);
          else visit(part);
        }
        return;
      }
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
  return places;
}

/**
 * Whether a call is `test(…)`, `it.each(…)(…)`, `describe.concurrent(…)` or similar, by the first name of its
 * chain.
 */
function isTitled(expression) {
  if (ts.isIdentifier(expression)) return ["test", "it", "describe", "bench"].includes(expression.text);
  if (
    ts.isPropertyAccessExpression(expression) ||
    ts.isCallExpression(expression) ||
    ts.isTaggedTemplateExpression(expression)
  )
    return isTitled(expression.expression ?? expression.tag);
  return false;
}

/** Returns the text of a literal, a template or a concatenation. Each inserted value is a space. */
function textOf(node) {
  if (ts.isStringLiteralLike(node)) return node.text;
  if (ts.isTemplateExpression(node))
    return node.head.text + node.templateSpans.map(({ literal }) => ` ${literal.text}`).join("");
  if (ts.isBinaryExpression(node) && node.operatorToken.kind === ts.SyntaxKind.PlusToken) {
    const [left, right] = [textOf(node.left), textOf(node.right)];
    return left === undefined && right === undefined ? undefined : `${left ?? " "}${right ?? " "}`;
  }
  return undefined;
}

function operandsOf(node) {
  if (!ts.isBinaryExpression(node) || node.operatorToken.kind !== ts.SyntaxKind.PlusToken) return [node];
  return [...operandsOf(node.left), ...operandsOf(node.right)];
}

function commentRanges(source, text) {
  const ranges = new Map();
  const collect = (position) => {
    for (const range of [
      ...(ts.getLeadingCommentRanges(text, position) ?? []),
      ...(ts.getTrailingCommentRanges(text, position) ?? []),
    ])
      ranges.set(range.pos, range);
  };
  const visit = (node) => {
    collect(node.getFullStart());
    collect(node.getEnd());
    for (const child of node.getChildren(source))
      if (child.kind < ts.SyntaxKind.FirstJSDocNode || child.kind > ts.SyntaxKind.LastJSDocNode) visit(child);
  };
  visit(source);
  return [...ranges.values()].sort((one, other) => one.pos - other.pos);
}

function comments(source, text) {
  const places = [];
  let end = -1;
  for (const range of commentRanges(source, text)) {
    const line = source.getLineAndCharacterOfPosition(range.pos).line + 1;
    const content = text
      .slice(range.pos, range.end)
      .replace(/^\/\*+|\*\/$/g, "")
      .replace(/^\s*(?:\*|\/\/) ?/gm, "")
      .replace(/`[^`\n]*`/g, "``");
    const last = places.at(-1);
    if (last !== undefined && range.kind === ts.SyntaxKind.SingleLineCommentTrivia && line === end + 1)
      last.text += `\n${content}`;
    else places.push({ kind: "comment", line, text: content });
    end = source.getLineAndCharacterOfPosition(range.end).line + 1;
  }
  return places;
}

function wideComments(source, text) {
  const lines = text.split("\n");
  const wide = new Set();
  for (const range of commentRanges(source, text)) {
    const from = source.getLineAndCharacterOfPosition(range.pos).line;
    const to = source.getLineAndCharacterOfPosition(range.end).line;
    for (let line = from; line <= to; line += 1) if (lines[line].length > WIDTH) wide.add(line);
  }
  return [...wide].map((line) => ({ kind: "width", line: line + 1, text: lines[line] }));
}
