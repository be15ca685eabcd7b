/**
 * The control services' messages in their JSON form: unset fields are absent, times are RFC 3339, 64-bit numbers and
 * bytes (base64) are strings.
 *
 * @typedef {{ destination: string, currency: string, nativeAmount?: number | string, fees?: Fee[] }} RequestedPayment
 * @typedef {{ destination: string, basisPoints?: number }} Fee
 * @typedef {RequestedPayment & { exchangeRate?: number | string, quarks?: string, feeQuarks?: string }} SubmittedPayment
 * @typedef {{ messageId: string, kind: string, createdAt?: string, size?: number }} Message
 * @typedef {{ startedAt?: string, httpStatus?: number, error?: string }} Attempt
 * @typedef {{ url: string, state?: string, attempts?: Attempt[], nextAttemptAt?: string }} Webhook
 * @typedef {{
 *   intentId: string, firstSeenAt?: string, requested?: RequestedPayment, submitted?: SubmittedPayment, domain?: string,
 *   verified?: boolean, intentSubmitted?: boolean, userId?: string, messages?: Message[], messageCount?: number,
 *   webhook?: Webhook, streamOpen?: boolean,
 * }} Intent
 * @typedef {{
 *   startsOver?: boolean, intents?: Intent[], total?: number, now?: string, clockRunning?: boolean,
 * }} WatchResponse
 * @typedef {{
 *   offset?: number, length?: number, tagLength?: number, prefixLength?: number, depth?: number, path?: string,
 *   name?: string, meaning?: string, problem?: boolean,
 * }} Line
 * @typedef {{ type?: string, title?: string, data?: string, lines?: Line[], omittedLines?: number }} Section
 * @typedef {{ outcome?: string, text?: string, path?: string }} Check
 * @typedef {{ summary?: string, verdict?: string, wrong?: boolean, sections?: Section[], checks?: Check[] }} Explanation
 * @typedef {{
 *   GetEmulator: { webhookPublicKey?: string, now?: string }, AdvanceClock: { now?: string }, Reset: object,
 *   ExplainMessage: Explanation,
 * }} EmulatorResponses by method
 * @typedef {{
 *   Pay: { payment: SubmittedPayment }, Login: { domain: string }, ReadPayload: { payload: string }, Scan: object,
 *   Reject: object, Vanish: object,
 * }} WalletResponses by method
 * @typedef {{ code?: string, message?: string, error?: string }} ErrorResponse of Connect, or of the port
 */
export {};
