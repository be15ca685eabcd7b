import { arrow, box, drawing, text } from "./svg.mjs";

const WIDTH = 890;
const page = 125;
const backend = 360;
const sequencer = 615;
const wallet = 800;

/** Draws the sequence of calls from `create` to fulfilment. */
export function sequence() {
  const body = [];
  let y = 92;
  const message = (from, to, label, { dashed = false, labelAt = (from + to) / 2 } = {}) => {
    body.push(
      text(labelAt, y - 7, label, { anchor: "middle", style: "small" }),
      arrow(
        [
          [from, y],
          [to, y],
        ],
        { dashed },
      ),
    );
    y += 36;
  };
  const step = (x, fill, ...lines) => {
    const [width, height] = [226, 14 + lines.length * 19];
    body.push(box(x - width / 2, y - 20, width, height, fill, lines));
    y += height + 17;
  };

  step(backend, "amber", "build, then persist", "id, client secret, order");
  message(backend, sequencer, "create: request, signature, webhook");
  message(sequencer, backend, "OK: registered", { dashed: true });
  message(backend, page, "id, client secret, order", { dashed: true });
  step(page, "amber", "rebuild, check the id", "show the scan code");
  message(page, wallet, "the payer scans the code", { labelAt: (page + backend) / 2 });
  message(wallet, sequencer, "poll: request");
  message(wallet, sequencer, "codeScanned");
  message(sequencer, backend, "scanned (stream or poll)", { dashed: true });
  message(wallet, sequencer, "submit payment");
  message(sequencer, backend, "submitted (stream, poll or status)", { dashed: true });
  message(sequencer, page, "submitted, if the page watches too", {
    dashed: true,
    labelAt: (backend + sequencer) / 2,
  });
  message(sequencer, backend, "webhook: POST of a signed token");
  step(backend, "green", "verify against the order", "fulfil once, then record");
  message(backend, sequencer, "200", { dashed: true });
  message(sequencer, backend, "webhookCalled", { dashed: true });
  const top = y - 22;
  y += 26;
  body.push(
    `<rect x="${backend - 8}" y="${y - 42}" width="16" height="20" fill="var(--ground)"/>`,
    text(backend - 118, y - 28, "Reconcile, if no webhook arrives", { style: "small bold" }),
  );
  message(backend, sequencer, "getStatus, at intervals");
  message(sequencer, backend, "submitted", { dashed: true });
  step(backend, "green", "fulfil once", "in the same store");
  const bottom = y - 10;

  const height = bottom + 34;
  return drawing({
    width: WIDTH,
    height,
    title: "From create to fulfilment",
    description:
      "A sequence diagram with the payer's page, the merchant's backend, the Code Sequencer and the payer's wallet. The backend " +
      "builds the intent, persists it and creates it at the sequencer. The page rebuilds it and shows the scan code. The wallet " +
      "scans the code, polls the request, sends codeScanned and submits the payment. The backend receives scanned, submitted and " +
      "the webhook, verifies the webhook against the order, fulfils once and answers 200. If no webhook arrives, the backend " +
      "checks the status at intervals.",
    body: [
      [page, backend, sequencer, wallet].map(
        (x) => `<path d="M${x},62V${height - 20}" class="line dashed" opacity="0.6"/>`,
      ),
      `<rect x="${backend - 130}" y="${top}" width="${sequencer - backend + 150}" height="${bottom - top}" rx="6" class="line"/>`,
      box(page - 90, 18, 180, 40, "blue", ["Payer's page"]),
      box(backend - 100, 18, 200, 40, "blue", ["Merchant's backend"]),
      box(sequencer - 85, 18, 170, 40, "violet", ["Code Sequencer"]),
      box(wallet - 75, 18, 150, 40, "blue", ["Payer's wallet"]),
      body,
    ],
  });
}
