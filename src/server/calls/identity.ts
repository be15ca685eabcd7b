/** The login calls, in the order of the real sequencer. */
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

/** What GetLoginForThirdPartyApp depends on. */
export interface GetLoginContext {
  readonly store: Store;
  readonly fetchWellKnown: FetchWellKnown;
  /** Whether the signature is forgotten. */
  readonly lenient: boolean;
}

/** What LoginToThirdPartyApp depends on. */
export interface LoginContext extends SubmissionContext {
  /** Whether an account, in base58, is a user's relationship account with a base domain. */
  readonly isRelationshipAccount: (account: string, domain: string) => boolean | Promise<boolean>;
}

/**
 * Who logged in. The signature, which the real sequencer forgets, comes before everything that is known of the intent, as
 * in every other call that is signed: whoever lacks the key learns nothing.
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
  const { asked, intent } = await store.transaction(
    toBase58(bytesOf(request.intentId)),
    async (transaction) => ({
      asked: await transaction.getRequest(),
      intent: await transaction.getIntent(),
    }),
  );
  if (asked === undefined) return answer(Result.REQUEST_NOT_FOUND);
  if (!asked.domain?.verified) return answer(Result.LOGIN_NOT_SUPPORTED);
  // Asked again at every call: a verifier that is no longer listed is told nothing.
  if (!(await isOwner(toBase58(verifier), asked.domain.base, fetchWellKnown)))
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
    const asked = await transaction.getRequest();
    if (asked === undefined) return Result.REQUEST_NOT_FOUND;
    if (!asked.domain?.verified) return Result.LOGIN_NOT_SUPPORTED;
    if (asked.payment !== undefined) return Result.PAYMENT_REQUIRED;
    if (!(await isRelationshipAccount(userId, asked.domain.base))) return Result.INVALID_ACCOUNT;
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
