/** What an input is made of while it is being read. */
import type { CheckContext } from "../checks/checks.js";
import type { InspectCheck } from "../checks/signature-check.js";
import type { Draft } from "../tree.js";

/** A section while it is being put together. */
export interface SectionDraft {
  readonly type: string;
  readonly title: string;
  readonly root: Draft;
}

/** The sections of an input, and what can be checked across them. */
export interface Read {
  readonly sections: readonly SectionDraft[];
  readonly checks: (context: CheckContext) => readonly InspectCheck[];
}
