import { fromBinary } from "@bufbuild/protobuf";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { answerTypes, messageTypes, methodNamed } from "../../src/inspect/catalog.js";
import { explain } from "../../src/inspect/index.js";
import { crossRules } from "../../src/inspect/rules/cross-rules.js";
import { messageRules } from "../../src/inspect/rules/message-rules.js";
import { violationOf } from "../../src/server/calls/validation.js";
import { runs, scaled } from "../support/property.js";
import { anyMessage } from "./random-message.js";
import { schemaOf, schemas } from "./support.js";

describe("the explorer's rules", () => {
  it.each(Object.entries(messageRules))("about %s name fields of the compiled message", (typeName, rules) => {
    const { fields, oneofs } = schemaOf(typeName);
    const names = fields.map(({ name }) => name);
    const { required, most, checks } = rules;
    expect(names).toEqual(
      expect.arrayContaining([...required, ...Object.keys(most), ...Object.keys(checks)]),
    );
    expect(oneofs.map(({ name }) => name)).toEqual(expect.arrayContaining([...rules.oneofs]));
  });

  it("about several fields are about compiled messages", () => {
    expect([...schemas.keys()]).toEqual(expect.arrayContaining(Object.keys(crossRules)));
  });

  it("are violated if the emulator's validation refuses", () => {
    const refused = { yes: 0, no: 0 };
    fc.assert(
      fc.property(anyMessage, ([schema, bytes]) => {
        const violation = violationOf(schema, fromBinary(schema, bytes));
        refused[violation === undefined ? "no" : "yes"]++;
        if (violation === undefined) return;
        const { problems } = explain(bytes, { as: schema.typeName });
        // An explicit default is a violation of the form, and stands for that of the rule.
        expect(
          problems.map(({ kind }) => kind).some((kind) => kind !== "malformed"),
          violation,
        ).toBe(true);
      }),
      runs(3000),
    );
    expect(Math.min(refused.yes, refused.no)).toBeGreaterThan(scaled(300));
  });
});

describe("the explorer's catalog", () => {
  it("lists every compiled message once", () => {
    const names = messageTypes().map(({ typeName }) => typeName);
    expect(new Set(names)).toEqual(new Set(schemas.keys()));
    expect(names).toHaveLength(schemas.size);
    expect(names.slice(0, 3)).toEqual([
      "code.messaging.v1.Message",
      "code.messaging.v1.SendMessageRequest",
      "code.messaging.v1.RequestToReceiveBill",
    ]);
  });

  it.each([
    ["Messaging", "sendMessage", "code.messaging.v1.SendMessageRequest"],
    ["Messaging", "PollMessages", "code.messaging.v1.PollMessagesRequest"],
    ["code.micropayment.v1.MicroPayment", "getStatus", "code.micropayment.v1.GetStatusRequest"],
    ["Identity", "getLoginForThirdPartyApp", "code.user.v1.GetLoginForThirdPartyAppRequest"],
    ["Messaging", "getStatus", undefined],
    ["Intents", "createIntent", undefined],
  ])("finds the request of %s.%s", (service, method, typeName) => {
    expect(methodNamed(service, method)?.input.typeName).toBe(typeName);
  });

  it("finds the response of each call", () => {
    expect(answerTypes().map(({ name }) => name)).toEqual(
      expect.arrayContaining(["GetStatusResponse", "SendMessageResponse", "PollMessagesResponse"]),
    );
    expect(answerTypes().map(({ name }) => name)).not.toContain("Message");
  });
});
