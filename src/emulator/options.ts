import { checkOptions } from "../lib/options.js";
import {
  type CheckedServerOptions,
  checkOption,
  checkSeed,
  checkServerOptions,
  randomSeed,
  type ServerOptions,
  serverOptionNames,
} from "../server/options.js";
import type { RatesTable } from "../server/rules/payment.js";
import { MovableClock } from "./clock.js";
import { DEFAULT_RATES } from "./rates.js";

/** Options of {@link Emulator.start}. */
export interface EmulatorOptions extends ServerOptions {
  /** The clock that every duration runs on; the caller stops it. Default: one that runs with the system's. */
  readonly clock?: MovableClock | undefined;
  /** Value of one kin in each currency. Default: {@link DEFAULT_RATES}. */
  readonly rates?: RatesTable | undefined;
  /**
   * Seed of the keys by which domains know the wallet's users, 32 bytes: the same seed gives the same user ids.
   * Default: random at each start.
   */
  readonly walletSeed?: Uint8Array | undefined;
  /**
   * Opens wallet and control services to callers that send `Authorization: Bearer <token>`, and to no others.
   * At least 16 characters. Default: none, and they answer on loopback only.
   */
  readonly controlToken?: string | undefined;
}

/** {@link EmulatorOptions} with every default in place. */
export interface CheckedEmulatorOptions extends CheckedServerOptions {
  readonly clock: MovableClock;
  /** Whether the clock is the default one, which the emulator stops. */
  readonly ownsClock: boolean;
  readonly rates: RatesTable;
  readonly walletSeed: Uint8Array;
  readonly controlToken: string | undefined;
}

const optionNames: readonly (keyof EmulatorOptions)[] = [
  ...serverOptionNames,
  "clock",
  "rates",
  "walletSeed",
  "controlToken",
];

/** Checks the options of an emulator. */
export function checkEmulatorOptions(options: EmulatorOptions): CheckedEmulatorOptions {
  checkOptions(options, "", optionNames);
  const { clock, rates, walletSeed, controlToken, ...server } = options as EmulatorOptions;
  checkOption(clock === undefined || clock instanceof MovableClock, "clock", "a MovableClock");
  checkOption(
    rates === undefined || (typeof rates === "object" && rates !== null),
    "rates",
    "an object of rates by currency",
  );
  checkSeed(walletSeed, "walletSeed");
  checkOption(
    controlToken === undefined || (typeof controlToken === "string" && controlToken.length >= 16),
    "controlToken",
    "text of at least 16 characters",
  );
  return {
    ...checkServerOptions(server),
    clock: clock ?? new MovableClock(),
    ownsClock: clock === undefined,
    rates: rates ?? DEFAULT_RATES,
    walletSeed: walletSeed?.slice() ?? randomSeed(),
    controlToken,
  };
}
