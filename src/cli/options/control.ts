import type { DescService } from "@bufbuild/protobuf";
import { type CallOptions, type Client, createClient } from "@connectrpc/connect";
import { transports } from "#transports";
import { checkClientOptions } from "../../client/options.js";
import { fromConnectError } from "../../sequencer/connect-error.js";
import { CONTROL_TOKEN, readSecret } from "../io/secrets.js";
import type { Session } from "../session.js";
import { type SequencerOptions, targetOf } from "./sequencer.js";

/** Options of the commands that control an emulator. */
export interface ControlOptions extends Pick<SequencerOptions, "url" | "allowInsecure"> {
  readonly controlTokenFile?: string;
}

/** Calls `run` with a service of a running emulator. Errors are those of calls to a sequencer. */
export async function withService<S extends DescService, T>(
  session: Session,
  options: ControlOptions,
  service: S,
  run: (client: Client<S>, call: CallOptions) => Promise<T>,
): Promise<T> {
  const { target, timeoutMs } = checkClientOptions(targetOf(options));
  if (target.kind !== "url") throw new Error("a URL names the emulator");
  const token = await readSecret(session, CONTROL_TOKEN, options.controlTokenFile);
  const call: CallOptions = {
    signal: session.signals.aborted,
    timeoutMs,
    ...(token === undefined ? {} : { headers: { authorization: `Bearer ${token}` } }),
  };
  const owned = await transports.connectTransport({ ...target, protocol: "connect" });
  try {
    return await run(createClient(service, owned.transport), call);
  } catch (error) {
    throw error instanceof Error && error.name === "ConnectError" ? fromConnectError(error) : error;
  } finally {
    owned.close();
  }
}
