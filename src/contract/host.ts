/** The sequencer's requirement for the host of a webhook beyond a valid domain name. */

/**
 * Returns whether a resolver looks a name up. It does not for names with a letter beyond ASCII, or with only
 * digits that are not an address.
 */
export function isLookedUp(name: string): boolean {
  if (/[^\0-\x7f]/.test(name)) return false;
  return /[a-z_-]/i.test(name) || /^((25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)(\.(?!$)|$)){4}$/.test(name);
}
