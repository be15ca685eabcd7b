/** Formats an amount in the buyer's locale: `"3.40"`, `"usd"` becomes `$3.40` or `3,40 $`. */
export function showMoney(amount: string, currency: string): string {
  const format = new Intl.NumberFormat([...navigator.languages], {
    style: "currency",
    currency: currency.toUpperCase(),
  });
  return format.format(Number(amount));
}
