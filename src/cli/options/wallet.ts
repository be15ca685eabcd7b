import { type CallOptions, type Client, createClient } from "@connectrpc/connect";
import { transports } from "#transports";
import { WalletService } from "../../../gen/codeintents/emulator/v1/wallet_service_pb.js";
import { checkClientOptions } from "../../client/options.js";
import { fromConnectError } from "../../sequencer/connect-error.js";
import { CONTROL_TOKEN, readSecret } from "../io/secrets.js";
import type { Session } from "../session.js";
import { type SequencerOptions, targetOf } from "./sequencer.js";

/** A client of an emulator's wallet. */
export type WalletCalls = Client<typeof WalletService>;

/** Options of the wallet commands. */
export interface WalletOptions extends Pick<SequencerOptions, "url" | "allowInsecure"> {
  readonly controlTokenFile?: string;
}

/** Calls `run` with the wallet of a running emulator. Errors are those of calls to a sequencer. */
export async function withWallet(
  session: Session,
  options: WalletOptions,
  run: (wallet: WalletCalls, call: CallOptions) => Promise<void>,
): Promise<void> {
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
    await run(createClient(WalletService, owned.transport), call);
  } catch (error) {
    throw error instanceof Error && error.name === "ConnectError" ? fromConnectError(error) : error;
  } finally {
    owned.close();
  }
}
