// The shop on Nest's Fastify platform.
import "reflect-metadata";
import { Controller, Module, Post, Req, Res } from "@nestjs/common";
import { NestFactory } from "@nestjs/core";
import { FastifyAdapter, type NestFastifyApplication } from "@nestjs/platform-fastify";
import type { FastifyReply, FastifyRequest } from "fastify";
import { receive } from "./receive.js";
import { OrdersController, start } from "./shop.js";

@Controller()
class WebhookController {
  // The handler also sends the response.
  @Post("code-webhook")
  receive(@Req() request: FastifyRequest, @Res() reply: FastifyReply) {
    return receive(request, reply);
  }
}

@Module({ controllers: [WebhookController, OrdersController] })
class AppModule {}

const adapter = new FastifyAdapter();
const app = await NestFactory.create<NestFastifyApplication>(AppModule, adapter, {
  logger: ["error", "warn"],
});
// The signature covers the raw body. Without a parser for its type, Fastify responds with 415.
app.useBodyParser("application/jwt", { bodyLimit: 16_384 }, (_request, body, done) => done(null, body));
await start(app);
