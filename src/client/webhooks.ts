import { InputError } from "../errors.js";
import { Intent } from "../intents/intent.js";
import { checkOptions } from "../lib/options.js";
import { checkWebhookUrl } from "../lib/webhook-url.js";
import type { CallRunner } from "../sequencer/call.js";
import type { CallOptions, WebhookRegistration } from "../sequencer/port.js";
import { type IntentReference, publicKeyOf } from "./intent-reference.js";

/** Options of {@link Webhooks.register}. */
export interface RegisterWebhookOptions {
  /** The intent or, except over REST, its id. */
  readonly intent: IntentReference;
  /** An absolute `https:` URL (`http:` only if the sequencer allows it), at most 1024 characters. */
  readonly url: string;
}

/** Calls for webhooks: `client.webhooks`. */
export class Webhooks {
  readonly #run: CallRunner;

  /** @internal */
  constructor(run: CallRunner) {
    this.#run = run;
  }

  /**
   * Registers the one webhook of an intent that is registered and not submitted yet. The registration is
   * unsigned, and the first one wins: anyone who knows the intent id can be first, so check the result.
   *
   * @returns `"registered"`; `"already_registered"` if one exists, whose URL is unknown; `"probably_ours"` if
   * an earlier attempt of this call may have registered it; `"registered_or_existing"` over REST, which does
   * not distinguish these
   * @throws SequencerError `request_refused` (invalid URL, or no such request), `already_submitted`
   * @throws UnsupportedError `unsupported_by_protocol` over REST for a bare id
   * @throws InputError and TransportError like every call
   * @example
   * ```ts
   * const result = await code.webhooks.register({ intent, url: "https://shop.example.com/paid/7fQ2" });
   * if (result === "already_registered") console.warn("another webhook is registered for this intent");
   * ```
   */
  async register(options: RegisterWebhookOptions, callOptions?: CallOptions): Promise<WebhookRegistration> {
    checkOptions(options, "", ["intent", "url"]);
    const { intent } = options;
    if (intent === undefined || intent === null)
      throw new InputError("missing_option", "intent", "required: the intent or its id");
    const target = {
      publicKey: publicKeyOf(intent),
      intent: intent instanceof Intent ? intent : undefined,
    };
    const url = checkWebhookUrl(options.url, "url");
    return this.#run(callOptions, (sequencer, attempt) => sequencer.registerWebhook(target, url, attempt));
  }
}
