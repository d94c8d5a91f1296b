/** npm packages that a page loads from a folder, installed as a user would. @module */
import { tmpdir } from "node:os";
import { join } from "node:path";

/**
 * A folder with some packages in its `node_modules`, installed on first use and kept; undefined, with a message, where
 * npm can't install them.
 *
 * @param packages With their versions, as in `name@1.2.3`.
 */
export async function packagesFolder(packages: readonly string[]): Promise<string | undefined> {
  const parent = Deno.env.get("REFRACT_TEST_MODELS") ?? join(tmpdir(), "refract-test-models");
  const folder = join(parent, "packages", packages.join(" ").replaceAll(/[^\w.@-]/g, "-"));
  const done = join(folder, "done");
  if (await Deno.stat(done).then(() => true, () => false)) return folder;
  await Deno.mkdir(folder, { recursive: true });
  const args = ["install", "--ignore-scripts", "--no-audit", "--no-fund", "--prefix", folder, ...packages];
  const installed = await new Deno.Command("npm", { args }).output().catch((fault: Error) => fault);
  if (!(installed instanceof Error) && installed.success) {
    await Deno.writeTextFile(done, "");
    return folder;
  }
  const why = installed instanceof Error ? installed.message : new TextDecoder().decode(installed.stderr);
  console.log(`skipped: npm could not install ${packages.join(" and ")}: ${why}`);
  return undefined;
}
