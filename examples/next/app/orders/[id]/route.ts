import { findOrder } from "../../../lib/shop";

export async function GET(_: Request, { params }: { params: Promise<{ id: string }> }): Promise<Response> {
  const order = findOrder((await params).id);
  if (order === undefined) return Response.json({ error: "unknown_order" }, { status: 404 });
  return Response.json({ id: order.id, state: order.state }, { headers: { "cache-control": "no-store" } });
}
