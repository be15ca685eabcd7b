import { Code, ConnectError } from "@connectrpc/connect";

/** A rule of the sequencer was violated: InvalidArgument with the sequencer's words. */
export function invalidArgument(text: string): ConnectError {
  return new ConnectError(text, Code.InvalidArgument);
}

/** A signature does not verify (without words), or a domain's ownership cannot be shown. */
export function unauthenticated(text = ""): ConnectError {
  return new ConnectError(text, Code.Unauthenticated);
}

/** The verifier does not own the domain. */
export function permissionDenied(text: string): ConnectError {
  return new ConnectError(text, Code.PermissionDenied);
}
