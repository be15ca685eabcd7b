import type { BadUrl, UrlProblem } from "../../contract/url.js";
import { quote } from "./quote.js";

/** Returns the text of Go's URL parser for a URL that it rejects. */
export function urlErrorText({ url, problem }: BadUrl): string {
  return `parse ${quote(url)}: ${problemText(problem)}`;
}

function problemText(problem: UrlProblem): string {
  switch (problem.kind) {
    case "control_character":
      return "net/url: invalid control character in URL";
    case "no_scheme":
      return "missing protocol scheme";
    case "colon":
      return "first path segment in URL cannot contain colon";
    case "user":
      return "net/url: invalid userinfo";
    case "bracket":
      return "missing ']' in host";
    case "port":
      return `invalid port ${quote(problem.found)} after host`;
    case "escape":
      return `invalid URL escape ${quote(problem.found)}`;
    case "character":
      return `invalid character ${quote(problem.found)} in host name`;
  }
}
