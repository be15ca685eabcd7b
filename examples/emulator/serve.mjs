// A standing emulator: `npm run emulator`. It keeps its state until it is stopped.
import { Emulator } from "code-intents/emulator";

const emulator = await Emulator.start({
  port: Number(process.env.PORT ?? 8787),
  // Beyond loopback, set the hosts that it is reached by, and a token for its wallet and control services.
  host: process.env.HOST ?? "127.0.0.1",
  ...(process.env.ALLOWED_HOSTS ? { allowedHosts: process.env.ALLOWED_HOSTS.split(",") } : {}),
  ...(process.env.CONTROL_TOKEN ? { controlToken: process.env.CONTROL_TOKEN } : {}),
});
console.log(`CODE_SEQUENCER_URL=${emulator.url}`);
console.log(`webhooks are signed by ${emulator.webhookPublicKey}`);
for (const signal of ["SIGINT", "SIGTERM"]) process.once(signal, () => void emulator.close());
