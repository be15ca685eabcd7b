/** The parts of an input while it is read. */
import type { CheckContext } from "../checks/checks.js";
import type { InspectCheck } from "../checks/signature-check.js";
import type { Draft } from "../tree.js";

/** A section that is not yet finished. */
export interface SectionDraft {
  readonly type: string;
  readonly title: string;
  readonly root: Draft;
}

/** The sections of an input, and the checks across them. */
export interface Read {
  readonly sections: readonly SectionDraft[];
  readonly checks: (context: CheckContext) => readonly InspectCheck[];
}
