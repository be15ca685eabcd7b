/** Protocols that the package uses to call a sequencer. */
export const PROTOCOLS = ["connect", "grpc", "grpc-web", "rest", "envelope"] as const;

/** Name of a protocol. */
export type Protocol = (typeof PROTOCOLS)[number];

/** What a protocol can do. The facade, the documentation and the tests share this table. */
export interface Capabilities {
  /** Registers a payment intent. */
  readonly createPaymentIntent: boolean;
  /** Checks the status of an intent. */
  readonly getStatus: boolean;
  /** The status includes whether the code was scanned. */
  readonly codeScanned: boolean;
  /** A failure keeps the sequencer's status and text. Otherwise, most failures become HTTP 500. */
  readonly detailedErrors: boolean;
  /** Registers a webhook for an intent id. Otherwise, only together with the intent. */
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
