/** The numbers of the protocol. The lengths are in bytes. */

/** Length of a public key, an account and an intent id. */
export const KEY_LENGTH = 32;
/** Length of an Ed25519 signature. */
export const SIGNATURE_LENGTH = 64;
/** Length of the id that the sequencer assigns to a message. */
export const MESSAGE_ID_LENGTH = 16;

/** Largest number of messages, or of their ids, in one list. */
export const MAX_ITEMS = 1024;
/** Largest number of fees in one request. */
export const MAX_FEES = 3;
/** 100% in basis points; also the largest share of one fee. */
export const ALL_BASIS_POINTS = 10_000;
/** Largest sum of the fees of one request in basis points, unless the sequencer is configured otherwise. */
export const MAX_FEE_SUM = 5_000;
/** The sequencer's own fee for a payment, in US dollars. */
export const SEQUENCER_FEE_USD = 0.01;

export const QUARKS_PER_KIN = 100_000;
/** Largest difference between quarks and native amount of a request: one kin and a thousandth, in quarks. */
export const QUARK_TOLERANCE = 100_100;
/** Largest difference between a payment and the requested amount, in the currency's main unit. */
export const PAYMENT_TOLERANCE = 0.0001;

/** Largest length of a domain, in characters. */
export const MAX_DOMAIN_LENGTH = 253;

/** Most characters of a label of a domain. */
export const MAX_LABEL_LENGTH = 63;
/** Largest length of a webhook URL, in code points. */
export const MAX_WEBHOOK_URL_LENGTH = 1024;
/** The only domain with more than two labels that can be verified. */
export const VERIFIABLE_SUBDOMAIN = "app.getcode.com";
