import { connection } from "next/server";
import { Checkout } from "./checkout";

export default async function Page() {
  // Render on each request: the sequencer's URL is known at run time, not at build time.
  await connection();
  return (
    <main>
      <h1>One espresso</h1>
      <Checkout product="espresso" sequencerUrl={process.env.CODE_SEQUENCER_URL ?? ""} />
    </main>
  );
}
