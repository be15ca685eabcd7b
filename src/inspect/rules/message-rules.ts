/** The contract of each message in the form that a tree is checked against. */
import type { CheckName } from "../../contract/checks.js";
import { type MessageContract, messageContracts } from "../../contract/messages.js";
import { ENVELOPE_REQUEST } from "../catalog.js";

/** The rules of one message. Names are those of the `.proto` file. */
export interface MessageRules {
  /**
   * Fields that must be in the bytes: embedded messages, scalars whose default is invalid, lists that need at
   * least one item.
   */
  readonly required: readonly string[];
  /** Oneofs of which one field must be set. */
  readonly oneofs: readonly string[];
  /** Largest number of items of repeated fields. */
  readonly most: Readonly<Record<string, number>>;
  /** Checks of single values. */
  readonly checks: Readonly<Record<string, CheckName>>;
}

const none: MessageRules = { required: [], oneofs: [], most: {}, checks: {} };

/** Rules by full name. */
export const messageRules: Readonly<Record<string, MessageRules>> = {
  ...Object.fromEntries(
    Object.entries(messageContracts).map(([name, contract]) => [name, rulesOf(contract)]),
  ),
  // An envelope is not validated, but it cannot name a method without these fields.
  [ENVELOPE_REQUEST]: { ...none, required: ["service", "method"] },
};

/** Returns the rules of a message; empty for a message without an entry. */
export function messageRulesOf(typeName: string): MessageRules {
  return (Object.hasOwn(messageRules, typeName) ? messageRules[typeName] : undefined) ?? none;
}

function rulesOf({ required = [], oneofs = [], checks = {}, items = {} }: MessageContract): MessageRules {
  const lists = Object.entries(items);
  const needed = lists.filter(([, [min]]) => min > 0).map(([name]) => name);
  return {
    required: [...required, ...Object.keys(checks), ...needed],
    oneofs,
    most: Object.fromEntries(lists.map(([name, [, max]]) => [name, max])),
    checks,
  };
}
