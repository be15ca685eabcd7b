/**
 * Logins without the client and the wallet: requests signed by any key, and the well-known files that list
 * verifiers.
 */
import { create } from "@bufbuild/protobuf";
import { type Client, createClient, type Transport } from "@connectrpc/connect";
import {
  type GetLoginForThirdPartyAppRequest,
  GetLoginForThirdPartyAppRequestSchema,
  GetLoginForThirdPartyAppResponse_Result,
  Identity,
  type LoginToThirdPartyAppRequest,
  LoginToThirdPartyAppRequestSchema,
  LoginToThirdPartyAppResponse_Result,
} from "../../gen/code/user/v1/identity_service_pb.js";
import type { SigningKey } from "../../src/crypto/types.js";
import type { WellKnownAnswer } from "../../src/emulator/index.js";
import { toBase58 } from "../../src/lib/bytes.js";

interface Reachable {
  readonly transport: Transport;
}

export function identityOf({ transport }: Reachable): Client<typeof Identity> {
  return createClient(Identity, transport);
}

/** Returns a well-known file that lists these keys. */
export function listing(...keys: readonly { readonly publicKey: Uint8Array }[]): WellKnownAnswer {
  const body = JSON.stringify({ public_keys: keys.map(({ publicKey }) => toBase58(publicKey)) });
  return { status: 200, body };
}

/**
 * Encodes by hand the bytes that both login calls sign: fields 1 and 2, each 32 bytes in a separate message.
 */
export function loginBytes(intentId: Uint8Array, account: Uint8Array): Uint8Array {
  return Buffer.concat([Buffer.from("0a220a20", "hex"), intentId, Buffer.from("12220a20", "hex"), account]);
}

/** Calls GetLoginForThirdPartyApp, signed by the verifier unless another signature is given. */
export function getLoginRequest(
  intentId: Uint8Array,
  verifier: SigningKey,
  signature = verifier.sign(loginBytes(intentId, verifier.publicKey)),
): GetLoginForThirdPartyAppRequest {
  return create(GetLoginForThirdPartyAppRequestSchema, {
    intentId: { value: intentId },
    verifier: { value: verifier.publicKey },
    signature: { value: signature },
  });
}

/** Calls LoginToThirdPartyApp, signed by the user's relationship key unless another signature is given. */
export function loginRequest(
  intentId: Uint8Array,
  user: SigningKey,
  signature = user.sign(loginBytes(intentId, user.publicKey)),
): LoginToThirdPartyAppRequest {
  return create(LoginToThirdPartyAppRequestSchema, {
    intentId: { value: intentId },
    userId: { value: user.publicKey },
    signature: { value: signature },
  });
}

/** Returns the name of the result, and the user if there is one. */
export async function loginOf(
  at: Reachable,
  request: GetLoginForThirdPartyAppRequest,
): Promise<readonly string[]> {
  const { result, userId } = await identityOf(at).getLoginForThirdPartyApp(request);
  const name = GetLoginForThirdPartyAppResponse_Result[result] ?? "";
  return userId === undefined ? [name] : [name, toBase58(userId.value)];
}

/** Returns the name of the result. */
export async function resultOfLogin(at: Reachable, request: LoginToThirdPartyAppRequest): Promise<string> {
  const { result } = await identityOf(at).loginToThirdPartyApp(request);
  return LoginToThirdPartyAppResponse_Result[result] ?? "";
}
