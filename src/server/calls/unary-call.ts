import type { DescMessage, MessageShape } from "@bufbuild/protobuf";
import { Code, ConnectError } from "@connectrpc/connect";
import { codeToString } from "@connectrpc/connect/protocol-connect";
import { KEY_LENGTH } from "../../contract/numbers.js";
import { toBase58 } from "../../lib/bytes.js";
import type { Report } from "../activity.js";
import { invalidArgument } from "../failure.js";
import { violationOf } from "./validation.js";

/** A call of the sequencer with one request and one response, callable in process. */
export type UnaryCall<I extends DescMessage, O extends DescMessage> = (
  request: MessageShape<I>,
) => Promise<MessageShape<O>>;

/** Explains a result that has no text, for the report of the call. */
export type Explain = (text: string) => void;

type Handler<I extends DescMessage, O extends DescMessage> = (
  request: MessageShape<I>,
  explain: Explain,
) => Promise<MessageShape<O>>;

/** Wraps a handler of valid requests into a call. */
export type CheckedBy = <I extends DescMessage, O extends DescMessage>(
  input: I,
  output: O,
  handle: Handler<I, O>,
) => UnaryCall<I, O>;

/**
 * Validates requests and responses, and reports each call. Unexpected errors go to `onError`; callers receive
 * only Internal, without text.
 */
export function checkedBy(onError: (error: unknown) => void, report: Report | undefined): CheckedBy {
  return (input, output, handle) => {
    const call = validated(input, output, handle, onError);
    if (report === undefined) return (request) => call(request, () => {});
    const method = input.name.replace(/Request$/, "");
    return async (request) => {
      const intent = intentOf(request);
      let text: string | undefined;
      try {
        const response = await call(request, (explanation) => {
          text = explanation;
        });
        report({ type: "call", method, intent, code: "ok", result: resultOf(output, response), text });
        return response;
      } catch (error) {
        report({ type: "call", method, intent, ...failureOf(error) });
        throw error;
      }
    };
  };
}

/** Returns code and text of a failed call, for its report. */
export function failureOf(error: unknown): { code: string; result: undefined; text: string | undefined } {
  const { code, rawMessage } = ConnectError.from(error, Code.Internal);
  return { code: codeToString(code), result: undefined, text: rawMessage === "" ? undefined : rawMessage };
}

function intentOf(request: object): string | undefined {
  const { rendezvousKey, intentId } = request as Partial<
    Record<"rendezvousKey" | "intentId", { readonly value: Uint8Array }>
  >;
  const key = (rendezvousKey ?? intentId)?.value;
  // Longer values are rejected, and base58 of a long value takes time.
  return key === undefined || key.length !== KEY_LENGTH ? undefined : toBase58(key);
}

function resultOf(output: DescMessage, response: object): string | undefined {
  const field = output.fields.find(({ name }) => name === "result");
  const { result } = response as { readonly result?: number };
  return result === 0 ? undefined : field?.enum?.value[result ?? 0]?.name;
}

function validated<I extends DescMessage, O extends DescMessage>(
  input: I,
  output: O,
  handle: Handler<I, O>,
  onError: (error: unknown) => void,
): Handler<I, O> {
  return async (request, explain) => {
    const violation = violationOf(input, request);
    if (violation !== undefined) throw invalidArgument(violation);
    let response: MessageShape<O>;
    try {
      response = await handle(request, explain);
    } catch (error) {
      if (error instanceof ConnectError) throw error;
      onError(error);
      throw new ConnectError("", Code.Internal);
    }
    const ownViolation = violationOf(output, response);
    if (ownViolation !== undefined) throw new ConnectError(ownViolation, Code.Internal);
    return response;
  };
}
