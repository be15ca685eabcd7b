/** Protocols by which the package reaches a sequencer. */
export const PROTOCOLS = ["connect", "grpc", "grpc-web", "rest", "envelope"] as const;

/** Name of a protocol. */
export type Protocol = (typeof PROTOCOLS)[number];

/** What a protocol can do. The facade consults it, the docs print it, the tests expect it. */
export interface Capabilities {
  /** Registers a payment intent. */
  readonly createPaymentIntent: boolean;
  /** Asks for the status of an intent. */
  readonly getStatus: boolean;
  /** The status says whether the code was scanned. */
  readonly codeScanned: boolean;
  /** A failure keeps the sequencer's own status and words; otherwise most are flattened to HTTP 500. */
  readonly detailedErrors: boolean;
  /** Registers a webhook for an intent id; otherwise only together with the intent. */
  readonly separateWebhook: boolean;
  /** Reads, acknowledges and streams messages. */
  readonly messages: boolean;
  /** Registers a login request. */
  readonly createLoginIntent: boolean;
}

const everything: Capabilities = {
  createPaymentIntent: true,
  getStatus: true,
  codeScanned: true,
  detailedErrors: true,
  separateWebhook: true,
  messages: true,
  createLoginIntent: true,
};

/** The capability table, by protocol. */
export const CAPABILITIES: Readonly<Record<Protocol, Capabilities>> = {
  connect: everything,
  grpc: everything,
  "grpc-web": everything,
  rest: {
    createPaymentIntent: true,
    getStatus: true,
    codeScanned: false,
    detailedErrors: false,
    separateWebhook: false,
    messages: false,
    createLoginIntent: false,
  },
  envelope: everything,
};
