/** The types of what a page imports: a declaration for each source that its own types come from. @module */
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import ts from "typescript";

const root = new URL("../../../", import.meta.url);

/** What a page's script is made from, without its extension. */
const entry = "pipelines/web/library/refract_web";

const compilerOptions: ts.CompilerOptions = {
  target: ts.ScriptTarget.ESNext,
  module: ts.ModuleKind.ESNext,
  verbatimModuleSyntax: true,
  isolatedDeclarations: true,
};

/** Where a declaration's text names another file. */
const imports = /(?<=from |import\()"(\.[^"]+)\.ts"/g;

/**
 * Writes `scripts/refract.web.d.ts` and the files that it refers to, in `types`.
 *
 * @param folder The folder of a page's library.
 */
export async function writeTypes(folder: string): Promise<void> {
  const waiting = [new URL(`${entry}.ts`, root)], known = new Set(waiting.map(String));
  for (let url = waiting.shift(); url !== undefined; url = waiting.shift()) {
    const source = await Deno.readTextFile(url), fileName = fileURLToPath(url);
    const { outputText } = ts.transpileDeclaration(source, { fileName, compilerOptions });
    for (const [, path] of outputText.matchAll(imports)) {
      const found = new URL(`${path}.ts`, url);
      if (!known.has(found.href)) waiting.push(found);
      known.add(found.href);
    }
    const path = join(folder, "types", url.href.slice(root.href.length).replace(/\.ts$/, ".d.ts"));
    await Deno.mkdir(dirname(path), { recursive: true });
    await Deno.writeTextFile(path, outputText.replace(imports, '"$1.js"'));
  }
  await Deno.writeTextFile(join(folder, "scripts", "refract.web.d.ts"), `export * from "../types/${entry}.js";\n`);
}
