/**
 * Gives every error its `docsUrl`. This is a separate module that `code-intents/browser` does not import, to
 * keep pages small. It is listed under `sideEffects` in package.json, so that bundlers keep it.
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
