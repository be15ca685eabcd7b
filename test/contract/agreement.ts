/** Compares the explorer with the sequencer in every unary call that a test file makes. */
import { create, toBinary } from "@bufbuild/protobuf";
import { Code, ConnectError, type Transport } from "@connectrpc/connect";
import {
  RegisterWebhookRequestSchema,
  RegisterWebhookResponse_Result,
} from "../../gen/code/micropayment/v1/micro_payment_service_pb.js";
import { brokenIn, dependent } from "./judge.js";

/**
 * Refusals that depend on state: an earlier request, payment or login, and a domain's well-known file. The
 * explorer sees a single message only.
 */
const stateful =
  /client submitted intent|original request|error veryfing domain ownership|does not own domain|at least one stored/;

/** Wraps emulators, and collects the calls in which explorer and sequencer disagree. */
export class Agreement {
  readonly disagreements: string[] = [];
  readonly #allowsLocalWebhooks: boolean;

  /** @param options `allowLocalWebhooks` of the emulators; the explorer applies the real sequencer's rule */
  constructor(options: { readonly allowLocalWebhooks?: boolean } = {}) {
    this.#allowsLocalWebhooks = options.allowLocalWebhooks ?? false;
  }

  /** Returns the emulator with a transport that compares every call. */
  of<T extends { readonly transport: Transport }>(emulator: T): T {
    const transport = this.#comparing(emulator.transport);
    return new Proxy(emulator, {
      get(target, name) {
        if (name === "transport") return transport;
        const value: unknown = Reflect.get(target, name, target);
        return typeof value === "function" ? value.bind(target) : value;
      },
    });
  }

  #comparing(transport: Transport): Transport {
    return {
      stream: (...call) => transport.stream(...call),
      unary: async (method, signal, timeoutMs, header, input, contextValues) => {
        const bytes = toBinary(method.input, create(method.input, input));
        const compare = (refusal: string | undefined) => {
          if (refusal !== undefined && (dependent.test(refusal) || stateful.test(refusal))) return;
          const isLocal = this.#allowsLocalWebhooks && refusal === undefined;
          const broken = brokenIn(method.input, bytes).filter(
            (problem) => !(isLocal && problem.startsWith("url: expected a host of")),
          );
          if (broken.length > 0 === (refusal !== undefined)) return;
          const explorer = broken.join(" | ") || "nothing";
          this.disagreements.push(
            `${method.input.name} ${Buffer.from(bytes).toString("hex").slice(0, 1_000)}\n  explorer: ${explorer}\n  sequencer: ${refusal ?? "accepted"}`,
          );
        };
        try {
          const response = await transport.unary(method, signal, timeoutMs, header, input, contextValues);
          const { result } = response.message as { readonly result?: unknown };
          const isInvalidUrl = result === RegisterWebhookResponse_Result.INVALID_URL;
          compare(
            method.input.typeName === RegisterWebhookRequestSchema.typeName && isInvalidUrl
              ? "INVALID_URL"
              : undefined,
          );
          return response;
        } catch (error) {
          const { code, message } = ConnectError.from(error);
          if (code !== Code.Internal && code !== Code.Unknown) compare(message);
          throw error;
        }
      },
    };
  }
}
