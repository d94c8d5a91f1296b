/**
 * The page's modules as one script, since a page that is opened from a file can't import any.
 *
 * @module
 */
import { stripTypeScriptTypes } from "node:module";

const folder = new URL("./page/", import.meta.url);

/** The text of a file of the page. */
export async function pageFile(name: string): Promise<string> {
  return await (await fetch(new URL(name, folder))).text();
}

/** The script of page.ts and all that it imports: each module is a function that is run once, after those that it needs. */
export async function pageScript(): Promise<string> {
  const scripts = new Map<string, string>();
  const add = async (name: string) => {
    if (scripts.has(name)) return;
    const code = stripTypeScriptTypes(await pageFile(`${name}.ts`));
    for (const [, , imported] of code.matchAll(imports)) await add(imported!);
    scripts.set(name, functionOf(name, code));
  };
  await add("page");
  return [...scripts.values()].join("\n");
}

// The formatter begins every import and export at the start of a line and ends it with a semicolon.
const imports = /^import \{([^}]*)\} from "\.\/(\w+)\.ts";/gm;
const exports = /^export (?=(?:async )?(?:function|const|class) (\w+))/gm;

function functionOf(name: string, code: string): string {
  const exported = [...code.matchAll(exports)].map(([, name]) => name);
  const body = code.replace(exports, "").replace(imports, (_, names: string, imported: string) => {
    return `const {${names.replaceAll(" as ", ": ")}} = $${imported};`;
  });
  return `const $${name} = (() => {\n${body}return { ${exported.join(", ")} };\n})();`;
}
