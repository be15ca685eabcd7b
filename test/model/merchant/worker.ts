import { setTimeout as pause } from "node:timers/promises";
import sqlite from "node-sqlite3-wasm";

/** The ledger, and the points that the worker passes. */
export interface LedgerCalls {
  readonly url: string;
  readonly pass: (point: string, intentId: string, detail?: string) => Promise<void>;
}

const EVERY_MS = 20;
const AT_ONCE = 8;

/**
 * Performs the tasks of the outbox by calls to the ledger, and repeats each until the ledger has answered. The
 * row of the outbox is the idempotency key: two rows for one order would be two parcels.
 */
export function startWorker(
  database: string,
  ledger: LedgerCalls,
  isDisabled: boolean,
  onIdle: () => void,
): void {
  const db = new sqlite.Database(database);
  db.exec("create table if not exists sent (task integer primary key)");
  void (async () => {
    for (;;) {
      const tasks = isDisabled
        ? []
        : db.all(
            `select outbox.rowid as task_key, intent_id, outbox.task as name from outbox
               left join sent on sent.task = outbox.rowid where sent.task is null limit ?`,
            [AT_ONCE],
          );
      if (tasks.length === 0) onIdle();
      await Promise.all(
        tasks.map(async (row) => {
          const [key, intentId, task] = [Number(row.task_key), String(row.intent_id), String(row.name)];
          await ledger.pass("sending", intentId, task);
          if (!(await perform(ledger.url, `task-${key}`, intentId, task))) return;
          await ledger.pass("sent", intentId, task);
          db.run("insert into sent (task) values (?)", [key]);
        }),
      );
      await pause(EVERY_MS);
    }
  })();
}

/** Returns whether the ledger has recorded the task. */
export async function perform(url: string, key: string, intentId: string, task: string): Promise<boolean> {
  try {
    const body = JSON.stringify({ key, intentId, task });
    return (await fetch(url, { method: "POST", body })).status === 204;
  } catch {
    // Perhaps it has: only the answer was lost.
    return false;
  }
}
