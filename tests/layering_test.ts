/**
 * The rules that keep dependencies in the direction of the data flow, as read from the source text: allowed imports,
 * the content of the top level, the length of files. Each failure is one line: the file, and the rule that it breaks.
 *
 * The formatter puts every import at the start of a line, so a few patterns read them without a parser.
 *
 * @module
 */
import assert from "node:assert/strict";

const root = new URL("../", import.meta.url);

/** The allowed entries of the top level. */
const topLevel = [
  ".ci",
  ".git",
  ".gitignore",
  "LICENSE",
  "README.md",
  "deno.json",
  "deno.lock",
  "examples",
  "mod.ts",
  "ops",
  "pipelines",
  "tests",
];

/** Packages that only one file may import, so that they are easy to replace. */
const wrapped: readonly { readonly name: string; readonly place: RegExp }[] = [
  { name: "onnxruntime-node", place: /^pipelines\/runtime\/onnx_runtime\.ts$/ },
  { name: "commander", place: /^pipelines\/cli\// },
  { name: "@huggingface/jinja", place: /^pipelines\/data\/chat\/jinja\/tree\.ts$/ },
  { name: "jsonc-parser", place: /^pipelines\/data\/python\/json\.ts$/ },
  { name: "typescript", place: /^pipelines\/interchange\/web\/types\.ts$/ },
  { name: "onnxruntime-web", place: /^pipelines\/runtime\/web_library\.ts$/ },
  { name: "hash-wasm", place: /^pipelines\/web\/node\/crypto\.ts$/ },
  { name: "hyparquet-compressors", place: /^pipelines\/data\/files\/parquet_compressors\.ts$/ },
  { name: "pyodide", place: /^pipelines\/tasks\/sandbox\/interpreter\.ts$/ },
  { name: "picomatch", place: /^pipelines\/data\/files\/glob\.ts$/ },
  { name: "yaml", place: /^pipelines\/common\/yaml\.ts$/ },
];

/** All rooms, that is folders with sources, in order of dependency: each imports only from those before it. */
const rooms: readonly string[] = [
  // Tensor programs, independent of pipelines.
  "ops/program",
  "ops/onnx",
  "ops/table",
  "ops",
  "ops/nn",
  "ops/interventions",
  "ops/adapters",
  "ops/optimizers",
  "ops/objectives",
  "ops/passes",
  "ops/emission",
  // Models and rows, independent of their users; the store, metrics and declarations.
  "pipelines/common",
  "pipelines/runtime",
  "pipelines/doctor",
  "pipelines/models/inputs",
  "pipelines/models/architecture",
  "pipelines/models/layers",
  "pipelines/models/families",
  "pipelines/models/weights",
  "pipelines/models/tokenization",
  "pipelines/models/gguf",
  "pipelines/models/hub",
  "pipelines/models/open",
  "pipelines/data/python",
  "pipelines/data/halves",
  "pipelines/data/files",
  "pipelines/data/chat/jinja",
  "pipelines/data/chat",
  "pipelines/data",
  "pipelines/store",
  "pipelines/tasks/scoring",
  "pipelines/tasks/alpaca_eval",
  "pipelines/metrics",
  "pipelines/spec",
  "pipelines/tasks/sandbox",
  "pipelines/tasks",
  "pipelines/results",
  "pipelines/recipes",
  // From a model with its adaptations, and rows, to programs.
  "pipelines/compile/lower",
  "pipelines/compile/parameters",
  "pipelines/compile/rows",
  "pipelines/compile/programs",
  "pipelines/compile/frontier",
  "pipelines/decoding",
  // From a declaration to a run.
  "pipelines/schedule/context",
  "pipelines/schedule/expand",
  "pipelines/schedule/validate",
  "pipelines/schedule/prepare",
  "pipelines/schedule/inspect",
  "pipelines/schedule/keys",
  "pipelines/schedule/encode",
  "pipelines/schedule/preferences",
  "pipelines/schedule/train",
  "pipelines/schedule/evaluate",
  "pipelines/schedule/activations",
  "pipelines/schedule/pace",
  "pipelines/schedule/plan",
  "pipelines/schedule/run",
  "pipelines/schedule/units",
  // The output for users and other programs.
  "pipelines/report",
  "pipelines/report/page",
  "pipelines/report/mlflow",
  "pipelines/report/notebook",
  "pipelines/interchange/onnx",
  "pipelines/interchange/merged",
  "pipelines/interchange/gguf",
  "pipelines/interchange/vllm",
  "pipelines/interchange",
  "pipelines/interchange/peft",
  "pipelines/workflow",
  "pipelines/cli/launch",
  "pipelines/cli/terminal",
  "pipelines/cli/arguments",
  "pipelines/cli/requests",
  // The imports of a pipeline file: all rooms before it know only the plain data that its functions return.
  "pipelines/dsl",
  // The interface for programs, including the command line.
  "pipelines/interface",
  // A browser tab, and the export of a page for it.
  "pipelines/web/files",
  "pipelines/web/node",
  "pipelines/web/twins",
  "pipelines/web/models",
  "pipelines/web/site",
  "pipelines/web/page",
  "pipelines/interchange/web",
  "pipelines/serving/page",
  "pipelines/serving",
  "pipelines/cli/commands",
  "pipelines/cli",
  ".",
  // The same interface in a page.
  "pipelines/web/library",
];

/** The most lines that a file of ops/ or pipelines/ may have, and the number from which it is listed. */
const [mostLines, manyLines] = [400, 300];

/** A source file. */
interface Source {
  /** Relative to the root, with slashes. */
  readonly path: string;
  readonly text: string;
  /** Its imports, including types and `export … from`: the path from the root of a local file, else the specifier. */
  readonly imports: readonly string[];
}

/** The files below a folder that end in `.ts`, in order, as paths from the root. */
function typeScriptFiles(folder: string): string[] {
  return [...Deno.readDirSync(new URL(folder, root))].flatMap(({ name, isDirectory }) => {
    if (isDirectory) return name === "node_modules" ? [] : typeScriptFiles(`${folder}${name}/`);
    return name.endsWith(".ts") ? [folder + name] : [];
  }).sort();
}

function importsOf(path: string, text: string): string[] {
  const patterns = [
    /^(?:import|export)\s+[^;"'`=()]*?\s*from\s+"([^"]+)"/gm,
    /^import\s+"([^"]+)"/gm,
    /\bimport\("([^"]+)"\)/g,
  ];
  return patterns.flatMap((pattern) =>
    [...text.matchAll(pattern)].map(([, specifier = ""]) => resolveImport(path, specifier))
  );
}

function resolveImport(path: string, specifier: string): string {
  if (specifier === "refract") return "mod.ts";
  if (!/^\.{1,2}\//.test(specifier)) return specifier;
  return new URL(specifier, new URL(path, root)).href.slice(root.href.length);
}

const sources: readonly Source[] = ["mod.ts", ...["ops/", "pipelines/", "tests/", "examples/"].flatMap(typeScriptFiles)]
  .map((path) => {
    const text = Deno.readTextFileSync(new URL(path, root));
    return { path, text, imports: importsOf(path, text) };
  });

/** The product's files, without tests and examples. */
const product = sources.filter(({ path }) => !/^(tests|examples)\//.test(path));

/** The room that a file is in; "." for one at the top level. */
const roomOf = (path: string) => path.includes("/") ? path.slice(0, path.lastIndexOf("/")) : ".";

/** Fails with one line for each breach of a rule. */
function assertNone(breaches: readonly string[]): void {
  assert.ok(breaches.length === 0, `\n${breaches.join("\n")}`);
}

/** The breaches by files matching `from` that import a target matching `to`. */
function forbidden(from: RegExp, to: RegExp, rule: string): string[] {
  return product.filter(({ path }) => from.test(path)).flatMap(({ path, imports }) =>
    imports.filter((target) => to.test(target)).map((target) => `${path}: imports ${target}, but ${rule}`)
  );
}

Deno.test("models/ describe ONNX nodes without a protobuf library", () => {
  const reached = new Set(product.filter(({ path }) => path.startsWith("pipelines/models/")).map(({ path }) => path));
  for (const path of reached) {
    for (const target of product.find((source) => source.path === path)?.imports ?? []) reached.add(target);
  }
  const rule = "pipelines/models reaches it, and writes nodes through ops/onnx/graph_writer.ts alone";
  assertNone([...reached].filter((path) => /^(onnx-buf|@bufbuild\/)/.test(path)).map((path) => `${path}: ${rule}`));
});

Deno.test("the product imports neither tests nor examples", () => {
  assertNone(forbidden(/./, /^(tests|examples)\//, "only tests and examples may"));
});

for (const { name, place } of wrapped) {
  Deno.test(`one file imports ${name}`, () => {
    // A twin for browsers may have the imports of its original.
    const importers = product.filter(({ path, imports }) =>
      !path.startsWith("pipelines/web/twins/") &&
      imports.some((target) => target === name || target.startsWith(`${name}/`) || target.startsWith(`npm:${name}@`))
    );
    const strays = importers.filter(({ path }) => !place.test(path));
    const others = importers.filter(({ path }) => place.test(path)).slice(1);
    assertNone([
      ...strays.map(({ path }) => `${path}: imports ${name}, but only ${place.source.replaceAll(/[\\^$]/g, "")} may`),
      ...others.map(({ path }) => `${path}: imports ${name}, but one file alone may`),
      ...(importers.length === 0 ? [`deno.json: lists ${name}, but no file imports it`] : []),
    ]);
  });
}

/** The first import cycle found from a file, as its paths. */
function findCycle(path: string, above: readonly string[], done: Set<string>): readonly string[] | undefined {
  if (above.includes(path)) return [...above.slice(above.indexOf(path)), path];
  if (done.has(path)) return undefined;
  done.add(path);
  for (const target of product.find((source) => source.path === path)?.imports ?? []) {
    const cycle = findCycle(target, [...above, path], done);
    if (cycle !== undefined) return cycle;
  }
  return undefined;
}

Deno.test("no file imports itself indirectly, types included", () => {
  const done = new Set<string>();
  assertNone(product.flatMap(({ path }) => {
    const cycle = findCycle(path, [], done);
    return cycle === undefined ? [] : [`${cycle[0]}: imports itself by way of ${cycle.slice(1).join(" → ")}`];
  }));
});

Deno.test("a room imports only rooms before it, types included", () => {
  assertNone(product.flatMap(({ path, imports }) => {
    const room = roomOf(path), at = rooms.indexOf(room);
    if (at < 0) return [`${path}: ${room} is no room that the list in this test knows; give it its place there`];
    return imports.filter((target) => target.endsWith(".ts") && rooms.indexOf(roomOf(target)) > at)
      .map((target) => `${path}: imports ${target}, but ${roomOf(target)} comes after ${room}`);
  }));
});

Deno.test("every room of the list has files", () => {
  const found = new Set(product.map(({ path }) => roomOf(path)));
  assertNone(
    rooms.filter((room) => !found.has(room)).map((room) => `${room}: is in the list of rooms but has no files`),
  );
});

Deno.test("the top level has only the expected entries", () => {
  const ignored = Deno.readTextFileSync(new URL(".gitignore", root)).split("\n").map((line) =>
    line.trim().replace(/^\/|\/$/g, "")
  );
  const found = [...Deno.readDirSync(root)].map(({ name }) => name);
  assertNone(
    found.filter((name) => ![...topLevel, ...ignored].includes(name))
      .map((name) => `${name}: the top level holds only ${topLevel.join(", ")}`),
  );
});

Deno.test("no file casts a type away or silences the compiler", () => {
  const escapes = [
    /\bas\s+any\b(?!\s+(?!as\b)[a-z])/,
    /\bas\s+unknown\s+as\b/,
    /@ts-(?:ignore|nocheck)/,
    /deno-lint-ignore\b.*\bno-explicit-any/,
  ];
  assertNone(sources.flatMap(({ path, text }) =>
    text.split("\n").flatMap((line, index) => {
      const escape = escapes.map((pattern) => pattern.exec(line)?.[0]).find((match) => match !== undefined);
      return escape === undefined ? [] : [`${path}:${index + 1}: ${escape} hides what the compiler would say`];
    })
  ));
});

Deno.test("files of ops/ and pipelines/ are short", () => {
  const lengths = product.map(({ path, text }) => ({ path, lines: text.split("\n").length - 1 }));
  for (const { path, lines } of lengths) {
    if (lines > manyLines && lines <= mostLines) console.log(`${path} has ${lines} lines; look for two ideas in it`);
  }
  assertNone(
    lengths.filter(({ lines }) => lines > mostLines)
      .map(({ path, lines }) => `${path}: has ${lines} lines, but ${mostLines} are the most`),
  );
});
