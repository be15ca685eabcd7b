"""Writes keyed-nonces.json beside this file: nonces derived with an idempotency secret.

Standard library only, and no code of the package: the vectors are an independent computation of

    nonce = HMAC-SHA-256(secret, "code-intents/nonce/v1" + 00 + kind + currency index + units + key)[:11]

with kind and currency index as one byte each, units (hundredths) as eight bytes little-endian, the key as UTF-8.
Run it with `python3 test/vectors/keyed-nonces.py`.
"""

import hashlib
import hmac
import json
import pathlib
import struct

ALPHABET = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
CURRENCY_INDEX = {"kin": 0, "eur": 43, "jpy": 67, "usd": 140, "zmw": 153}
KINDS = {"payment": 2, "payment-with-fees": 4}


def base58(data):
    zeros = len(data) - len(data.lstrip(b"\0"))
    number, text = int.from_bytes(data, "big"), ""
    while number:
        number, digit = divmod(number, 58)
        text = ALPHABET[digit] + text
    return "1" * zeros + text


def vector(id, kind, currency, amount, key, secret):
    whole, _, decimals = amount.partition(".")
    units = int(whole + decimals.ljust(2, "0"))
    head = struct.pack("<BBBQ", 0, KINDS[kind], CURRENCY_INDEX[currency], units)
    text = b"code-intents/nonce/v1" + head + key.encode("utf-8")
    nonce = hmac.new(secret, text, hashlib.sha256).digest()[:11]
    payload = bytes([KINDS[kind], CURRENCY_INDEX[currency]]) + units.to_bytes(7, "little") + nonce
    return {
        "id": id,
        "kind": kind,
        "kindByte": KINDS[kind],
        "currency": currency,
        "currencyIndex": CURRENCY_INDEX[currency],
        "amount": amount,
        "units": str(units),
        "idempotencyKey": key,
        "secretHex": secret.hex(),
        "hmacInputHex": text.hex(),
        "nonceHex": nonce.hex(),
        "clientSecret": base58(nonce),
        "payloadHex": payload.hex(),
        "seedHex": hashlib.sha256(payload).hexdigest(),
    }


ascii_secret = b"a secret of thirty-two bytes!!!!"
assert len(ascii_secret) == 32
counting = bytes(range(32))
not_utf8 = bytes(range(0xE0, 0x100)) + b"\x00\x80"
block = bytes([0x0B]) * 64
longer = bytes([0xAA]) * 131

vectors = [
    vector("usd", "payment", "usd", "10", "order-1042", ascii_secret),
    vector("usd-with-fees", "payment-with-fees", "usd", "10", "order-1042", ascii_secret),
    vector("usd-other-amount", "payment", "usd", "10.01", "order-1042", ascii_secret),
    vector("usd-other-secret", "payment", "usd", "10", "order-1042", counting),
    vector("kin", "payment", "kin", "2500", "order-1042", ascii_secret),
    vector("kin-with-fees-and-decimals", "payment-with-fees", "kin", "2500.5", "1234", counting),
    vector("key-beyond-ascii", "payment", "eur", "0.29", "Bestellung Nº 7 – größer", counting),
    vector("key-beyond-the-basic-plane", "payment-with-fees", "usd", "4.35", "注文🧾𝟙", not_utf8),
    vector("key-decomposed", "payment", "usd", "4.35", "cafe\u0301", not_utf8),
    vector("key-composed", "payment", "usd", "4.35", "caf\u00e9", not_utf8),
    vector("key-with-nul-and-blanks", "payment", "jpy", "100", " a\u0000b\n", block),
    vector("secret-longer-than-a-block", "payment", "usd", "0.01", "k", longer),
    vector("largest-amount", "payment", "zmw", "90071992547409.91", "k" * 300, longer),
]

path = pathlib.Path(__file__).with_suffix(".json")
path.write_text(json.dumps(vectors, ensure_ascii=True, indent=2) + "\n", encoding="utf-8")
