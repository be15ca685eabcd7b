// The routes of the shop. They are the same on Express and on Fastify.
import {
  type ArgumentsHost,
  Body,
  Catch,
  Controller,
  type ExceptionFilter,
  Get,
  Header,
  HttpException,
  type INestApplication,
  NotFoundException,
  type OnApplicationShutdown,
  Param,
  Post,
} from "@nestjs/common";
import { HttpAdapterHost } from "@nestjs/core";
import { CodeClient, CodeIntentsError } from "code-intents";
import { findOrder, placeOrder, registerOrder } from "./orders.js";
import { problemOf } from "./problems.js";

@Controller("orders")
export class OrdersController implements OnApplicationShutdown {
  readonly #code = new CodeClient({ idempotencySecret: process.env.CODE_IDEMPOTENCY_SECRET });

  @Post()
  @Header("cache-control", "no-store")
  async take(@Body() body: unknown) {
    const { id, product } = Object(body);
    // The page creates the id with crypto.randomUUID(), once per cart.
    if (!/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(id) || typeof product !== "string")
      throw new HttpException({ error: "malformed_order" }, 400);
    const order = placeOrder(this.#code, id, product);
    await registerOrder(this.#code, order);
    const { intentId, clientSecret, amount, currency, destination, state } = order;
    // The page needs these to rebuild the intent. Anyone who knows the client secret can sign for the intent.
    return { id, intentId, clientSecret, amount, currency, destination, state };
  }

  @Get(":id")
  @Header("cache-control", "no-store")
  show(@Param("id") id: string) {
    const order = findOrder(id);
    if (order === undefined) throw new NotFoundException({ error: "unknown_order" });
    return { id: order.id, state: order.state };
  }

  onApplicationShutdown(): Promise<void> {
    return this.#code.close();
  }
}

@Catch()
class ErrorFilter implements ExceptionFilter {
  readonly #host: HttpAdapterHost;

  constructor(host: HttpAdapterHost) {
    this.#host = host;
  }

  catch(error: unknown, host: ArgumentsHost): void {
    const { httpAdapter } = this.#host;
    const response = host.switchToHttp().getResponse();
    // Errors of Nest and its parsers, such as invalid JSON, carry their status.
    if (error instanceof HttpException) {
      httpAdapter.reply(response, error.getResponse(), error.getStatus());
      return;
    }
    const { status, code, retryAfter } = problemOf(error);
    if (status >= 500 || error instanceof CodeIntentsError) console.error(`HTTP ${status}: ${error}`);
    if (retryAfter !== undefined) httpAdapter.setHeader(response, "retry-after", String(retryAfter));
    httpAdapter.reply(response, { error: code }, status);
  }
}

/** Starts the app, and stops it on a signal after the requests in flight. */
export async function start(app: INestApplication): Promise<void> {
  app.useGlobalFilters(new ErrorFilter(app.get(HttpAdapterHost)));
  app.enableShutdownHooks();
  await app.listen(Number(process.env.PORT ?? 3000), process.env.HOST ?? "127.0.0.1");
  const { port } = app.getHttpServer().address();
  process.env.PUBLIC_URL ??= `http://127.0.0.1:${port}`;
  console.log(`listening on http://127.0.0.1:${port}`);
}
