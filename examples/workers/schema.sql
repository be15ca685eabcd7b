create table if not exists orders (
  id            text primary key,
  product       text not null,
  amount        text not null,
  currency      text not null,
  destination   text not null,
  webhook_url   text not null,
  intent_id     text not null unique,
  client_secret text not null,
  state         text not null default 'new' check (state in ('new', 'open', 'paid'))
);
-- Goods to send, written in the transaction that records the payment. The sender deletes the row.
create table if not exists outbox (
  order_id text primary key references orders (id),
  product  text not null
);
