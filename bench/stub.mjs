import { fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";

/**
 * Starts the stub server.
 *
 * @returns {Promise<Stub>}
 *
 * @typedef {object} Stub
 * @property {string} http1 URL of the HTTP/1.1 port.
 * @property {string} http2 URL of the port for HTTP/2 with prior knowledge.
 * @property {() => Promise<Buffer>} lastBody Body of the last request.
 * @property {() => Promise<void>} close
 */
export async function startStub() {
  const child = fork(fileURLToPath(new URL("./stub-server.mjs", import.meta.url)), { execArgv: [] });
  const ports = await answer(child);
  return {
    http1: `http://127.0.0.1:${ports.http1}`,
    http2: `http://127.0.0.1:${ports.http2}`,
    async lastBody() {
      child.send("last");
      return Buffer.from(await answer(child), "base64");
    },
    async close() {
      const exited = once(child, "exit");
      child.disconnect();
      await exited;
    },
  };
}

/**
 * Returns the next message of the child process. Rejects if the child exits first.
 *
 * @param {import("node:child_process").ChildProcess} child
 * @returns {Promise<any>}
 */
function answer(child) {
  return new Promise((resolve, reject) => {
    /** @param {number | null} code */
    const onExit = (code) => reject(new Error(`The stub server exited with code ${code}`));
    child.once("exit", onExit);
    child.once("message", (message) => {
      child.off("exit", onExit);
      resolve(message);
    });
  });
}
