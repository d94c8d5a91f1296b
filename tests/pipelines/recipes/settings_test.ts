/** Settings, declared at a file's top level or in its build function, and set by `--set`. @module */
import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { inProcess } from "../../support/command.ts";
import { inScene, lineOf, type PipelineParts, type Scene } from "../../support/scene.ts";

/** The plan of a scene's pipeline. */
async function plan(scene: Scene, ...options: readonly string[]) {
  const places = ["--store", scene.path("store"), "--threads", "1"];
  const { code, stdout, stderr } = await inProcess("plan", scene.pipeline, ...places, "--json", ...options);
  assert.equal(code, 0, stderr);
  return JSON.parse(stdout);
}

const declared = "{ epochs: { default: 2, least: 1, most: 9, whole: true }, rank: 2 }";
const atTop: Partial<PipelineParts> = {
  preamble: `const set = refract.settings(${declared});`,
  epochs: "set.epochs",
  rank: "set.rank",
};
const inBuild: Partial<PipelineParts> = {
  rank: "set.rank",
  at: `block(1).output; const set = refract.settings(${declared})`,
  epochs: "set.epochs",
};

for (const [where, parts] of Object.entries({ "the file's top level": atTop, "the build function": inBuild })) {
  Deno.test(`settings at ${where} have their defaults, or the values of --set`, () =>
    inScene(parts, async (scene) => {
      const { members: [member], estimate } = await plan(scene, "--set", "epochs=3", "--set", "rank=4");
      assert.deepEqual([estimate.steps, member.trainableParameters, member.axes], [6, 4 * 33, {}]);
    }));
}

Deno.test("settings reach a pipeline that imports its own copy of Refract", async () => {
  const root = new URL("../../../", import.meta.url);
  await inScene({}, async (scene) => {
    for (const folder of ["ops", "pipelines"]) await copyTypeScript(new URL(`${folder}/`, root), scene.path(folder));
    await Deno.copyFile(new URL("mod.ts", root), scene.path("mod.ts"));
    const text = await Deno.readTextFile(scene.pipeline);
    const own = text.replace('"refract"', '"./mod.ts"').replace("const epochs = 2", "const epochs = set.epochs")
      .replace("const data", `const set = refract.settings({ epochs: { default: 2, most: 5 } }), data`);
    await scene.write("pipeline.ts", own);
    assert.equal((await plan(scene, "--set", "epochs=3")).estimate.steps, 6);
    const again = scene.path("again.ts");
    await Deno.copyFile(scene.pipeline, again);
    const { code, stderr } = await inProcess("plan", again, "--set", "epochs=7");
    assert.deepEqual([code, stderr], [2, "error: --set epochs: epochs is 7; give a number up to 5\n"]);
  });
});

async function copyTypeScript(from: URL, to: string): Promise<void> {
  await Deno.mkdir(to);
  for await (const { name, isDirectory } of Deno.readDir(from)) {
    if (isDirectory) await copyTypeScript(new URL(`${name}/`, from), `${to}/${name}`);
    else if (name.endsWith(".ts")) await Deno.copyFile(fileURLToPath(new URL(name, from)), `${to}/${name}`);
  }
}

Deno.test("a text setting may hold a comma, and a flag is true or false", () => {
  const preamble = `const { ask, on } = refract.settings({ ask: "{q}", on: false });
const asked = jsonl("./rows.jsonl", { prompt: on ? ask : "never {nothing}", completion: "{a}" });`;
  return inScene({ preamble, data: "asked" }, async (scene) => {
    await plan(scene, "--set", "ask=say, {q}", "--set", "on=true");
  });
});

/** Tests that a run is refused in one line and writes nothing. */
function refuses(name: string, parts: Partial<PipelineParts>, options: readonly string[], says: string): void {
  Deno.test(`settings: ${name}`, () =>
    inScene(parts, async (scene) => {
      const { code, stdout, stderr } = await scene.run(...options);
      assert.deepEqual([code, stdout], [2, ""]);
      assert.equal(stderr.replaceAll(`${scene.folder}/`, ""), `error: ${says}\n`);
      assert.deepEqual([scene.written, scene.entries], [[], []]);
    }));
}

/** Settings at the file's top level, with a pipeline that uses none of them. */
const only = (declaration: string) => ({ preamble: `refract.settings(${declaration});` });
const place = `pipeline.ts:${lineOf.preamble}:9: `;

const bad: Readonly<Record<string, readonly [declaration: string, set: string, says: string]>> = {
  "a fraction": [
    "{ n: { default: 2, least: 1, whole: true } }",
    "n=1.5",
    "n is 1.5; give a whole number of at least 1",
  ],
  "too little": [
    '{ n: { default: 2, least: 1, most: 9, unit: "passes" } }',
    "n=0",
    "n is 0; give a number from 1 to 9 (passes)",
  ],
  "no number": ["{ n: 2 }", "n=two", 'n is "two"; give a number'],
  "no finite number": ["{ n: 2 }", "n=Infinity", "n is Infinity; give a number"],
  "a text for a flag": ["{ n: true }", "n=yes", 'n is "yes"; give true or false'],
  "a text that is not listed": [
    '{ n: { default: "l1", oneOf: ["l1", "f7+l7"] } }',
    "n=l2",
    'n is "l2"; did you mean "l1" (it has "l1", "f7+l7")',
  ],
  "a number that is not listed": ["{ n: { default: 1, oneOf: [1, 2] } }", "n=3", "n is 3; give one of 1, 2"],
  "several values": ["{ n: 2 }", "n=1,2", "n is a setting and takes one value, unlike an axis; give a number"],
  "an unknown name": [
    "{ epochs: 2 }",
    "epoch=2",
    'there is no such axis or setting; did you mean "epochs" (it has "epochs")',
  ],
};
for (const [name, [declaration, set, says]] of Object.entries(bad)) {
  refuses(name, only(declaration), ["--set", set], `--set ${set.split("=")[0]}: ${says}`);
}
refuses(
  "an axis and a setting of one name",
  {
    preamble: "refract.settings({ rank: 2 });",
    rank: 'sweep("rank", [1, 2])',
  },
  ["--set", "rank=2"],
  `pipeline.ts:${lineOf.rank}:16: rank is both an axis and a setting; rename one of them`,
);

const wrong: Readonly<Record<string, readonly [declaration: string, says: string]>> = {
  "a default out of its own bounds": [
    "{ n: { default: 0, least: 1 } }",
    "the setting n has the value 0, which it does not allow; give a number of at least 1",
  ],
  "a default that is not listed": [
    '{ n: { default: "a", oneOf: ["b"] } }',
    'the setting n has the value "a", which it does not allow; give one of "b"',
  ],
  "bounds the wrong way round": [
    "{ n: { default: 3, least: 5, most: 1 } }",
    "the setting n goes from 5 to 1; give a second number that is not below the first",
  ],
  "no default": [
    "{ n: { least: 1 } }",
    "the setting n has no default; give it a number, a text or true or false, or { default: …, about: … }",
  ],
  "a misspelt field": [
    "{ n: { default: 1, lest: 1 } }",
    'the setting n has "lest", which a number does not have; did you mean "least" ' +
    '(it has "default", "least", "most", "whole", "oneOf", "unit", "about")',
  ],
  "bounds of a text": [
    '{ n: { default: "a", most: 1 } }',
    'the setting n has "most", which a text does not have; use one of those it has: "default", "oneOf", "about"',
  ],
  "a name that is not a word": [
    '{ "n n": 1 }',
    'the setting\'s name "n n" is not a word; use letters, digits, - and _',
  ],
  "a list": ["[1]", "the first argument of settings is a list; give its settings, as in settings({ epochs: 3 })"],
};
for (const [name, [declaration, says]] of Object.entries(wrong)) {
  refuses(`declared with ${name}`, only(declaration), [], place + says);
}
refuses(
  "declared twice",
  { preamble: "refract.settings({ n: 1 }); refract.settings({ n: 1 });" },
  [],
  `pipeline.ts:${lineOf.preamble}:37: the setting n is declared twice; ` +
    "declare it once and use that value in both places",
);
