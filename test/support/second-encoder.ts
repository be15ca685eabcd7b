/**
 * A second encoder of payment and login requests, written from the wire contract, without a protobuf library
 * or `src/`. Its output is canonical proto3: fields in ascending number, no explicit defaults, shortest
 * varints.
 */

/** The login of a request, in plain values. */
export interface PlainLogin {
  readonly domain: string;
  readonly verifier: Uint8Array;
  readonly rendezvousKey: Uint8Array;
  /** The verifier's signature over the request without this field. */
  readonly signature?: Uint8Array;
}

/** A payment request, in plain values. */
export interface PlainRequest {
  readonly destination: Uint8Array;
  readonly currency: string;
  /** Decimal text with exactly two decimals. */
  readonly amount: string;
  readonly fees: readonly { readonly destination: Uint8Array; readonly basisPoints: number }[];
  readonly login?: PlainLogin;
}

/** `code.messaging.v1.RequestToReceiveBill`. */
export function encodeRequestToReceiveBill(request: PlainRequest): number[] {
  const { destination, currency, amount, fees, login } = request;
  const exact = currency === "kin";
  const exchangeData = [
    ...lengthDelimited(
      1,
      [...currency].map((letter) => letter.charCodeAt(0)),
    ),
    ...(exact ? double(2, 1) : []),
    ...double(exact ? 3 : 2, Number(amount)),
    // Without its dot, the text counts hundredths. One hundredth of a kin is 1000 quarks.
    ...(exact ? tagged(4, 0, varint(BigInt(`${amount.replace(".", "")}000`))) : []),
  ];
  return [
    ...wrapped(1, destination),
    ...lengthDelimited(exact ? 2 : 3, exchangeData),
    ...(login === undefined ? [] : encodeLogin(login, [4, 5, 6, 7])),
    ...fees.flatMap((fee) =>
      lengthDelimited(8, [...wrapped(1, fee.destination), ...tagged(2, 0, varint(BigInt(fee.basisPoints)))]),
    ),
  ];
}

/** `code.messaging.v1.RequestToLogin`. */
export function encodeRequestToLogin(login: PlainLogin): number[] {
  return encodeLogin(login, [1, 4, 5, 6]);
}

/** `code.messaging.v1.Message` holding a login request. */
export function encodeLoginMessage(login: PlainLogin): Uint8Array {
  return Uint8Array.from(lengthDelimited(10, encodeRequestToLogin(login)));
}

/** Domain, verifier, signature and rendezvous key, at these numbers. */
function encodeLogin(login: PlainLogin, numbers: readonly [number, number, number, number]): number[] {
  const [domain, verifier, signature, rendezvousKey] = numbers;
  return [
    ...wrapped(domain, Uint8Array.from([...login.domain].map((letter) => letter.charCodeAt(0)))),
    ...wrapped(verifier, login.verifier),
    ...(login.signature === undefined ? [] : wrapped(signature, login.signature)),
    ...wrapped(rendezvousKey, login.rendezvousKey),
  ];
}

/** `code.messaging.v1.Message` holding a payment request: the bytes that are signed. */
export function encodeMessage(request: PlainRequest): Uint8Array {
  return Uint8Array.from(lengthDelimited(5, encodeRequestToReceiveBill(request)));
}

/** `code.messaging.v1.SendMessageRequest` around a signed message. */
export function encodeSendMessage(
  message: Uint8Array,
  publicKey: Uint8Array,
  signature: Uint8Array,
): Uint8Array {
  return Uint8Array.from([
    ...lengthDelimited(1, [...message]),
    ...wrapped(2, publicKey),
    ...wrapped(3, signature),
  ]);
}

/** The 20 bytes of the scan code of a payment. */
export function encodeScanCode(
  kind: number,
  currencyIndex: number,
  amount: string,
  nonce: Uint8Array,
): Uint8Array {
  const hundredths = BigInt(amount.replace(".", ""));
  const digits = hundredths.toString(16).padStart(14, "0").match(/../g) ?? [];
  return Uint8Array.from([
    kind,
    currencyIndex,
    ...digits.reverse().map((pair) => Number.parseInt(pair, 16)),
    ...nonce,
  ]);
}

function tagged(field: number, wireType: number, rest: number[]): number[] {
  return [...varint(BigInt(field * 8 + wireType)), ...rest];
}

function lengthDelimited(field: number, bytes: number[]): number[] {
  return tagged(field, 2, [...varint(BigInt(bytes.length)), ...bytes]);
}

function wrapped(field: number, bytes: Uint8Array): number[] {
  return lengthDelimited(field, lengthDelimited(1, [...bytes]));
}

function varint(value: bigint): number[] {
  const groups: number[] = [];
  for (let rest = value; rest > 127n; rest /= 128n) groups.push(Number(rest % 128n) + 128);
  return [...groups, Number(value / 128n ** BigInt(groups.length))];
}

function double(field: number, value: number): number[] {
  const view = new DataView(new ArrayBuffer(8));
  view.setFloat64(0, value, true);
  return tagged(field, 1, [...new Uint8Array(view.buffer)]);
}
