/** The rules for RequestToLogin, with the order and texts of the real sequencer. */
import {
  type RequestToLogin,
  RequestToLoginSchema,
} from "../../../gen/code/messaging/v1/messaging_service_pb.js";
import { equalBytes, toBase58 } from "../../lib/bytes.js";
import { invalidArgument, unauthenticated } from "../failure.js";
import { isSignedBy } from "../signed.js";
import type { RequestRecord, StoreTransaction } from "../store/store.js";
import { baseDomain, checkOwnership, type FetchWellKnown } from "./domain.js";

/**
 * Checks a login request. Returns the record to store, or `undefined` if the same request is already stored.
 */
export async function checkLoginRequest(
  request: RequestToLogin,
  rendezvous: Uint8Array,
  fetchWellKnown: FetchWellKnown,
  transaction: StoreTransaction,
): Promise<Omit<RequestRecord, "createdAt"> | undefined> {
  const verifier = request.verifier?.value ?? new Uint8Array(0);
  if (!isSignedBy(RequestToLoginSchema, request, verifier)) throw unauthenticated();
  if ((await transaction.getIntent()) !== undefined) throw invalidArgument("client submitted intent");
  const domain = request.domain?.value ?? "";
  const base = baseDomain(domain);
  if (!equalBytes(request.rendezvousKey?.value ?? new Uint8Array(0), rendezvous)) {
    throw invalidArgument("rendezvous key mismatch");
  }
  const original = await transaction.getRequest();
  if (original?.payment !== undefined) throw invalidArgument("original request requires payment");
  if (original !== undefined && original.domain?.base !== base)
    throw invalidArgument("domain mismatches original request");
  await checkOwnership(domain, toBase58(verifier), fetchWellKnown);
  return original === undefined ? { payment: undefined, domain: { base, verified: true } } : undefined;
}
