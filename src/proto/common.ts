/**
 * `code.common.v1`: addresses, signatures, intent ids and domains, which every other area uses, and the
 * envelope that carries one call over HTTP/1.1 or a WebSocket.
 *
 * @example
 * ```ts
 * import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
 * import { RequestSchema, Response_Result, ResponseSchema } from "code-intents/proto/common";
 *
 * const request = create(RequestSchema, { service: "Messaging", method: "pollMessages" });
 * const body = toBinary(RequestSchema, request);
 * const http = await fetch("http://127.0.0.1:8080/v1/api", { method: "POST", body });
 * const response = fromBinary(ResponseSchema, new Uint8Array(await http.arrayBuffer()));
 * if (response.result !== Response_Result.OK) throw new Error(response.message);
 * ```
 *
 * @module
 */
export {
  type Domain,
  DomainSchema,
  type IntentId,
  IntentIdSchema,
  type Request,
  RequestSchema,
  type Response,
  Response_Result,
  Response_ResultSchema,
  ResponseSchema,
  type Signature,
  SignatureSchema,
  type SolanaAccountId,
  SolanaAccountIdSchema,
} from "../../gen/code/common/v1/model_pb.js";
