/**
 * Header under which a transport adds the HTTP status of a failed response. Connect's transports pass on
 * headers only: without it, a JSON error of a gateway would be reported as a failure of the sequencer.
 */
export const STATUS_HEADER = "x-code-intents-http-status";

type Headers = Record<string, string | readonly string[] | undefined>;

/** Adds {@link STATUS_HEADER} to the headers of a response. Replaces one that the server sent. */
export function addStatus(headers: Headers, status: number | undefined): void {
  if (status === 200) delete headers[STATUS_HEADER];
  else headers[STATUS_HEADER] = String(status);
}

interface Request {
  once(
    event: "response",
    listener: (response: { headers: Headers; statusCode?: number | undefined }) => void,
  ): unknown;
}

/** Makes an agent of `node:http` add {@link STATUS_HEADER} to every response. */
export function addStatusTo<A extends object>(agent: A): A {
  // Node calls this method with each request. The declared types omit it.
  const own = agent as { addRequest(request: Request, ...rest: unknown[]): void };
  const addRequest = own.addRequest.bind(agent);
  own.addRequest = (request, ...rest) => {
    request.once("response", ({ headers, statusCode }) => addStatus(headers, statusCode));
    addRequest(request, ...rest);
  };
  return agent;
}
