/** An amount as the buyer reads it, in the buyer's locale: `"3.40"`, `"usd"` is `$3.40`, or `3,40 $`. */
export function showMoney(amount: string, currency: string): string {
  const format = new Intl.NumberFormat([...navigator.languages], {
    style: "currency",
    currency: currency.toUpperCase(),
  });
  return format.format(Number(amount));
}
