import { problemResponse } from "../../lib/problems";
import { placeOrder, registerOrder } from "../../lib/shop";

export async function POST(request: Request): Promise<Response> {
  const { id, product } = Object(await request.json().catch(() => undefined));
  // The page creates the id with crypto.randomUUID(), once per cart.
  if (!/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(id) || typeof product !== "string")
    return Response.json({ error: "malformed_order" }, { status: 400 });
  try {
    const order = placeOrder(id, product);
    await registerOrder(order);
    const { intentId, clientSecret, amount, currency, destination, state } = order;
    // The page needs these to rebuild the intent. Anyone who knows the client secret can sign for the intent.
    const shown = { id, intentId, clientSecret, amount, currency, destination, state };
    const headers = { location: `/orders/${id}`, "cache-control": "no-store" };
    return Response.json(shown, { status: 201, headers });
  } catch (error) {
    return problemResponse(error);
  }
}
