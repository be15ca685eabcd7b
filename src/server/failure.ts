import { Code, ConnectError } from "@connectrpc/connect";

/** Creates the error of a violated rule: InvalidArgument with the sequencer's text. */
export function invalidArgument(text: string): ConnectError {
  return new ConnectError(text, Code.InvalidArgument);
}

/**
 * Creates the error of an invalid signature (without text), or of a domain whose owner cannot be verified.
 */
export function unauthenticated(text = ""): ConnectError {
  return new ConnectError(text, Code.Unauthenticated);
}

/** Creates the error of a verifier that does not own the domain. */
export function permissionDenied(text: string): ConnectError {
  return new ConnectError(text, Code.PermissionDenied);
}
