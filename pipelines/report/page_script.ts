/**
 * The page's modules as one script, because a page opened from a file cannot import modules.
 *
 * @module
 */
import { stripTypeScriptTypes } from "node:module";

const folder = new URL("./page/", import.meta.url);

/** The text of a file of the report's page, whose style other pages share. */
export async function pageFile(name: string): Promise<string> {
  return await (await fetch(new URL(name, folder))).text();
}

/**
 * The script of a module and everything that it imports, including files from other folders that both Deno and the page
 * run: each module becomes a function that runs once, after those that it needs.
 *
 * @param entry The report's page.ts if omitted.
 */
export async function pageScript(entry: URL = new URL("page.ts", folder)): Promise<string> {
  const scripts = new Map<string, string>();
  const add = async (url: URL) => {
    if (scripts.has(url.href)) return;
    const code = stripTypeScriptTypes(await (await fetch(url)).text());
    for (const [, , imported] of code.matchAll(imports)) await add(new URL(imported!, url));
    scripts.set(url.href, functionOf(nameOf(url.href), code));
  };
  await add(entry);
  return [...scripts.values()].join("\n");
}

// The formatter puts every import and export at the start of a line and ends it with a semicolon.
const imports = /^import \{([^}]*)\} from "(\.[^"]+\.ts)";/gm;
const exports = /^export (?=(?:async )?(?:function|const|class) (\w+))/gm;

/** The name of a module in the script; no two files of the page have the same name. */
const nameOf = (path: string) => `$${/(\w+)\.ts$/.exec(path)![1]}`;

function functionOf(name: string, code: string): string {
  const exported = [...code.matchAll(exports)].map(([, name]) => name);
  const body = code.replace(exports, "").replace(imports, (_, names: string, imported: string) => {
    return `const {${names.replaceAll(" as ", ": ")}} = ${nameOf(imported)};`;
  });
  return `const ${name} = (() => {\n${body}return { ${exported.join(", ")} };\n})();`;
}
