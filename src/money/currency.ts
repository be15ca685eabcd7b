import { InputError } from "../errors.js";

/**
 * The 154 currencies that a payment request can name, ordered by their index in the scan-code payload:
 * `CURRENCIES[140]` is `"usd"`. The order is part of the wire contract. Entries never move.
 */
export const CURRENCIES = [
  "kin",
  "aed",
  "afn",
  "all",
  "amd",
  "ang",
  "aoa",
  "ars",
  "aud",
  "awg",
  "azn",
  "bam",
  "bbd",
  "bdt",
  "bgn",
  "bhd",
  "bif",
  "bmd",
  "bnd",
  "bob",
  "brl",
  "bsd",
  "btn",
  "bwp",
  "byn",
  "bzd",
  "cad",
  "cdf",
  "chf",
  "clp",
  "cny",
  "cop",
  "crc",
  "cup",
  "cve",
  "czk",
  "djf",
  "dkk",
  "dop",
  "dzd",
  "egp",
  "ern",
  "etb",
  "eur",
  "fjd",
  "fkp",
  "gbp",
  "gel",
  "ghs",
  "gip",
  "gmd",
  "gnf",
  "gtq",
  "gyd",
  "hkd",
  "hnl",
  "hrk",
  "htg",
  "huf",
  "idr",
  "ils",
  "inr",
  "iqd",
  "irr",
  "isk",
  "jmd",
  "jod",
  "jpy",
  "kes",
  "kgs",
  "khr",
  "kmf",
  "kpw",
  "krw",
  "kwd",
  "kyd",
  "kzt",
  "lak",
  "lbp",
  "lkr",
  "lrd",
  "lyd",
  "mad",
  "mdl",
  "mga",
  "mkd",
  "mmk",
  "mnt",
  "mop",
  "mru",
  "mur",
  "mvr",
  "mwk",
  "mxn",
  "myr",
  "mzn",
  "nad",
  "ngn",
  "nio",
  "nok",
  "npr",
  "nzd",
  "omr",
  "pab",
  "pen",
  "pgk",
  "php",
  "pkr",
  "pln",
  "pyg",
  "qar",
  "ron",
  "rsd",
  "rub",
  "rwf",
  "sar",
  "sbd",
  "scr",
  "sdg",
  "sek",
  "sgd",
  "shp",
  "sll",
  "sos",
  "srd",
  "ssp",
  "stn",
  "syp",
  "szl",
  "thb",
  "tjs",
  "tmt",
  "tnd",
  "top",
  "try",
  "ttd",
  "twd",
  "tzs",
  "uah",
  "ugx",
  "usd",
  "uyu",
  "uzs",
  "ves",
  "vnd",
  "vuv",
  "wst",
  "xaf",
  "xcd",
  "xof",
  "xpf",
  "yer",
  "zar",
  "zmw",
] as const;

/** A currency code in lower case, such as `"usd"` or `"kin"`. */
export type Currency = (typeof CURRENCIES)[number];

/** A currency as a caller can write it: any of {@link CURRENCIES}, in lower or upper case. */
export type CurrencyInput = Currency | Uppercase<Currency>;

const indexes: ReadonlyMap<string, number> = new Map(CURRENCIES.map((code, index) => [code, index]));

/** Returns the index of a currency in the payload, 0 to 153. */
export function currencyIndex(currency: Currency): number {
  const index = indexes.get(currency);
  if (index === undefined) throw new InputError("invalid_option", "currency", "is not a known currency");
  return index;
}

/** Returns the currency at a payload index, or `undefined` if the index is out of range. */
export function currencyAt(index: number): Currency | undefined {
  return CURRENCIES[index];
}

/**
 * Parses a currency code. Case is ignored: `"USD"` is `"usd"`.
 *
 * @throws InputError `missing_option` or `invalid_option`, naming `field`
 */
export function parseCurrency(value: unknown, field = "currency"): Currency {
  if (value === undefined || value === null || value === "") {
    throw new InputError("missing_option", field, 'required: a currency code such as "usd" or "kin"');
  }
  if (typeof value !== "string") {
    throw new InputError("invalid_option", field, 'must be a currency code such as "usd" or "kin"');
  }
  // Beyond ASCII, `toLowerCase` turns some symbols into letters.
  const code = /^[a-zA-Z]{1,8}$/.test(value) ? value.toLowerCase() : "";
  if (!indexes.has(code)) {
    const shown = code === "" ? "is" : `"${code}" is`;
    throw new InputError(
      "invalid_option",
      field,
      `${shown} not one of the ${CURRENCIES.length} known currencies`,
    );
  }
  return code as Currency;
}
