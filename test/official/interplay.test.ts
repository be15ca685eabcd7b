import { afterAll, afterEach, describe, expect, it } from "vitest";
import type { Emulator } from "../../src/emulator/index.js";
import { type CodeClient, LoginIntent } from "../../src/index.js";
import { cleanUp, later } from "../support/emulated.js";
import { clientOf, type Way, ways } from "../support/protocols.js";
import { startOfficial } from "./official-process.js";
import { type Created, details, login, order, ownLogin, paymentOf, statuses } from "./orders.js";
import { startSequencer, verifier } from "./sequencer.js";

// A shop that uses both the official client and ours at the same sequencer.

const official = startOfficial(new URL("./client-2.mjs", import.meta.url));
afterAll(() => official.close());
afterEach(cleanUp);

function ourClient(emulator: Emulator, way: Way): CodeClient {
  const code = clientOf(emulator, way);
  later(() => code.close());
  return code;
}

const withLogin = ways.filter(({ capabilities }) => capabilities.createLoginIntent);

describe.each(ways)("official client and ours at one sequencer, over $name", (way) => {
  it("our client watches and reads an official intent, and the official client confirms it", async () => {
    const { emulator, endpoint } = await startSequencer();
    const code = ourClient(emulator, way);
    const created = await official.value<Created>("paymentIntents.create", { ...order, endpoint });
    const intent = paymentOf(created);
    expect(await code.paymentIntents.getStatus(intent)).toMatchObject({ state: "pending", exists: true });
    const paid = code.paymentIntents.waitForPayment(intent, { timeoutMs: 110_000 });
    await emulator.wallet.pay(intent);
    expect((await paid).type).toBe("submitted");
    const status = () => official.value("paymentIntents.getStatus", { intent: created.id, endpoint });
    expect(await status()).toEqual(statuses.confirmed);
    expect((await code.paymentIntents.getStatus(created.id)).state).toBe("submitted");
  });

  it("the official client reads our intent, and confirms it when it is paid", async () => {
    const { emulator, endpoint } = await startSequencer();
    const intent = await ourClient(emulator, way).paymentIntents.create(details);
    const status = () => official.value("paymentIntents.getStatus", { intent: intent.id, endpoint });
    expect(await status()).toEqual(statuses.pending);
    const again = { ...order, clientSecret: intent.clientSecret, endpoint };
    expect(await official.value("paymentIntents.create", again)).toEqual({
      id: intent.id,
      clientSecret: intent.clientSecret,
    });
    await emulator.wallet.pay(intent);
    expect(await status()).toEqual(statuses.confirmed);
  });

  it("each client returns the payer of the other's intent", async () => {
    const { emulator, endpoint } = await startSequencer();
    const code = ourClient(emulator, way);
    const ours = await code.paymentIntents.create({ ...details, login: ownLogin });
    const options = { ...order, login, signers: [verifier.seed], endpoint };
    const theirs = paymentOf(await official.value<Created>("paymentIntents.create", options), {
      login: ownLogin,
    });
    const { userId } = await emulator.wallet.pay(ours, { user: "alice" });
    await emulator.wallet.pay(theirs, { user: "alice" });
    const question = { intent: ours.id, verifier: verifier.seed, endpoint };
    expect(await official.value("loginIntents.getUserId", question)).toEqual({ userId });
    const asked = { intent: theirs, verifier: verifier.secretKey };
    expect(await code.loginIntents.getUserId(asked)).toEqual({ userId });
  });
});

describe.each(withLogin)("official client and ours in a login, over $name", (way) => {
  it("our client reports an official login, and the official client reports ours", async () => {
    const { emulator, endpoint } = await startSequencer();
    const code = ourClient(emulator, way);
    const options = { mode: "login", login, signers: [verifier.seed], endpoint };
    const { id, clientSecret } = await official.value<Created>("loginIntents.create", options);
    // A browser knows only the verifier's public key.
    const theirs = LoginIntent.fromClientSecret({ clientSecret, expectedId: id, login });
    const heard = code.loginIntents.waitForLogin(theirs, { timeoutMs: 110_000 });
    const { userId } = await emulator.wallet.login(theirs);
    expect((await heard).type).toBe("submitted");

    const ours = await code.loginIntents.create({ login: ownLogin });
    const question = { intent: ours.id, verifier: verifier.seed, endpoint };
    expect(await official.value("loginIntents.getUserId", question)).toEqual({ userId: undefined });
    await emulator.wallet.login(ours);
    expect(await official.value("loginIntents.getUserId", question)).toEqual({ userId });
    expect(await official.value("loginIntents.getStatus", { intent: ours.id, endpoint })).toEqual(
      statuses.confirmed,
    );
  });
});
