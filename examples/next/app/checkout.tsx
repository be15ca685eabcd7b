"use client";

import { CodeClient, PaymentIntent } from "code-intents";
import { toSvg } from "code-intents/scan-code";
import Image from "next/image";
import { useEffect, useState } from "react";

type Progress =
  | { readonly step: "ready" | "ordering" | "paid" }
  | { readonly step: "waiting"; readonly intent: PaymentIntent }
  | { readonly step: "failed"; readonly why: string };

/** Places an order, rebuilds its intent, shows the scan code and waits for the payment. */
export function Checkout({ product, sequencerUrl }: { product: string; sequencerUrl: string }) {
  // One cart is one order, even after retries.
  const [id, setId] = useState(() => crypto.randomUUID());
  const [progress, setProgress] = useState<Progress>({ step: "ready" });
  const intent = progress.step === "waiting" ? progress.intent : undefined;

  useEffect(() => {
    if (intent === undefined) return;
    const listening = new AbortController();
    const { signal } = listening;
    // The browser never registers the intent. The backend did so before it sent the client secret.
    const code = new CodeClient({ baseUrl: sequencerUrl, protocol: "envelope" });
    code.paymentIntents
      .waitForPayment(intent, { signal })
      .then(() => setProgress({ step: "paid" }))
      .catch((error) => signal.aborted || setProgress({ step: "failed", why: String(error) }))
      .finally(() => code.close());
    return () => listening.abort();
  }, [intent, sequencerUrl]);

  async function order() {
    setProgress({ step: "ordering" });
    try {
      setProgress({ step: "waiting", intent: await placeOrder(id, product) });
    } catch (error) {
      // Another request is registered at this order's key. A new order has a new key.
      if (error instanceof Error && error.message === "intent_conflict") setId(crypto.randomUUID());
      setProgress({ step: "failed", why: String(error) });
    }
  }

  if (progress.step === "paid") return <p role="status">Paid. Thank you!</p>;
  if (intent !== undefined) return <ScanCode intent={intent} />;
  return (
    <>
      <button type="button" onClick={order} disabled={progress.step === "ordering"}>
        Pay with Code
      </button>
      {progress.step === "failed" && <p role="alert">{progress.why}</p>}
    </>
  );
}

function ScanCode({ intent }: { intent: PaymentIntent }) {
  const image = `data:image/svg+xml,${encodeURIComponent(toSvg(intent, { size: 300 }))}`;
  const price = `${intent.amount} ${intent.currency}`;
  return (
    <>
      <Image unoptimized src={image} width={300} height={300} alt={`Scan code to pay ${price}`} />
      <p role="status">Scan to pay {price}</p>
    </>
  );
}

async function placeOrder(id: string, product: string): Promise<PaymentIntent> {
  const body = JSON.stringify({ id, product });
  const response = await fetch("/orders", {
    method: "POST",
    headers: { "content-type": "application/json" },
    body,
  });
  const order = await response.json();
  if (!response.ok) throw new Error(order.error);
  const { clientSecret, intentId, amount, currency, destination } = order;
  // Throws intent_mismatch if amount, currency or secret differ from the registered intent. Nothing is shown
  // then.
  return PaymentIntent.fromClientSecret({
    clientSecret,
    expectedId: intentId,
    amount,
    currency,
    destination,
  });
}
