/** `2.50`; more decimals where there are more. */
export function amountText(amount: number): string {
  const text = amount.toFixed(2);
  return Number(text) === amount ? text : String(amount);
}

/** `25,000,000` */
export function grouped(value: bigint): string {
  return value.toString().replace(/\B(?=(\d{3})+$)/g, ",");
}

/** `1.5 %` of 150 basis points. */
export function percent(basisPoints: number): string {
  return `${basisPoints / 100} %`;
}
