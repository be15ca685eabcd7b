/**
 * `code.transaction.v2`: amounts, fees, and the description of a submitted payment.
 *
 * @example
 * ```ts
 * import { create } from "@bufbuild/protobuf";
 * import { ExchangeDataSchema } from "code-intents/proto/transaction";
 *
 * const amount = create(ExchangeDataSchema, {
 *   currency: "kin",
 *   exchangeRate: 1,
 *   nativeAmount: 2500,
 *   quarks: 250_000_000n,
 * });
 * ```
 *
 * @module
 */
export {
  type AdditionalFeePayment,
  AdditionalFeePaymentSchema,
  AirdropType,
  AirdropTypeSchema,
  type ExchangeData,
  ExchangeDataSchema,
  type ExchangeDataWithoutRate,
  ExchangeDataWithoutRateSchema,
  type Metadata,
  MetadataSchema,
  type SendPrivatePaymentMetadata,
  SendPrivatePaymentMetadataSchema,
} from "../../gen/code/transaction/v2/transaction_service_pb.js";
