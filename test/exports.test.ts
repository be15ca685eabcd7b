import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { describe, expect, test } from "vitest";

const root = fileURLToPath(new URL("..", import.meta.url));

type Target = string | { readonly [condition: string]: Target };

const manifest: { exports: Record<string, Target>; imports: Record<string, Target> } = JSON.parse(
  readFileSync(`${root}package.json`, "utf8"),
);

/** Returns the paths of a target by their conditions, such as `node` or `code-intents-source node`. */
function paths(target: Target, conditions = ""): Map<string, string> {
  if (typeof target === "string") return new Map([[conditions.trim(), target]]);
  return new Map(
    Object.entries(target).flatMap(([name, inner]) => [...paths(inner, `${conditions} ${name}`)]),
  );
}

/** Returns the source of a compiled file. */
function sourceOf(path: string): string {
  return path.replace(/^\.\/dist\//, "./src/").replace(/(\.d\.ts|\.js)$/, ".ts");
}

interface Entry {
  /** Its specifier, such as `./proto/messaging`. */
  readonly name: string;
  /** Its conditions, such as `{ types: "./dist/index.d.ts", default: "./dist/index.js" }`. */
  readonly targets: ReadonlyMap<string, string>;
}

/** Every code entry point, with patterns expanded by the files in src/. */
const entries: Entry[] = Object.entries(manifest.exports).flatMap(([pattern, target]) => {
  const targets = paths(target);
  if (pattern === "./package.json") return [];
  if (!pattern.includes("*")) return [{ name: pattern, targets }];
  const [folder = "", ending = ""] = sourceOf(targets.get("default") ?? "").split("*");
  return readdirSync(`${root}${folder}`)
    .filter((file) => file.endsWith(ending))
    .map((file) => file.slice(0, -ending.length))
    .map((name) => ({
      name: pattern.replace("*", name),
      targets: new Map([...targets].map(([condition, path]) => [condition, path.replace("*", name)])),
    }));
});

test("every entry point exports exactly these names", async () => {
  const names: Record<string, string[]> = {};
  for (const { name, targets } of entries) {
    const module: object = await import(
      pathToFileURL(join(root, sourceOf(targets.get("default") ?? ""))).href
    );
    names[name] = Object.keys(module).sort();
  }
  expect(names).toMatchInlineSnapshot(`
    {
      ".": [
        "CAPABILITIES",
        "CURRENCIES",
        "CodeClient",
        "CodeIntentsError",
        "InputError",
        "Intent",
        "IntentMismatchError",
        "LoginIntent",
        "MAX_UNITS",
        "PAYLOAD_KINDS",
        "PAYLOAD_LENGTH",
        "PROTOCOLS",
        "PaymentIntent",
        "RegistrationUnknownError",
        "SequencerError",
        "SignerError",
        "TIP_PLATFORMS",
        "TipIntent",
        "TransportError",
        "UnsupportedError",
        "WELL_KNOWN_PATH",
        "WaitError",
        "clientSecretOf",
        "currencyAt",
        "currencyIndex",
        "decodePayload",
        "encodePayload",
        "formatUnits",
        "kinQuarks",
        "nonceFromClientSecret",
        "nonceFromIdempotencyKey",
        "nonceFromKeyedIdempotencyKey",
        "parseAmount",
        "parseCurrency",
        "randomNonce",
        "rendezvousKey",
        "wellKnownFile",
        "wellKnownHandler",
        "wellKnownMiddleware",
      ],
      "./browser": [
        "rebuildPayment",
      ],
      "./browser/watch": [
        "waitForPayment",
        "watchPayment",
      ],
      "./emulator": [
        "DEFAULT_RATES",
        "DEFAULT_STATE_LIMITS",
        "Emulator",
        "MovableClock",
        "SEQUENCER_LIMITS",
        "memoryStore",
      ],
      "./inspect": [
        "EXPLAINED_AS",
        "OrderMismatchError",
        "assertOrder",
        "checkOrder",
        "diff",
        "explain",
        "inspectMessage",
        "inspectPayload",
        "renderDifference",
        "renderExplanation",
        "renderText",
      ],
      "./proto/common": [
        "DomainSchema",
        "IntentIdSchema",
        "RequestSchema",
        "ResponseSchema",
        "Response_Result",
        "Response_ResultSchema",
        "SignatureSchema",
        "SolanaAccountIdSchema",
      ],
      "./proto/messaging": [
        "AckMessagesRequestSchema",
        "AckMesssagesResponseSchema",
        "AckMesssagesResponse_Result",
        "AckMesssagesResponse_ResultSchema",
        "AirdropReceivedSchema",
        "ClientPongSchema",
        "ClientRejectedLoginSchema",
        "ClientRejectedPaymentSchema",
        "CodeScannedSchema",
        "IntentSubmittedSchema",
        "MessageIdSchema",
        "MessageSchema",
        "Messaging",
        "OpenMessageStreamRequestSchema",
        "OpenMessageStreamResponseSchema",
        "OpenMessageStreamWithKeepAliveRequestSchema",
        "OpenMessageStreamWithKeepAliveResponseSchema",
        "PollMessagesRequestSchema",
        "PollMessagesResponseSchema",
        "RendezvousKeySchema",
        "RequestToGrabBillSchema",
        "RequestToLoginSchema",
        "RequestToReceiveBillSchema",
        "SendMessageRequestSchema",
        "SendMessageResponseSchema",
        "SendMessageResponse_Result",
        "SendMessageResponse_ResultSchema",
        "ServerPingSchema",
        "WebhookCalledSchema",
      ],
      "./proto/micropayment": [
        "GetStatusRequestSchema",
        "GetStatusResponseSchema",
        "MicroPayment",
        "RegisterWebhookRequestSchema",
        "RegisterWebhookResponseSchema",
        "RegisterWebhookResponse_Result",
        "RegisterWebhookResponse_ResultSchema",
      ],
      "./proto/transaction": [
        "AdditionalFeePaymentSchema",
        "AirdropType",
        "AirdropTypeSchema",
        "ExchangeDataSchema",
        "ExchangeDataWithoutRateSchema",
        "MetadataSchema",
        "SendPrivatePaymentMetadataSchema",
      ],
      "./proto/user": [
        "GetLoginForThirdPartyAppRequestSchema",
        "GetLoginForThirdPartyAppResponseSchema",
        "GetLoginForThirdPartyAppResponse_Result",
        "GetLoginForThirdPartyAppResponse_ResultSchema",
        "Identity",
        "LoginToThirdPartyAppRequestSchema",
        "LoginToThirdPartyAppResponseSchema",
        "LoginToThirdPartyAppResponse_Result",
        "LoginToThirdPartyAppResponse_ResultSchema",
      ],
      "./scan-code": [
        "ScanCodeError",
        "decodeScanCode",
        "encodeScanCode",
        "readScanCode",
        "scanCodeGeometry",
        "scanCodeRings",
        "toSvg",
        "toTerminal",
      ],
      "./webhook": [
        "PRODUCTION_WEBHOOK_PUBLIC_KEY",
        "WebhookError",
        "createWebhookUrl",
        "lambdaWebhookHandler",
        "memoryOnceStore",
        "nodeWebhookHandler",
        "onceOnly",
        "readWebhookPathToken",
        "reconcile",
        "signTestWebhook",
        "verifyWebhook",
        "webhookHandler",
        "webhookPathToken",
      ],
    }
  `);
});

describe("exports of package.json", () => {
  test.each(entries.map(({ name, targets }) => [name, targets] as const))(
    "list the types of %s first, from the same source",
    (_, targets) => {
      expect([...targets.keys()]).toEqual(["types", "default"]);
      const sources = [...targets.values()].map(sourceOf);
      expect(new Set(sources).size).toBe(1);
      expect(sources.filter((path) => !path.startsWith("./src/") || !existsSync(`${root}${path}`))).toEqual(
        [],
      );
    },
  );

  test("include package.json itself", () => {
    expect(manifest.exports["./package.json"]).toBe("./package.json");
  });

  test.each(Object.keys(manifest.imports))(
    "resolve %s to the same file in the sources and in the compiled package",
    (name) => {
      const { "code-intents-source": sources = "", ...compiled } = manifest.imports[name] as Record<
        string,
        Target
      >;
      const conditions = paths(compiled);
      expect([...conditions.keys()]).toEqual(["node", "default"]);
      expect(new Map([...conditions].map(([condition, path]) => [condition, sourceOf(path)]))).toEqual(
        paths(sources),
      );
      for (const path of paths(sources).values()) expect(existsSync(`${root}${path}`)).toBe(true);
    },
  );
});
