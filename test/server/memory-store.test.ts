import v8 from "node:v8";
import vm from "node:vm";
import { beforeEach, describe, expect, it } from "vitest";
import { type MessageRecord, memoryStore, type RequestRecord, type Store } from "../../src/emulator/index.js";
import { filled } from "../support/sequencer.js";

let store: Store;
beforeEach(() => {
  store = memoryStore();
});

const request: RequestRecord = {
  createdAt: 1,
  payment: undefined,
  domain: { base: "a.com", verified: true },
};

function message(messageId: string, fields: Partial<MessageRecord> = {}): MessageRecord {
  return { messageId, kind: "codeScanned", bytes: filled(1, 4), createdAt: 10, ...fields };
}

/** A promise to wait for, and the function that resolves it. */
function gate(): { readonly opened: Promise<void>; readonly open: () => void } {
  let open = () => {};
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { opened, open };
}

const turn = () => new Promise((resolve) => setImmediate(resolve));
const idsAt = (key: string) =>
  store.transaction(key, async (transaction) =>
    (await transaction.listMessages(1000)).map(({ messageId }) => messageId),
  );

describe("a transaction of memoryStore", () => {
  it("returns the result of its work and reads its own writes", async () => {
    const seen = await store.transaction("key", async (transaction) => {
      expect(await transaction.getRequest()).toBeUndefined();
      await transaction.putRequest(request);
      await transaction.addMessage(message("a"));
      return [await transaction.getRequest(), await transaction.hasMessage("codeScanned")];
    });
    expect(seen).toEqual([request, true]);
    expect(await store.transaction("key", (transaction) => transaction.getRequest())).toBe(request);
    expect(await store.transaction("other", (transaction) => transaction.getRequest())).toBeUndefined();
  });

  it("discards its writes and rethrows the error if the work throws", async () => {
    await store.transaction("key", (transaction) => transaction.addMessage(message("kept")));
    const failure = new Error("too late");
    const work = store.transaction("key", async (transaction) => {
      await transaction.putRequest(request);
      await transaction.putIntent({ state: "submitted", submittedAt: 1, payment: undefined });
      await transaction.putWebhook({
        url: "https://a.com",
        createdAt: 1,
        state: "registered",
        attempts: [],
      });
      await transaction.addMessage(message("gone"));
      await transaction.deleteMessages(["kept"]);
      throw failure;
    });
    await expect(work).rejects.toBe(failure);
    await store.transaction("key", async (transaction) => {
      expect(await transaction.getRequest()).toBeUndefined();
      expect(await transaction.getIntent()).toBeUndefined();
      expect(await transaction.getWebhook()).toBeUndefined();
    });
    expect(await idsAt("key")).toEqual(["kept"]);
  });

  it("does not create a key if it throws or only reads", async () => {
    await expect(
      store.transaction("key", async (transaction) => {
        await transaction.addMessage(message("a"));
        throw new Error("no");
      }),
    ).rejects.toThrow("no");
    await store.transaction("key", (transaction) => transaction.listMessages(5));
    await store.transaction("key", (transaction) => transaction.deleteMessages(["a"]));
    expect((await store.dump()).size).toBe(0);
  });

  it("hides its writes from others until it ends", async () => {
    const { opened, open } = gate();
    const writing = store.transaction("key", async (transaction) => {
      await transaction.putRequest(request);
      await opened;
    });
    await turn();
    expect((await store.dump()).get("key")).toBeUndefined();
    open();
    await writing;
    expect((await store.dump()).get("key")?.request).toBe(request);
  });

  it("ignores writes after it has ended", async () => {
    const late = await store.transaction("key", async (transaction) => transaction);
    await late.putRequest(request);
    expect((await store.dump()).size).toBe(0);
  });
});

describe("memoryStore transactions on one key", () => {
  it("run one after the other in order of arrival", async () => {
    const log: string[] = [];
    const run = (name: string, work: () => Promise<void>) =>
      store.transaction("key", async () => {
        log.push(`${name} begins`);
        await work();
        log.push(`${name} ends`);
      });
    const { opened, open } = gate();
    const all = [
      run("first", () => opened),
      run("second", async () => void (await turn())),
      run("third", turn as () => Promise<void>),
    ];
    await turn();
    expect(log).toEqual(["first begins"]);
    open();
    await Promise.all(all);
    expect(log).toEqual([
      "first begins",
      "first ends",
      "second begins",
      "second ends",
      "third begins",
      "third ends",
    ]);
  });

  it("lose no update", async () => {
    const count = 200;
    await Promise.all(
      Array.from({ length: count }, (_, i) =>
        store.transaction("key", async (transaction) => {
          const { length } = await transaction.listMessages(1000);
          await turn();
          await transaction.addMessage(message(`${i}`, { createdAt: length }));
        }),
      ),
    );
    const states = await store.dump();
    expect(states.get("key")?.messages.map(({ createdAt }) => createdAt)).toEqual(
      Array.from({ length: count }, (_, i) => i),
    );
  });

  it("continue after a failed transaction, even if it throws synchronously", async () => {
    const outcomes = await Promise.allSettled([
      store.transaction("key", () => Promise.reject(new Error("first"))),
      store.transaction("key", () => {
        throw new Error("second");
      }),
      store.transaction("key", async (transaction) => transaction.addMessage(message("third"))),
    ]);
    expect(outcomes.map(({ status }) => status)).toEqual(["rejected", "rejected", "fulfilled"]);
    expect(await idsAt("key")).toEqual(["third"]);
  });
});

describe("memoryStore transactions on different keys", () => {
  it("do not wait for each other", async () => {
    const { opened, open } = gate();
    const held = store.transaction("held", () => opened);
    const ended = await Promise.all(
      Array.from({ length: 50 }, (_, i) =>
        store.transaction(`key ${i}`, async (transaction) => {
          await transaction.addMessage(message("a"));
          return i;
        }),
      ),
    );
    expect(ended).toHaveLength(50);
    open();
    await held;
  });

  it("can wait for each other explicitly", async () => {
    const [a, b] = [gate(), gate()];
    await Promise.all([
      store.transaction("a", async () => {
        a.open();
        await b.opened;
      }),
      store.transaction("b", async () => {
        b.open();
        await a.opened;
      }),
    ]);
  });

  it("keep no memory if they only read or fail", async () => {
    v8.setFlagsFromString("--expose-gc");
    const collect = vm.runInNewContext("gc") as () => void;
    const load = async (from: number) => {
      for (let i = from; i < from + 50_000; i++) {
        const work = store.transaction(`key ${i}`, async (transaction) => {
          await transaction.getRequest();
          if (i % 2 === 0) throw new Error("no");
        });
        await work.catch(() => {});
      }
      collect();
      return process.memoryUsage().heapUsed;
    };
    const before = await load(0);
    const after = await load(50_000);
    // A leaked lock would take more than 100 bytes for each of the 50,000 keys.
    expect(after - before).toBeLessThan(3_000_000);
  });
});

describe("memoryStore messages of a key", () => {
  it("are listed oldest first up to a limit, and deleted by id", async () => {
    for (const id of ["c", "a", "b"])
      await store.transaction("key", (transaction) => transaction.addMessage(message(id)));
    expect(await idsAt("key")).toEqual(["c", "a", "b"]);
    await store.transaction("key", async (transaction) => {
      expect((await transaction.listMessages(2)).map(({ messageId }) => messageId)).toEqual(["c", "a"]);
      expect(await transaction.listMessages(0)).toEqual([]);
      await transaction.deleteMessages(["a", "unknown", "a"]);
      expect((await transaction.listMessages(9)).map(({ messageId }) => messageId)).toEqual(["c", "b"]);
    });
  });

  it("are found by kind while they are stored", async () => {
    await store.transaction("key", async (transaction) => {
      await transaction.addMessage(message("a", { kind: "webhookCalled" }));
      await transaction.addMessage(message("b"));
      expect(await transaction.hasMessage("codeScanned")).toBe(true);
      await transaction.deleteMessages(["b"]);
      expect(await transaction.hasMessage("codeScanned")).toBe(false);
      expect(await transaction.hasMessage("webhookCalled")).toBe(true);
    });
  });

  it("set firstSeenAt on the first message and keep it after deletion", async () => {
    const firstSeenAt = () => store.transaction("key", (transaction) => transaction.firstSeenAt());
    expect(await firstSeenAt()).toBeUndefined();
    await store.transaction("key", async (transaction) => {
      await transaction.addMessage(message("a", { createdAt: 5 }));
      await transaction.addMessage(message("b", { createdAt: 6 }));
    });
    await store.transaction("key", (transaction) => transaction.deleteMessages(["a", "b"]));
    await store.transaction("key", (transaction) => transaction.addMessage(message("c", { createdAt: 7 })));
    expect(await firstSeenAt()).toBe(5);
  });
});

describe("memoryStore.dump", () => {
  it("returns a copy that later writes do not change and that load accepts", async () => {
    await store.transaction("key", (transaction) => transaction.addMessage(message("a")));
    const copy = await store.dump();
    await store.transaction("key", (transaction) => transaction.addMessage(message("b")));
    await store.transaction("other", (transaction) => transaction.putRequest(request));
    expect(copy.get("key")?.messages).toHaveLength(1);
    await store.load(copy);
    expect(await idsAt("key")).toEqual(["a"]);
    expect((await store.dump()).size).toBe(1);
    await store.load(new Map());
    expect((await store.dump()).size).toBe(0);
  });
});

describe("memoryStore.close", () => {
  it("does not wait for a pending transaction", async () => {
    const { opened, open } = gate();
    const held = store.transaction("key", () => opened);
    await store.close();
    open();
    await held;
  });
});

describe("memoryStore.load", () => {
  it("does not wait for a running transaction and discards its writes", async () => {
    const { opened, open } = gate();
    const running = store.transaction("key", async (transaction) => {
      await transaction.addMessage(message("old"));
      await opened;
    });
    const waiting = store.transaction("key", (transaction) => transaction.addMessage(message("old too")));
    await turn();
    await store.load(new Map([["key", { messages: [message("new")] }]]));
    expect(await idsAt("key")).toEqual(["new"]);
    open();
    await Promise.all([running, waiting]);
    expect(await idsAt("key")).toEqual(["new"]);
  });
});
