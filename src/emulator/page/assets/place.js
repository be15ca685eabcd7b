/** Where one is on the page: at an intent, or at none. It stands in the address, so that Back works and links last. */

const PREFIX = "#intent=";

/** @param {string} intentId */
export function hashOf(intentId) {
  return PREFIX + encodeURIComponent(intentId);
}

/** @returns {string | undefined} id of the intent that the address names */
export function placeOf() {
  const { hash } = location;
  return hash.startsWith(PREFIX) ? hash.slice(PREFIX.length) : undefined;
}

/** Whether list and intent are shown in turn, for want of room. */
export function isNarrow() {
  return !matchMedia("(min-width: 60rem)").matches;
}
