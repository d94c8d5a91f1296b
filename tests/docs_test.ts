/**
 * Checks of the documentation's text: each function that a user may call has a titled example, links in READMEs have
 * targets, and commands in READMEs exist. `deno task check` runs their TypeScript.
 *
 * @module
 */
import assert from "node:assert/strict";
import { dirname, join, normalize } from "node:path";
import { refract } from "../pipelines/cli/command_line.ts";
import { inProcess } from "./support/command.ts";
import { readTasks } from "./support/tasks.ts";

const root = new URL("../", import.meta.url);
const read = (path: string) => Deno.readTextFileSync(new URL(path, root));

/** A documented declaration. */
interface Declaration {
  /** Relative to the root. */
  readonly path: string;
  readonly name: string;
  /** Whether it is a function, a constant, or a method of an interface. */
  readonly isCalled: boolean;
  readonly comment: string;
}

/** The exported declarations of a file, and the methods of its interfaces, each with the doc comment before it. */
function declarationsOf(path: string): Declaration[] {
  const pattern = /^( *)\/\*\*((?:(?!\*\/)[^])*)\*\/\n\1(?:export (?:async )?(\w+) (\w+)|(\w+)(?:<.*?>)?\()/gm;
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

/** A README, by its path from the root. */
interface Readme {
  readonly path: string;
  readonly text: string;
}

/** The READMEs below a folder; those that are copied into exports document no folder of this repository. */
function readmesBelow(folder: string): Readme[] {
  return [...Deno.readDirSync(new URL(folder, root))].flatMap(({ name, isDirectory }) => {
    if (isDirectory) return name === "page" || name === "goldens" ? [] : readmesBelow(`${folder}${name}/`);
    return name === "README.md" ? [{ path: folder + name, text: read(folder + name) }] : [];
  });
}

const front: Readme = { path: "README.md", text: read("README.md") };
const readmes = [front, ...["ops/", "pipelines/", "tests/", "examples/"].flatMap(readmesBelow)];

/** The fenced blocks of a text. */
function blocksOf(text: string): readonly { readonly language: string; readonly code: string }[] {
  return [...text.matchAll(/^```(.*)\n([^]*?)^```$/gm)].map(([, language = "", code = ""]) => ({ language, code }));
}

/** The anchor of a heading. */
const anchorOf = (heading: string) => heading.toLowerCase().replaceAll(/[^\w\s-]/g, "").trim().replaceAll(/\s/g, "-");

/** The links of a README within this repository, as paths from the root with their anchors. */
function linksOf({ path, text }: Readme): readonly { readonly target: string; readonly anchor: string | undefined }[] {
  return [...text.matchAll(/\]\((?!https?:)([^)#]*)(?:#([^)]*))?\)/g)].map(([, target = "", anchor]) => ({
    target: target === "" ? path : normalize(join(dirname(path), target)),
    anchor,
  }));
}

Deno.test("the front README is short, and links to all others", () => {
  assert.ok(front.text.split("\n").length - 1 <= 150);
  const targets = linksOf(front).map(({ target }) => target);
  for (const { path } of readmes.slice(1)) assert.ok(targets.includes(path) || targets.includes(dirname(path)), path);
});

Deno.test("the README of pipelines/ names every room", () => {
  const targets = linksOf({ path: "pipelines/README.md", text: read("pipelines/README.md") })
    .map(({ target }) => target.replace(/\/(README\.md)?$/, ""));
  for (const { name, isDirectory } of Deno.readDirSync(new URL("pipelines/", root))) {
    if (isDirectory) assert.ok(targets.includes(`pipelines/${name}`), name);
  }
});

Deno.test("links in READMEs have targets", () => {
  const faults = readmes.flatMap((readme) =>
    linksOf(readme).flatMap(({ target, anchor }) => {
      try {
        if (Deno.statSync(new URL(target, root)).isDirectory || anchor === undefined) return [];
      } catch {
        return [`${readme.path}: there is no ${target}`];
      }
      const anchors = [...read(target).matchAll(/^#+ (.*)$/gm)].map(([, heading = ""]) => anchorOf(heading));
      return anchors.includes(anchor) ? [] : [`${readme.path}: ${target} has no heading #${anchor}`];
    })
  );
  assert.deepEqual(faults, []);
});

Deno.test("TypeScript in READMEs is run, and YAML is copied from an example", () => {
  const recipe = read("examples/quickstart/recipe.yaml");
  for (const { path, text } of readmes) {
    for (const { language, code } of blocksOf(text)) {
      assert.ok(["", "ts", "sh", "yaml"].includes(language), `${path}: a block of ${language} is not run`);
      if (language === "yaml") assert.equal(code, recipe, path);
    }
  }
});

Deno.test("commands in READMEs are tasks, with options that they have", async () => {
  const tasks = await readTasks(), faults: string[] = [];
  const calls = readmes.flatMap(({ path, text }) =>
    blocksOf(text).filter(({ language }) => language === "sh").flatMap(({ code }) =>
      [...code.matchAll(/\btask (?!…)(\S+)(.*)$/gm)].map(([, task = "", rest = ""]) => ({ path, task, rest }))
    )
  );
  assert.ok(calls.length >= 20, `${calls.length}`);
  for (const { path, task, rest } of calls) {
    if (!Object.hasOwn(tasks, task)) faults.push(`${path}: there is no task ${task}`);
    const options = [...rest.matchAll(/ (--[a-z-]+)/g)].map(([, option = ""]) => option);
    if (!tasks[task]?.includes("pipelines/cli/refract.ts")) continue;
    const subcommand = task === "cache" ? rest.trim().split(" ").slice(0, 1) : [];
    const { stdout } = await inProcess(task, ...subcommand, "--help");
    if (!stdout.startsWith(`Usage: refract ${[task, ...subcommand].join(" ")} `)) {
      faults.push(`${path}: ${task} has no ${subcommand.join(" ")}`);
    }
    for (const option of options) {
      if (!stdout.includes(`  ${option} `)) faults.push(`${path}: ${[task, ...subcommand].join(" ")} has no ${option}`);
    }
  }
  assert.deepEqual(faults, []);
});

/** Options in the READMEs' prose that belong to other programs: Deno, llama.cpp, Slurm, and this project's benches. */
const othersOptions = /^--(allow-\w+|no-prompt|global|name|lora|control-vector|partition|only|tiny)$/;

Deno.test("options in the prose of READMEs are those of a command", async () => {
  const commands = refract.commands.flatMap((each) => {
    return each.kind === "group" ? each.commands.map(({ name }) => [each.name, name]) : [[each.name]];
  });
  const helps = await Promise.all(commands.map(async (words) => (await inProcess(...words, "--help")).stdout));
  const known = new Set(helps.flatMap((help) => help.match(/(?<=^ {2}(?:-h, )?)--[a-z-]+/gm) ?? [])),
    faults: string[] = [];
  let count = 0;
  for (const { path, text } of [...readmes, { path: "SECURITY.md", text: read("pipelines/cli/SECURITY.md") }]) {
    const prose = text.replaceAll(/^```.*\n[^]*?^```$/gm, "");
    for (const [, code = ""] of prose.matchAll(/`([^`]+)`/g)) {
      for (const [option] of code.matchAll(/(?<![\w-])--[a-z][a-z-]*/g)) {
        count++;
        if (!known.has(option) && !othersOptions.test(option)) faults.push(`${path}: no command has ${option}`);
      }
    }
  }
  assert.deepEqual(faults, []);
  assert.ok(count >= 80, `${count}`);
});
