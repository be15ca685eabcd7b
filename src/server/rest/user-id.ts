/** The login call of REST v1. */
import { create } from "@bufbuild/protobuf";
import { IntentIdSchema, SignatureSchema } from "../../../gen/code/common/v1/model_pb.js";
import { GetLoginForThirdPartyAppRequestSchema } from "../../../gen/code/user/v1/identity_service_pb.js";
import { toBase58 } from "../../lib/bytes.js";
import type { SequencerServices } from "../calls/services.js";
import { violationOf } from "../calls/validation.js";
import { base58Of, type JsonResponse, messageOf, RestFailure, type RestRequest, readFields } from "./call.js";

/**
 * Handles POST /v1/getUserId. The message is validated before the intent and signature of the body replace
 * its own, so it must already contain a signature. A missing user is never an error, whatever the reason.
 */
export async function getUserId(
  request: RestRequest,
  services: Pick<SequencerServices, "getLoginForThirdPartyApp">,
): Promise<JsonResponse> {
  const body = await readFields(request, ["intent", "message", "signature"]);
  const intent = base58Of(body.intent, 32, "intent is not a public key");
  const message = messageOf(GetLoginForThirdPartyAppRequestSchema, body.message);
  const violation = violationOf(GetLoginForThirdPartyAppRequestSchema, message);
  if (violation !== undefined) throw new RestFailure(400, `message failed proto validation: ${violation}`);
  message.signature = create(SignatureSchema, {
    value: base58Of(body.signature, 64, "signature is invalid"),
  });
  message.intentId = create(IntentIdSchema, { value: intent });
  const { userId } = await services.getLoginForThirdPartyApp(message);
  const user = userId === undefined ? {} : { user: toBase58(userId.value) };
  return { status: 200, body: { success: true, ...user } };
}
