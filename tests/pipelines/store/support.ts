/** What the tests of the store share. @module */

/** Runs a test in a folder of its own. */
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
