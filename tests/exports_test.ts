/**
 * Every name that a file of ops/ or pipelines/ exports is imported by another file, as read from the source text.
 * Names that only their own file uses are not exported, and unused ones are deleted.
 *
 * The formatter puts every import and export at the start of a line, so a few patterns read them without a parser.
 *
 * @module
 */
import assert from "node:assert/strict";

const root = new URL("../", import.meta.url);

/** A source file. */
interface Source {
  /** Relative to the root, with slashes. */
  readonly path: string;
  readonly text: string;
}

/** The TypeScript files below a folder, as paths from the root. */
function filesBelow(folder: string): string[] {
  return [...Deno.readDirSync(new URL(folder, root))].flatMap(({ name, isDirectory }) => {
    if (isDirectory) return name === "node_modules" ? [] : filesBelow(`${folder}${name}/`);
    return name.endsWith(".ts") ? [folder + name] : [];
  });
}

const sources: readonly Source[] = ["mod.ts", ...["ops/", "pipelines/", "tests/", "examples/"].flatMap(filesBelow)].map(
  (path) => ({ path, text: Deno.readTextFileSync(new URL(path, root)) }),
);

/** The names in braces, as in `type A, b as c`: the name before each `as`, or with `last` the name after it. */
function namesIn(list: string, last = false): string[] {
  return list.split(",").map((entry) => entry.trim().replace(/^type\s+/, "").split(/\s+as\s+/).at(last ? -1 : 0) ?? "")
    .filter((name) => name !== "");
}

/** The names that a file exports. */
function exportsOf({ text }: Source): string[] {
  const declared =
    /^export\s+(?:default\s+)?(?:declare\s+)?(?:abstract\s+)?(?:async\s+)?(?:function\*?|const|let|class|interface|type|enum)\s+(\w+)/gm;
  return [
    ...[...text.matchAll(declared)].map(([, name = ""]) => name),
    ...[...text.matchAll(/^export\s+(?:type\s+)?\{([^}]*)\}/gm)].flatMap(([, list = ""]) => namesIn(list, true)),
  ];
}

/** The names that a file imports from other files, as `path name`, or `path *` where it may use all. */
function importsOf({ path, text }: Source): string[] {
  const from = (specifier: string) => {
    if (specifier === "refract") return "mod.ts";
    return new URL(specifier, new URL(path, root)).href.slice(root.href.length);
  };
  const named = /^(?:import|export)\s+(?:type\s+)?(?:\w+\s*,\s*)?\{([^}]*)\}\s*from\s+"(\.[^"]+|refract)"/gm;
  const spread = /^(?:import|export)\s+(?:type\s+)?\*\s*(?:as\s+(\w+)\s+)?from\s+"(\.[^"]+|refract)"/gm;
  const taken = /\{([^{}]*)\}\s*=\s*await\s+import\(\s*"(\.[^"]+)"\s*\)/g;
  const imported = /(?<!typeof )(?<!await )\bimport\(\s*"(\.[^"]+)"\s*\)/g;
  return [
    ...[...text.matchAll(named)].flatMap(([, list = "", specifier = ""]) =>
      namesIn(list).map((name) => `${from(specifier)} ${name}`)
    ),
    ...[...text.matchAll(spread)].flatMap(([, name, specifier = ""]) => {
      const isValue = new RegExp(`(\\btypeof |[=:(,]\\s*)${name}\\b(?![.\\w])`);
      if (name === undefined || isValue.test(text)) return [`${from(specifier)} *`];
      const used = [...text.matchAll(new RegExp(`(?<![.\\w])${name}\\.(\\w+)`, "g"))];
      return used.map(([, member]) => `${from(specifier)} ${member}`);
    }),
    ...[...text.matchAll(taken)].flatMap(([, list = "", specifier = ""]) =>
      list.split(",").map((entry) => `${from(specifier)} ${entry.split(":")[0]?.trim()}`)
    ),
    ...[...text.matchAll(imported)].map(([, specifier = ""]) => `${from(specifier)} *`),
  ];
}

/**
 * The files that the rule applies to. Replacements for browsers are imported under the names of their originals, and
 * what `web/library` exports is imported by pages.
 */
const held = /^(ops|pipelines)\/(?!web\/(twins|node|library)\/)/;

Deno.test("every export is imported by another file", () => {
  const imported = new Set(sources.flatMap(importsOf));
  const unused = sources.filter(({ path }) => held.test(path) && !imported.has(`${path} *`)).flatMap((source) =>
    exportsOf(source).filter((name) => !imported.has(`${source.path} ${name}`)).map((name) => {
      return `${source.path}: exports ${name}, but no other file imports it; delete it, or don't export it`;
    })
  );
  assert.ok(unused.length === 0, `\n${unused.join("\n")}`);
});

Deno.test("exports and imports are read in every form", () => {
  const exporting = [
    "export function a() {}",
    "export async function* b() {}",
    "export const c = 1;",
    "export type D = 1;",
    "export interface E {}",
    "export abstract class F {}",
    'export { g, type H, i as j } from "./other.ts";',
    "const k = 1;",
    "/** export const l = 1; */",
  ];
  assert.deepEqual(exportsOf({ path: "ops/x.ts", text: exporting.join("\n") }), [..."abcDEFgHj"]);
  const importing = [
    'import { a, type B, c as d } from "./y.ts";',
    'import type { E } from "../z.ts";',
    'import * as o from "./y.ts";',
    'export { f as g } from "./y.ts";',
    'export * from "./all.ts";',
    'import type * as p from "./types.ts";',
    "type P = typeof p;",
    "o.h(q.o.i, o.j);",
    'const { k, l: m } = await import("./y.ts");',
    'let n: typeof import("./not.ts");',
    'import("./late.ts");',
    ' * import { q } from "./y.ts";',
  ];
  assert.deepEqual(
    importsOf({ path: "ops/x.ts", text: importing.join("\n") }).sort(),
    [
      ...[..."aBcfhjkl"].map((name) => `ops/y.ts ${name}`),
      "ops/all.ts *",
      "ops/late.ts *",
      "ops/types.ts *",
      "z.ts E",
    ].sort(),
  );
});
