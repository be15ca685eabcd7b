import { readdirSync, readFileSync } from "node:fs";
import {
  type DescEnum,
  type DescField,
  type DescFile,
  type DescMessage,
  ScalarType,
} from "@bufbuild/protobuf";
import { FeatureSet_FieldPresence } from "@bufbuild/protobuf/wkt";
import { describe, expect, test } from "vitest";
import * as commonGenerated from "../../gen/code/common/v1/model_pb.js";
import * as messagingGenerated from "../../gen/code/messaging/v1/messaging_service_pb.js";
import * as micropaymentGenerated from "../../gen/code/micropayment/v1/micro_payment_service_pb.js";
import * as transactionGenerated from "../../gen/code/transaction/v2/transaction_service_pb.js";
import * as userGenerated from "../../gen/code/user/v1/identity_service_pb.js";
import * as common from "../../src/proto/common.js";
import * as messaging from "../../src/proto/messaging.js";
import * as micropayment from "../../src/proto/micropayment.js";
import * as transaction from "../../src/proto/transaction.js";
import * as user from "../../src/proto/user.js";

// Written by hand from the wire contract, not from the .proto files: a mistake there must not repeat itself here.
// "<number> <name>: <type>", then "in <oneof>" where there is one. Short types are those of the scalars and of the names
// below; everything is singular unless it says "repeated".
const account = "code.common.v1.SolanaAccountId";
const signature = "code.common.v1.Signature";
const intentId = "code.common.v1.IntentId";
const domain = "code.common.v1.Domain";
const exchangeData = "code.transaction.v2.ExchangeData";
const rendezvousKey = "code.messaging.v1.RendezvousKey";
const message = "code.messaging.v1.Message";
const timestamp = "google.protobuf.Timestamp";

const messages: Record<string, string[]> = {
  "code.common.v1.SolanaAccountId": ["1 value: bytes"],
  "code.common.v1.Signature": ["1 value: bytes"],
  "code.common.v1.IntentId": ["1 value: bytes"],
  "code.common.v1.Domain": ["1 value: string"],
  "code.common.v1.Request": ["1 version: string", "2 service: string", "3 method: string", "4 body: bytes"],
  "code.common.v1.Response": [
    "1 result: enum code.common.v1.Response.Result",
    "2 body: bytes",
    "3 message: string",
  ],

  "code.transaction.v2.ExchangeData": [
    "1 currency: string",
    "2 exchange_rate: double",
    "3 native_amount: double",
    "4 quarks: uint64",
  ],
  "code.transaction.v2.ExchangeDataWithoutRate": ["1 currency: string", "2 native_amount: double"],
  "code.transaction.v2.AdditionalFeePayment": [`1 destination: ${account}`, "2 fee_bps: uint32"],
  "code.transaction.v2.Metadata": [
    "2 send_private_payment: code.transaction.v2.SendPrivatePaymentMetadata in type",
  ],
  "code.transaction.v2.SendPrivatePaymentMetadata": [
    `1 destination: ${account}`,
    `2 exchange_data: ${exchangeData}`,
    "3 is_withdrawal: bool",
    "4 is_remote_send: bool",
  ],

  "code.messaging.v1.RendezvousKey": ["1 value: bytes"],
  "code.messaging.v1.MessageId": ["1 value: bytes"],
  "code.messaging.v1.Message": [
    "1 id: code.messaging.v1.MessageId",
    "2 request_to_grab_bill: code.messaging.v1.RequestToGrabBill in kind",
    `3 send_message_request_signature: ${signature}`,
    "4 airdrop_received: code.messaging.v1.AirdropReceived in kind",
    "5 request_to_receive_bill: code.messaging.v1.RequestToReceiveBill in kind",
    "6 code_scanned: code.messaging.v1.CodeScanned in kind",
    "7 client_rejected_payment: code.messaging.v1.ClientRejectedPayment in kind",
    "8 intent_submitted: code.messaging.v1.IntentSubmitted in kind",
    "9 webhook_called: code.messaging.v1.WebhookCalled in kind",
    "10 request_to_login: code.messaging.v1.RequestToLogin in kind",
    "12 client_rejected_login: code.messaging.v1.ClientRejectedLogin in kind",
  ],
  "code.messaging.v1.RequestToGrabBill": [`1 requestor_account: ${account}`],
  "code.messaging.v1.RequestToReceiveBill": [
    `1 requestor_account: ${account}`,
    `2 exact: ${exchangeData} in exchange_data`,
    "3 partial: code.transaction.v2.ExchangeDataWithoutRate in exchange_data",
    `4 domain: ${domain}`,
    `5 verifier: ${account}`,
    `6 signature: ${signature}`,
    `7 rendezvous_key: ${rendezvousKey}`,
    "8 additional_fees: repeated code.transaction.v2.AdditionalFeePayment",
  ],
  "code.messaging.v1.CodeScanned": [`1 timestamp: ${timestamp}`],
  "code.messaging.v1.ClientRejectedPayment": [`1 intent_id: ${intentId}`],
  "code.messaging.v1.IntentSubmitted": [
    `1 intent_id: ${intentId}`,
    "2 metadata: code.transaction.v2.Metadata",
  ],
  "code.messaging.v1.WebhookCalled": [`1 timestamp: ${timestamp}`],
  "code.messaging.v1.RequestToLogin": [
    `1 domain: ${domain}`,
    `4 verifier: ${account}`,
    `5 signature: ${signature}`,
    `6 rendezvous_key: ${rendezvousKey}`,
  ],
  "code.messaging.v1.ClientRejectedLogin": [`4 timestamp: ${timestamp}`],
  "code.messaging.v1.AirdropReceived": [
    "1 airdrop_type: enum code.transaction.v2.AirdropType",
    `2 exchange_data: ${exchangeData}`,
    `3 timestamp: ${timestamp}`,
  ],
  "code.messaging.v1.ServerPing": [`1 timestamp: ${timestamp}`, "2 ping_delay: google.protobuf.Duration"],
  "code.messaging.v1.ClientPong": [`1 timestamp: ${timestamp}`],
  "code.messaging.v1.OpenMessageStreamRequest": [
    `1 rendezvous_key: ${rendezvousKey}`,
    `2 signature: ${signature}`,
  ],
  "code.messaging.v1.OpenMessageStreamResponse": [`1 messages: repeated ${message}`],
  "code.messaging.v1.OpenMessageStreamWithKeepAliveRequest": [
    "1 request: code.messaging.v1.OpenMessageStreamRequest in requestOrPong",
    "2 pong: code.messaging.v1.ClientPong in requestOrPong",
  ],
  "code.messaging.v1.OpenMessageStreamWithKeepAliveResponse": [
    "1 response: code.messaging.v1.OpenMessageStreamResponse in responseOrPing",
    "2 ping: code.messaging.v1.ServerPing in responseOrPing",
  ],
  "code.messaging.v1.PollMessagesRequest": [
    `1 rendezvous_key: ${rendezvousKey}`,
    `2 signature: ${signature}`,
  ],
  "code.messaging.v1.PollMessagesResponse": [`1 messages: repeated ${message}`],
  "code.messaging.v1.AckMessagesRequest": [
    `1 rendezvous_key: ${rendezvousKey}`,
    "2 message_ids: repeated code.messaging.v1.MessageId",
  ],
  "code.messaging.v1.AckMesssagesResponse": ["1 result: enum code.messaging.v1.AckMesssagesResponse.Result"],
  "code.messaging.v1.SendMessageRequest": [
    `1 message: ${message}`,
    `2 rendezvous_key: ${rendezvousKey}`,
    `3 signature: ${signature}`,
  ],
  "code.messaging.v1.SendMessageResponse": [
    "1 result: enum code.messaging.v1.SendMessageResponse.Result",
    "2 message_id: code.messaging.v1.MessageId",
  ],

  "code.micropayment.v1.GetStatusRequest": [`1 intent_id: ${intentId}`],
  "code.micropayment.v1.GetStatusResponse": [
    "1 exists: bool",
    "2 code_scanned: bool",
    "3 intent_submitted: bool",
  ],
  "code.micropayment.v1.RegisterWebhookRequest": [`1 intent_id: ${intentId}`, "2 url: string"],
  "code.micropayment.v1.RegisterWebhookResponse": [
    "1 result: enum code.micropayment.v1.RegisterWebhookResponse.Result",
  ],

  "code.user.v1.GetLoginForThirdPartyAppRequest": [
    `1 intent_id: ${intentId}`,
    `2 verifier: ${account}`,
    `3 signature: ${signature}`,
  ],
  "code.user.v1.GetLoginForThirdPartyAppResponse": [
    "1 result: enum code.user.v1.GetLoginForThirdPartyAppResponse.Result",
    `2 user_id: ${account}`,
  ],
  "code.user.v1.LoginToThirdPartyAppRequest": [
    `1 intent_id: ${intentId}`,
    `2 user_id: ${account}`,
    `3 signature: ${signature}`,
  ],
  "code.user.v1.LoginToThirdPartyAppResponse": [
    "1 result: enum code.user.v1.LoginToThirdPartyAppResponse.Result",
  ],
};

const enums: Record<string, Record<string, number>> = {
  "code.common.v1.Response.Result": { OK: 0, ERROR: 1 },
  "code.transaction.v2.AirdropType": { UNKNOWN: 0, GIVE_FIRST_KIN: 1, GET_FIRST_KIN: 2 },
  "code.messaging.v1.AckMesssagesResponse.Result": { OK: 0 },
  "code.messaging.v1.SendMessageResponse.Result": { OK: 0, NO_ACTIVE_STREAM: 1 },
  "code.micropayment.v1.RegisterWebhookResponse.Result": {
    OK: 0,
    ALREADY_REGISTERED: 1,
    REQUEST_NOT_FOUND: 2,
    INTENT_EXISTS: 3,
    INVALID_URL: 4,
  },
  "code.user.v1.GetLoginForThirdPartyAppResponse.Result": {
    OK: 0,
    REQUEST_NOT_FOUND: 1,
    LOGIN_NOT_SUPPORTED: 2,
    NO_USER_LOGGED_IN: 3,
  },
  "code.user.v1.LoginToThirdPartyAppResponse.Result": {
    OK: 0,
    REQUEST_NOT_FOUND: 1,
    PAYMENT_REQUIRED: 2,
    LOGIN_NOT_SUPPORTED: 3,
    DIFFERENT_LOGIN_EXISTS: 4,
    INVALID_ACCOUNT: 5,
  },
};

const services: Record<string, Record<string, string>> = {
  "code.messaging.v1.Messaging": {
    SendMessage: "unary SendMessageRequest -> SendMessageResponse",
    PollMessages: "unary PollMessagesRequest -> PollMessagesResponse",
    AckMessages: "unary AckMessagesRequest -> AckMesssagesResponse",
    OpenMessageStream: "server_streaming OpenMessageStreamRequest -> OpenMessageStreamResponse",
    OpenMessageStreamWithKeepAlive:
      "bidi_streaming OpenMessageStreamWithKeepAliveRequest -> OpenMessageStreamWithKeepAliveResponse",
  },
  "code.micropayment.v1.MicroPayment": {
    GetStatus: "unary GetStatusRequest -> GetStatusResponse",
    RegisterWebhook: "unary RegisterWebhookRequest -> RegisterWebhookResponse",
  },
  "code.user.v1.Identity": {
    GetLoginForThirdPartyApp: "unary GetLoginForThirdPartyAppRequest -> GetLoginForThirdPartyAppResponse",
    LoginToThirdPartyApp: "unary LoginToThirdPartyAppRequest -> LoginToThirdPartyAppResponse",
  },
};

const reserved: Record<string, { numbers: number[]; names: string[] }> = {
  "code.transaction.v2.Metadata": {
    numbers: [1, 3, 4, 5, 6, 7, 8],
    names: [
      "open_accounts",
      "receive_payments_privately",
      "upgrade_privacy",
      "migrate_to_privacy_2022",
      "send_public_payment",
      "receive_payments_publicly",
      "establish_relationship",
    ],
  },
  "code.messaging.v1.Message": { numbers: [11], names: [] },
  "code.messaging.v1.RequestToLogin": { numbers: [2, 3], names: [] },
  "code.messaging.v1.ClientRejectedLogin": { numbers: [1, 2, 3], names: [] },
};

const areas = [
  {
    source: "code/common/v1/model.proto",
    file: commonGenerated.file_code_common_v1_model,
    generated: commonGenerated,
    barrel: common,
  },
  {
    source: "code/transaction/v2/transaction_service.proto",
    file: transactionGenerated.file_code_transaction_v2_transaction_service,
    generated: transactionGenerated,
    barrel: transaction,
  },
  {
    source: "code/messaging/v1/messaging_service.proto",
    file: messagingGenerated.file_code_messaging_v1_messaging_service,
    generated: messagingGenerated,
    barrel: messaging,
  },
  {
    source: "code/micropayment/v1/micro_payment_service.proto",
    file: micropaymentGenerated.file_code_micropayment_v1_micro_payment_service,
    generated: micropaymentGenerated,
    barrel: micropayment,
  },
  {
    source: "code/user/v1/identity_service.proto",
    file: userGenerated.file_code_user_v1_identity_service,
    generated: userGenerated,
    barrel: user,
  },
];
const files: DescFile[] = areas.map(({ file }) => file);

function withNested(message: DescMessage): DescMessage[] {
  return [message, ...message.nestedMessages.flatMap(withNested)];
}
const allMessages = files.flatMap((file) => file.messages).flatMap(withNested);
const allEnums: DescEnum[] = [
  ...files.flatMap((file) => file.enums),
  ...allMessages.flatMap((message) => message.nestedEnums),
];

function typeOf(field: DescField): string {
  switch (field.fieldKind) {
    case "scalar":
      return ScalarType[field.scalar].toLowerCase();
    case "enum":
      return `enum ${field.enum.typeName}`;
    case "message":
      return field.message.typeName;
    case "list":
      if (field.listKind === "message") return `repeated ${field.message.typeName}`;
      return `repeated ${field.listKind}`;
    case "map":
      return "map";
  }
}

function describeField(field: DescField): string {
  const member = field.oneof === undefined ? "" : ` in ${field.oneof.name}`;
  return `${field.number} ${field.name}: ${typeOf(field)}${member}`;
}

describe("the compiled contract", () => {
  test("consists of these files and no others", () => {
    expect(files.map((file) => `${file.name}.proto`)).toEqual(areas.map(({ source }) => source));
    const sources = readdirSync(new URL("../../proto/code", import.meta.url), { recursive: true })
      .map((path) => `code/${String(path).replaceAll("\\", "/")}`)
      .filter((path) => path.endsWith(".proto"));
    expect(sources.sort()).toEqual(areas.map(({ source }) => source).sort());
  });

  test("is proto3 in the package of its folder, and imports nothing from outside but google.protobuf", () => {
    for (const { file, source } of areas) {
      expect(file.proto.syntax).toBe("proto3");
      expect(file.proto.package).toBe(source.split("/").slice(0, 3).join("."));
      for (const dependency of file.proto.dependency) {
        expect(dependency).toMatch(/^(code|google\/protobuf)\//);
      }
    }
  });

  test("has these messages and no others", () => {
    expect(allMessages.map((message) => message.typeName).sort()).toEqual(Object.keys(messages).sort());
  });

  test.each(Object.entries(messages))("gives %s these fields and no others", (typeName, fields) => {
    const found = allMessages.find((message) => message.typeName === typeName);
    const byNumber = found && [...found.fields].sort((a, b) => a.number - b.number);
    expect(byNumber?.map(describeField)).toEqual(fields);
  });

  test("reserves what the protocol uses or once used, and nothing else", () => {
    const found: typeof reserved = {};
    for (const { typeName, proto } of allMessages) {
      const numbers = proto.reservedRange.flatMap(({ start, end }) =>
        Array.from({ length: end - start }, (_, index) => start + index),
      );
      if (numbers.length > 0 || proto.reservedName.length > 0) {
        found[typeName] = { numbers, names: proto.reservedName };
      }
    }
    expect(found).toEqual(reserved);
  });

  test("never tracks the presence of a scalar, because a written default would change the signed bytes", () => {
    const explicit = allMessages
      .flatMap((message) => message.fields)
      .filter((field) => field.fieldKind === "scalar" || field.fieldKind === "enum")
      .filter((field) => field.presence !== FeatureSet_FieldPresence.IMPLICIT);
    expect(explicit.map(String)).toEqual([]);
  });

  test("has these enums and values and no others", () => {
    const found = Object.fromEntries(
      allEnums.map(({ typeName, values }) => [
        typeName,
        Object.fromEntries(values.map(({ name, number }) => [name, number])),
      ]),
    );
    expect(found).toEqual(enums);
    // An alias would have been lost in the objects above.
    expect(allEnums.flatMap(({ values }) => values)).toHaveLength(
      Object.values(enums).flatMap((values) => Object.keys(values)).length,
    );
  });

  test("has these services and methods and no others", () => {
    const found = Object.fromEntries(
      files
        .flatMap((file) => file.services)
        .map(({ typeName, methods, file }) => {
          const local = ({ typeName }: DescMessage) => typeName.replace(`${file.proto.package}.`, "");
          return [
            typeName,
            Object.fromEntries(
              methods.map(({ name, methodKind, input, output }) => [
                name,
                `${methodKind} ${local(input)} -> ${local(output)}`,
              ]),
            ),
          ];
        }),
    );
    expect(found).toEqual(services);
  });

  test("has no extensions", () => {
    expect(files.flatMap((file) => file.extensions)).toEqual([]);
    expect(allMessages.flatMap((message) => message.nestedExtensions)).toEqual([]);
  });
});

describe("the published modules", () => {
  test.each(areas)("export everything that $source compiles to, except its file descriptor", (area) => {
    const { generated, barrel, source } = area;
    const names = Object.keys(generated).filter((name) => !name.startsWith("file_"));
    expect(Object.keys(barrel).sort()).toEqual(names.sort());

    // Types are gone at run time; only the text knows them.
    const read = (path: string) => readFileSync(new URL(`../../${path}`, import.meta.url), "utf8");
    const declarations = read(`gen/${source.replace(".proto", "_pb.d.ts")}`);
    const module = read(`src/proto/${source.split("/")[1]}.ts`);
    const types = [...declarations.matchAll(/^export declare type (\w+)/gm)].map(([, name]) => name);
    const exported = [...module.matchAll(/^ {2}type (\w+),$/gm)].map(([, name]) => name);
    expect(types.length).toBeGreaterThan(0);
    expect(exported.sort()).toEqual(types.sort());
  });
});
