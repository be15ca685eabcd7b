// The shop on Nest's default platform, Express.
import "reflect-metadata";
import { Controller, Module, Post, Req, Res } from "@nestjs/common";
import { NestFactory } from "@nestjs/core";
import type { NestExpressApplication } from "@nestjs/platform-express";
import type { Request, Response } from "express";
import { receive } from "./receive.js";
import { OrdersController, start } from "./shop.js";

@Controller()
class WebhookController {
  // Nest's own parsers skip application/jwt, so the handler reads the raw body. It also sends the response.
  @Post("code-webhook")
  receive(@Req() req: Request, @Res() res: Response) {
    return receive(req, res);
  }
}

@Module({ controllers: [WebhookController, OrdersController] })
class AppModule {}

await start(await NestFactory.create<NestExpressApplication>(AppModule, { logger: ["error", "warn"] }));
