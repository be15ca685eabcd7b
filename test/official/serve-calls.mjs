/**
 * Makes calls for the parent process, one by one, and tells it what came of them, as a program would see it.
 *
 * @param {Record<string, (...args: unknown[]) => unknown>} calls
 */
export function serveCalls(calls) {
  process.on("message", async ({ id, name, args }) => {
    try {
      process.send({ id, value: await calls[name](...args) });
    } catch (error) {
      process.send({ id, error: { name: error.name, message: error.message } });
    }
  });
  process.once("disconnect", () => process.exit());
}
