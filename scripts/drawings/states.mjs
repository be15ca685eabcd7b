import { arrow, box, drawing, text } from "./svg.mjs";

/** Draws the states of an intent at the sequencer, next to those of the merchant's order. */
export function states() {
  const small = { style: "small" };
  const intent = [
    text(150, 36, "The intent, at the sequencer", { anchor: "middle", style: "bold" }),
    text(150, 56, "state, as getStatus reports it", { anchor: "middle", style: "small muted" }),
    box(60, 78, 180, 50, "grey", ["unknown", "not registered"]),
    arrow([
      [150, 128],
      [150, 230],
    ]),
    text(160, 176, "create", small),
    text(160, 194, "is answered OK", small),
    box(60, 230, 180, 50, "blue", ["pending", "registered, payable"]),
    arrow([
      [150, 280],
      [150, 470],
    ]),
    text(160, 446, "the payer pays", small),
    box(60, 470, 180, 50, "green", ["submitted", "paid; stays so"]),
    // Events that do not change the state.
    `<path d="M60,265H34V330" class="line dashed"/>`,
    box(16, 330, 120, 96, "amber", ["no change", "scanned", "rejected", "timeout"]),
    `<path d="M150,520V556" class="line dashed"/>`,
    box(50, 556, 200, 66, "amber", ["no change", "webhook delivered,", "webhookCalled"]),
  ];
  const order = [
    text(605, 36, "The order, in your database", { anchor: "middle", style: "bold" }),
    text(605, 56, "what the merchant records", { anchor: "middle", style: "small muted" }),
    box(350, 78, 130, 50, "grey", ["built", "in memory"]),
    arrow([
      [480, 103],
      [540, 103],
    ]),
    box(540, 78, 180, 50, "blue", ["persisted", "before create"]),
    arrow([
      [630, 128],
      [630, 230],
    ]),
    text(640, 182, "create succeeds", small),
    box(322, 158, 208, 50, "red", ["registration_unknown", "retry is safe"]),
    arrow([
      [560, 128],
      [560, 174],
      [530, 174],
    ]),
    arrow([
      [435, 208],
      [435, 255],
      [540, 255],
    ]),
    text(342, 236, "create again", small),
    box(540, 230, 180, 50, "blue", ["registered", "webhook set"]),
    arrow([
      [630, 280],
      [630, 330],
    ]),
    box(540, 330, 180, 50, "blue", ["shown", "scan code visible"]),
    arrow([
      [540, 355],
      [490, 355],
    ]),
    text(515, 322, "time is up", { anchor: "middle", style: "small" }),
    box(310, 330, 180, 50, "amber", ["expired", "still payable"]),
    arrow([
      [630, 380],
      [630, 470],
    ]),
    text(640, 418, "submitted or", small),
    text(640, 436, "verified webhook", small),
    arrow([
      [400, 380],
      [400, 470],
    ]),
    text(410, 430, "late payment", small),
    box(540, 470, 180, 50, "green", ["paid", "in time"]),
    box(310, 470, 180, 50, "amber", ["paid late", "the shop decides"]),
    arrow([
      [630, 520],
      [630, 566],
    ]),
    text(640, 548, "fulfil once", small),
    arrow([
      [490, 510],
      [520, 510],
      [520, 591],
      [540, 591],
    ]),
    arrow([
      [400, 520],
      [400, 566],
    ]),
    box(540, 566, 180, 50, "green", ["fulfilled", "recorded once"]),
    box(310, 566, 180, 50, "red", ["to refund", "recorded once"]),
    text(786, 165, "after a crash:", small),
    text(786, 183, "create again", small),
    arrow(
      [
        [720, 115],
        [776, 115],
        [776, 245],
        [720, 245],
      ],
      { dashed: true },
    ),
  ];
  return drawing({
    width: 890,
    height: 646,
    title: "The states of an intent and of an order",
    description:
      "Left: an intent is unknown to the sequencer until create is answered OK, then pending, then submitted once the payer pays. " +
      "The events scanned and rejected and a timeout leave it pending; the webhook leaves it submitted. Right: an order is built, " +
      "persisted, registered and shown. If the outcome of create is registration_unknown, or the process crashed, create is called " +
      "again with the same intent. A shown order is paid and then fulfilled once, or it expires and stays payable. A late payment " +
      "is fulfilled or recorded for a refund, as the shop decides.",
    body: [`<path d="M290,24V622" class="line" opacity="0.4"/>`, intent, order],
  });
}
