/** Shared by the tests of the store. @module */

/** Runs a test in a temporary folder. */
export function test(name: string, run: (folder: string) => void | Promise<void>): void {
  Deno.test(name, async () => {
    const folder = await Deno.makeTempDir({ prefix: "refract_store_" });
    try {
      await run(folder);
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  });
}
