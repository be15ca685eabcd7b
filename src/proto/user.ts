/**
 * `code.user.v1`: the user who logged in at a third party, and the wallet's side of a login.
 *
 * @example
 * ```ts
 * import { create, toBinary } from "@bufbuild/protobuf";
 * import { GetLoginForThirdPartyAppRequestSchema } from "code-intents/proto/user";
 *
 * const request = create(GetLoginForThirdPartyAppRequestSchema, {
 *   intentId: { value: new Uint8Array(32).fill(1) },
 *   verifier: { value: new Uint8Array(32).fill(2) },
 * });
 * const bytesToSign = toBinary(GetLoginForThirdPartyAppRequestSchema, request);
 * ```
 *
 * @module
 */
export {
  type GetLoginForThirdPartyAppRequest,
  GetLoginForThirdPartyAppRequestSchema,
  type GetLoginForThirdPartyAppResponse,
  GetLoginForThirdPartyAppResponse_Result,
  GetLoginForThirdPartyAppResponse_ResultSchema,
  GetLoginForThirdPartyAppResponseSchema,
  Identity,
  type LoginToThirdPartyAppRequest,
  LoginToThirdPartyAppRequestSchema,
  type LoginToThirdPartyAppResponse,
  LoginToThirdPartyAppResponse_Result,
  LoginToThirdPartyAppResponse_ResultSchema,
  LoginToThirdPartyAppResponseSchema,
} from "../../gen/code/user/v1/identity_service_pb.js";
