/**
 * What the documentation promises, read off its text: each function that a user may call has a titled example, which
 * `deno task check` runs.
 *
 * @module
 */
import assert from "node:assert/strict";

const root = new URL("../", import.meta.url);
const read = (path: string) => Deno.readTextFileSync(new URL(path, root));

/** A documented declaration. */
interface Declaration {
  /** From the root. */
  readonly path: string;
  readonly name: string;
  /** Whether it is a function, a constant, or a method of an interface. */
  readonly isCalled: boolean;
  readonly comment: string;
}

/** The exported declarations of a file, and the methods of its interfaces, each with the doc comment before it. */
function declarationsOf(path: string): Declaration[] {
  const pattern = /^( *)\/\*\*((?:(?!\*\/)[^])*)\*\/\n\1(?:export (\w+) (\w+)|(\w+)(?:<.*?>)?\()/gm;
  return [...read(path).matchAll(pattern)].map(([, , comment = "", kind, exported, method]) => ({
    path,
    name: exported ?? method ?? "",
    isCalled: method !== undefined || kind === "function" || kind === "const",
    comment,
  }));
}

/** The files that mod.ts exports values of, each with the names. */
const exported = [...read("mod.ts").matchAll(/^export \{([^}]*)\} from "\.\/([^"]+)";/gm)].map((
  [, names = "", path = ""],
) => ({
  path,
  names: names.split(",").map((name) => name.trim()).filter((name) => name !== ""),
}));

/** The title of a comment's examples, and the code of those that are run. */
function examplesOf(comment: string): readonly { readonly title: string; readonly isRun: boolean }[] {
  return [...comment.matchAll(/^ *\* @example(.*)\n *\* ```(.*)$/gm)].map(([, title = "", language]) => ({
    title: title.trim(),
    isRun: language === "ts",
  }));
}

Deno.test("every function, constant and method of mod.ts has a titled example that is run", () => {
  const faults: string[] = [];
  let called = 0;
  for (const { path, names } of exported) {
    const declarations = declarationsOf(path);
    for (const name of names.filter((name) => !name.startsWith("type "))) {
      if (!declarations.some((declaration) => declaration.name === name)) {
        faults.push(`${path}: ${name} has no comment`);
      }
    }
    for (const { name, isCalled, comment } of declarations) {
      if (!isCalled) continue;
      called++;
      const examples = examplesOf(comment);
      if (examples.length === 0) faults.push(`${path}: ${name} has no example`);
      for (const { title, isRun } of examples) {
        if (title === "") faults.push(`${path}: an example of ${name} has no title`);
        if (!isRun) faults.push(`${path}: the example "${title}" of ${name} is not run`);
      }
    }
  }
  assert.ok(faults.length === 0, `\n${faults.join("\n")}`);
  assert.ok(called >= 60, `${called}`);
});
