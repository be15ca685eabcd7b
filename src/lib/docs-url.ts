/**
 * Gives every error its `docsUrl`. A module of its own, because the pages of `code-intents/browser` must not pay for the
 * address: what they load does not import it. Listed under `sideEffects` in package.json, so that bundlers keep it.
 */
import { CodeIntentsError } from "../errors.js";

/** The page that has an anchor for every error code. */
const ERRORS_PAGE = "https://github.com/OWNER/code-intents/blob/main/docs/errors.md";

Object.defineProperty(CodeIntentsError.prototype, "docsUrl", {
  configurable: true,
  get(this: CodeIntentsError): string {
    return `${ERRORS_PAGE}#${this.code}`;
  },
});
