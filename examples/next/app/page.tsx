import { connection } from "next/server";
import { Checkout } from "./checkout";

export default async function Page() {
  // Rendered at each request: the sequencer's address is the process's, not the build's.
  await connection();
  return (
    <main>
      <h1>One espresso</h1>
      <Checkout product="espresso" sequencerUrl={process.env.CODE_SEQUENCER_URL ?? ""} />
    </main>
  );
}
