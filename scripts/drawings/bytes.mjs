import { drawing, text } from "./svg.mjs";

const hex = (bytes) => bytes.match(/../g) ?? [];

/** Draws the 20 bytes of a payment's payload and the layouts of the other kinds. `payload` is hexadecimal. */
export function payload(bytes) {
  const cell = 39;
  const left = 40;
  const at = (index) => left + index * cell;
  const row = (y, height, parts) =>
    parts.map(([from, to, fill, label]) => [
      `<rect x="${at(from)}" y="${y}" width="${(to - from) * cell}" height="${height}" fill="var(--${fill})" class="edge"/>`,
      label === undefined
        ? []
        : text((at(from) + at(to)) / 2, y + height / 2 + 5, label, { anchor: "middle", style: "small" }),
    ]);
  const cells = hex(bytes).map((value, index) => {
    const fill = index === 0 ? "blue" : index === 1 ? "amber" : index < 9 ? "green" : "violet";
    return [
      text(at(index) + cell / 2, 60, String(index), { anchor: "middle", style: "small muted" }),
      row(70, 42, [[index, index + 1, fill]]),
      text(at(index) + cell / 2, 96, value, { anchor: "middle", style: "mono" }),
    ];
  });
  const bracket = (from, to, y) => `<path d="M${at(from) + 4},118V${y}H${at(to) - 4}V118" class="line"/>`;
  const others = [
    [
      "kind 2 payment, 4 with fees",
      [
        [0, 1, "blue", "2, 4"],
        [1, 2, "amber", "cur."],
        [2, 9, "green", "units, 7 bytes"],
        [9, 20, "violet", "nonce, 11 bytes"],
      ],
    ],
    [
      "kind 3 login",
      [
        [0, 1, "blue", "3"],
        [1, 9, "grey", "zeros, 8 bytes"],
        [9, 20, "violet", "nonce, 11 bytes"],
      ],
    ],
    [
      "kind 0 cash, 1 gift card",
      [
        [0, 1, "blue", "0, 1"],
        [1, 9, "green", "quarks, 8 bytes"],
        [9, 20, "violet", "nonce, 11 bytes"],
      ],
    ],
    [
      "kind 5 tip",
      [
        [0, 1, "blue", "5"],
        [1, 5, "grey", "flags, 4 bytes"],
        [5, 20, "red", "user name, 15 bytes, padded"],
      ],
    ],
  ];
  return drawing({
    width: 860,
    height: 448,
    title: "The 20 bytes of a payload",
    description:
      "The payload of a request for 10 usd with the idempotency key 1234. Byte 0 is the kind, 02, a payment. Byte 1 is the currency " +
      "index, 8c, which is 140, usd. Bytes 2 to 8 are the units, 1000 hundredths, little-endian. Bytes 9 to 19 are the nonce. " +
      "Below, the layouts of the other kinds: a login has 8 zeros instead of an amount, cash and gift cards have 8 bytes of quarks, " +
      "and a tip has 4 bytes of flags and 15 bytes of user name.",
    body: [
      text(left, 34, "Payload: 10.00 usd, idempotency key “1234”", { style: "bold" }),
      cells,
      `<path d="M${at(0) + cell / 2},114V164" class="line"/>`,
      text(at(0), 180, "kind: a payment", { style: "small" }),
      `<path d="M${at(1) + cell / 2},114V132" class="line"/>`,
      text(at(1) - 6, 147, "140: usd", { style: "small" }),
      bracket(2, 9, 124),
      text((at(2) + at(9)) / 2 + 24, 147, "units: 1000 hundredths,", { anchor: "middle", style: "small" }),
      text((at(2) + at(9)) / 2 + 24, 165, "little-endian: 10.00", { anchor: "middle", style: "small" }),
      bracket(9, 20, 124),
      text((at(9) + at(20)) / 2, 147, "nonce: secret; in base58", { anchor: "middle", style: "small" }),
      text((at(9) + at(20)) / 2, 165, "it is the client secret", { anchor: "middle", style: "small" }),
      text(left, 222, "The layout of each kind", { style: "bold" }),
      others.map(([label, parts], index) => [
        text(left, 246 + index * 52, label, { style: "small muted" }),
        row(251 + index * 52, 26, parts),
      ]),
    ],
  });
}

const MESSAGE_PARTS = [
  [0, 2, "blue", "request_to_receive_bill", "field 5 of Message; 52 bytes follow"],
  [2, 6, "grey", "requestor_account", "field 1, 34 bytes; its value: field 1, 32 bytes"],
  [6, 38, "violet", "the account", `32 raw bytes; in base58 ${"1".repeat(32)}`],
  [38, 40, "grey", "exchange_data", "field 3, partial: an amount without rate; 14 bytes follow"],
  [40, 45, "amber", "currency", "field 1, 3 bytes: “usd”"],
  [45, 54, "green", "native_amount", "field 2, 8 bytes: the double 10.0, little-endian"],
];

/** Draws the 54 bytes of the signed message. `message` is hexadecimal. */
export function message(bytes) {
  const perRow = 18;
  const cell = 43;
  const left = 43;
  const x = (index) => left + (index % perRow) * cell;
  const y = (index) => 66 + Math.floor(index / perRow) * 62;
  const cells = hex(bytes).map((value, index) => {
    const [, , fill] = MESSAGE_PARTS.find(([from, to]) => index >= from && index < to);
    return [
      text(x(index) + cell / 2, y(index) - 6, String(index), { anchor: "middle", style: "small muted" }),
      `<rect x="${x(index)}" y="${y(index)}" width="${cell}" height="36" fill="var(--${fill})" class="edge"/>`,
      text(x(index) + cell / 2, y(index) + 24, value, { anchor: "middle", style: "mono" }),
    ];
  });
  const legend = MESSAGE_PARTS.map(([from, to, fill, name, meaning], index) => {
    const line = 272 + index * 30;
    return [
      `<rect x="${left}" y="${line - 14}" width="20" height="18" fill="var(--${fill})" class="edge"/>`,
      text(left + 32, line, `${from}–${to - 1}`, { style: "small mono" }),
      text(left + 92, line, name, { style: "small bold" }),
      text(left + 300, line, meaning, { style: "small" }),
    ];
  });
  return drawing({
    width: 860,
    height: 462,
    title: "The 54 bytes of a message",
    description:
      "The Message that requests 10 usd for the account of 32 zeros, byte by byte. Bytes 0 and 1 open request_to_receive_bill, bytes " +
      "2 to 5 open the account, bytes 6 to 37 are the account, bytes 38 and 39 open the amount, bytes 40 to 44 are the currency usd, " +
      "and bytes 45 to 53 are the amount 10.0 as a double.",
    body: [
      text(left, 34, "Message: 10 usd to the account of 32 zeros; these bytes are signed", { style: "bold" }),
      cells,
      legend,
    ],
  });
}
