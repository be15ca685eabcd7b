/** The selected intent, kept in the page's address, so that Back works and links stay valid. */

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

/** Returns whether the window is too narrow to show list and intent side by side. */
export function isNarrow() {
  return !matchMedia("(min-width: 60rem)").matches;
}
