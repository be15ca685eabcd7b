/** The login calls, with their checks in the order of the real sequencer. */
import { create } from "@bufbuild/protobuf";
import {
  type GetLoginForThirdPartyAppRequest,
  GetLoginForThirdPartyAppRequestSchema,
  type GetLoginForThirdPartyAppResponse,
  GetLoginForThirdPartyAppResponse_Result,
  GetLoginForThirdPartyAppResponseSchema,
  type LoginToThirdPartyAppRequest,
  LoginToThirdPartyAppRequestSchema,
  type LoginToThirdPartyAppResponse,
  LoginToThirdPartyAppResponse_Result,
  LoginToThirdPartyAppResponseSchema,
} from "../../../gen/code/user/v1/identity_service_pb.js";
import { fromBase58, toBase58 } from "../../lib/bytes.js";
import { unauthenticated } from "../failure.js";
import { type FetchWellKnown, isOwner } from "../rules/domain.js";
import { isSignedBy } from "../signed.js";
import type { Store } from "../store/store.js";
import { publishSubmission, putSubmitted, type SubmissionContext } from "./submission.js";

/** Dependencies of GetLoginForThirdPartyApp. */
export interface GetLoginContext {
  readonly store: Store;
  readonly fetchWellKnown: FetchWellKnown;
  /** Whether to skip the signature check. */
  readonly lenient: boolean;
}

/** Dependencies of LoginToThirdPartyApp. */
export interface LoginContext extends SubmissionContext {
  /** Returns whether an account, in base58, is a user's relationship account with a base domain. */
  readonly isRelationshipAccount: (account: string, domain: string) => boolean | Promise<boolean>;
}

/**
 * Returns the user who logged in. Like every other signed call, it checks the signature before it reads the
 * intent, so a caller without the key learns nothing. The real sequencer skips this check.
 */
export async function getLogin(
  request: GetLoginForThirdPartyAppRequest,
  { store, fetchWellKnown, lenient }: GetLoginContext,
): Promise<GetLoginForThirdPartyAppResponse> {
  const Result = GetLoginForThirdPartyAppResponse_Result;
  const answer = (result: GetLoginForThirdPartyAppResponse_Result) =>
    create(GetLoginForThirdPartyAppResponseSchema, { result });
  const verifier = bytesOf(request.verifier);
  if (!lenient && !isSignedBy(GetLoginForThirdPartyAppRequestSchema, request, verifier))
    throw unauthenticated();
  const { requested, intent } = await store.transaction(
    toBase58(bytesOf(request.intentId)),
    async (transaction) => ({
      requested: await transaction.getRequest(),
      intent: await transaction.getIntent(),
    }),
  );
  if (requested === undefined) return answer(Result.REQUEST_NOT_FOUND);
  if (!requested.domain?.verified) return answer(Result.LOGIN_NOT_SUPPORTED);
  // Checked on every call: a verifier that the domain no longer lists learns nothing.
  if (!(await isOwner(toBase58(verifier), requested.domain.base, fetchWellKnown)))
    throw unauthenticated(`${toBase58(verifier)} does not own the domain for the login`);
  const userId = intent?.user === undefined ? undefined : fromBase58(intent.user);
  if (userId === undefined) return answer(Result.NO_USER_LOGGED_IN);
  return create(GetLoginForThirdPartyAppResponseSchema, { result: Result.OK, userId: { value: userId } });
}

/** Logs a user in: stores the intent, schedules the webhook and emits IntentSubmitted, in one transaction. */
export async function login(
  request: LoginToThirdPartyAppRequest,
  context: LoginContext,
): Promise<LoginToThirdPartyAppResponse> {
  const Result = LoginToThirdPartyAppResponse_Result;
  const user = bytesOf(request.userId);
  if (!isSignedBy(LoginToThirdPartyAppRequestSchema, request, user)) throw unauthenticated();
  const userId = toBase58(user);
  const intentId = toBase58(bytesOf(request.intentId));
  const { store, clock, isRelationshipAccount } = context;
  const outcome = await store.transaction(intentId, async (transaction) => {
    const requested = await transaction.getRequest();
    if (requested === undefined) return Result.REQUEST_NOT_FOUND;
    if (!requested.domain?.verified) return Result.LOGIN_NOT_SUPPORTED;
    if (requested.payment !== undefined) return Result.PAYMENT_REQUIRED;
    if (!(await isRelationshipAccount(userId, requested.domain.base))) return Result.INVALID_ACCOUNT;
    const intent = await transaction.getIntent();
    if (intent !== undefined) return intent.user === userId ? Result.OK : Result.DIFFERENT_LOGIN_EXISTS;
    return putSubmitted(transaction, intentId, { payment: undefined, user: userId }, clock.now());
  });
  if (typeof outcome === "number") return create(LoginToThirdPartyAppResponseSchema, { result: outcome });
  await publishSubmission(context, intentId, outcome);
  return create(LoginToThirdPartyAppResponseSchema);
}

function bytesOf(field: { readonly value: Uint8Array } | undefined): Uint8Array {
  return field?.value ?? new Uint8Array(0);
}
