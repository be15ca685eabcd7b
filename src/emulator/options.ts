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
  /**
   * The clock for all durations. The caller stops it. Default: a clock that runs at the speed of the system
   * clock.
   */
  readonly clock?: MovableClock | undefined;
  /** The value of one kin in each currency. Default: {@link DEFAULT_RATES}. */
  readonly rates?: RatesTable | undefined;
  /**
   * The 32-byte seed of the keys that identify the wallet's users to domains. The same seed gives the same
   * user ids. Default: random at each start.
   */
  readonly walletSeed?: Uint8Array | undefined;
  /**
   * Restricts the wallet and control services to callers that send `Authorization: Bearer <token>`.
   * At least 16 characters. Default: no token; the services answer on loopback only.
   */
  readonly controlToken?: string | undefined;
}

/** {@link EmulatorOptions} with defaults applied. */
export interface CheckedEmulatorOptions extends CheckedServerOptions {
  readonly clock: MovableClock;
  /** Whether the clock is the default one. The emulator stops it. */
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

/** Checks the options of an emulator and applies the defaults. */
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
