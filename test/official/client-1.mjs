// The official client of REST, unmodified, for client-1.test.ts. It knows one address only: `fetch` leads that to the URL that
// the test names, and nothing anywhere else.
import { serveCalls } from "./serve-calls.mjs";

const production = "https://api.getcode.com/v1/";
let baseUrl;
const platformFetch = globalThis.fetch;
globalThis.fetch = (url, init) => {
  if (!String(url).startsWith(production)) throw new Error(`${url} is not where it should go`);
  return platformFetch(`${baseUrl}/v1/${String(url).slice(production.length)}`, init);
};

// Not before its `fetch` is in place.
const { Connection, paymentIntents } = (await import("client-v1")).default;

serveCalls({
  leadTo: (url) => {
    baseUrl = url;
  },
  exports: () => ({ Connection: typeof Connection, paymentIntents: Object.keys(paymentIntents) }),
  "paymentIntents.create": (options) => paymentIntents.create(options),
  "paymentIntents.getStatus": (options) => paymentIntents.getStatus(options),
  "Connection.get": (method, params) => new Connection(`${baseUrl}/v1`, platformFetch).get(method, params),
  "Connection.post": (method, body) => new Connection(`${baseUrl}/v1`, platformFetch).post(method, body),
});
