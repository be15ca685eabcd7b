import { mkdirSync, rmSync } from "node:fs";
import { dirname } from "node:path";
import type { OnceOutcome } from "code-intents/webhook";
import sqlite from "node-sqlite3-wasm";
import {
  type Confirmation,
  isLate,
  type NewOrder,
  type Order,
  type OrderBook,
  type Settlement,
} from "./order.js";

const schema = `
  create table if not exists orders (
    id            text primary key,
    order_key     text not null unique,
    lines         text not null,
    intent_id     text not null unique,
    client_secret text not null,
    amount        text not null,
    currency      text not null,
    destination   text not null,
    fees          text not null,
    kind          text not null,
    webhook_url   text not null,
    created_at    integer not null,
    expires_at    integer not null,
    registered_at integer,
    refused_at    integer,
    unproven_at   integer,
    paid_at       integer,
    confirmed_by  text
  );
  create index if not exists unpaid on orders (created_at)
    where paid_at is null and refused_at is null and unproven_at is null;
  -- Tasks with effects outside the database, such as a parcel or a mail. A worker performs and retries them.
  create table if not exists outbox (
    intent_id text not null references orders (intent_id),
    task      text not null check (task in ('send-goods', 'decide-on-late-payment', 'decide-on-unproven-payment')),
    added_at  integer not null,
    primary key (intent_id, task)
  );
`;

const settlementColumns = {
  registered: "registered_at",
  refused: "refused_at",
  unproven: "unproven_at",
} as const satisfies Record<Settlement, string>;

type Row = Record<string, unknown>;

/** Stores orders in one SQLite file, for one process. Uses SQLite in WebAssembly, which needs no compiler. */
export class SqliteOrderBook implements OrderBook {
  readonly #db: InstanceType<typeof sqlite.Database>;

  constructor(path: string) {
    mkdirSync(dirname(path), { recursive: true });
    // This build locks with a directory, which remains if a process is killed inside a transaction.
    rmSync(`${path}.lock`, { recursive: true, force: true });
    this.#db = new sqlite.Database(path);
    this.#db.exec(schema);
  }

  async add(order: NewOrder): Promise<Order> {
    this.#db.run(
      `insert into orders (id, order_key, lines, intent_id, client_secret, amount, currency, destination, fees, kind,
         webhook_url, created_at, expires_at)
       values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) on conflict (order_key) do nothing`,
      [
        order.id,
        order.orderKey,
        JSON.stringify(order.lines),
        order.intentId,
        order.clientSecret,
        order.amount,
        order.currency,
        order.destination,
        JSON.stringify(order.fees),
        order.kind,
        order.webhookUrl,
        order.createdAt,
        order.expiresAt,
      ],
    );
    const kept = await this.byKey(order.orderKey);
    if (kept === undefined) throw new Error("Failed to store the order.");
    return kept;
  }

  async byId(id: string): Promise<Order | undefined> {
    return this.#one("select * from orders where id = ?", id);
  }

  async byIntent(intentId: string): Promise<Order | undefined> {
    return this.#one("select * from orders where intent_id = ?", intentId);
  }

  async byKey(orderKey: string): Promise<Order | undefined> {
    return this.#one("select * from orders where order_key = ?", orderKey);
  }

  async unpaid(since: number): Promise<Order[]> {
    const rows = this.#db.all(
      `select * from orders where paid_at is null and refused_at is null and unproven_at is null and created_at >= ?
       order by created_at`,
      since,
    );
    return rows.map(orderOf);
  }

  async settle(intentId: string, outcome: Settlement, at: number): Promise<void> {
    const column = settlementColumns[outcome];
    this.#transaction(() => {
      const settle = `update orders set ${column} = ? where intent_id = ? and ${column} is null and paid_at is null`;
      if (this.#db.run(settle, [at, intentId]).changes === 0 || outcome !== "unproven") return;
      this.#db.run(
        "insert into outbox (intent_id, task, added_at) values (?, 'decide-on-unproven-payment', ?)",
        [intentId, at],
      );
    });
  }

  async fulfil(intentId: string, by: Confirmation, at: number): Promise<OnceOutcome> {
    return this.#transaction(() => {
      const paid = "update orders set paid_at = ?, confirmed_by = ? where intent_id = ? and paid_at is null";
      if (this.#db.run(paid, [at, by, intentId]).changes === 0) {
        // A webhook after the status fulfils nothing, but it is the stronger proof.
        if (by === "webhook")
          this.#db.run("update orders set confirmed_by = ? where intent_id = ?", [by, intentId]);
        return "already";
      }
      const order = this.#one("select * from orders where intent_id = ?", intentId);
      const task = order !== undefined && isLate(order, at) ? "decide-on-late-payment" : "send-goods";
      this.#db.run("insert into outbox (intent_id, task, added_at) values (?, ?, ?)", [intentId, task, at]);
      return "fulfilled";
    });
  }

  close(): void {
    this.#db.close();
  }

  // `work` is synchronous, so no other code of this process runs in between.
  #transaction<T>(work: () => T): T {
    this.#db.exec("begin immediate");
    try {
      const result = work();
      this.#db.exec("commit");
      return result;
    } catch (error) {
      if (this.#db.inTransaction) this.#db.exec("rollback");
      throw error;
    }
  }

  #one(sql: string, value: string): Order | undefined {
    const row = this.#db.get(sql, value);
    return row === null || row === undefined ? undefined : orderOf(row);
  }
}

function orderOf(row: Row): Order {
  const optional = (column: string) => row[column] ?? undefined;
  return {
    id: row.id,
    orderKey: row.order_key,
    lines: JSON.parse(String(row.lines)),
    intentId: row.intent_id,
    clientSecret: row.client_secret,
    amount: row.amount,
    currency: row.currency,
    destination: row.destination,
    fees: JSON.parse(String(row.fees)),
    kind: row.kind,
    webhookUrl: row.webhook_url,
    createdAt: Number(row.created_at),
    expiresAt: Number(row.expires_at),
    registeredAt: optional("registered_at"),
    refusedAt: optional("refused_at"),
    unprovenAt: optional("unproven_at"),
    paidAt: optional("paid_at"),
    confirmedBy: optional("confirmed_by"),
  } as Order;
}
