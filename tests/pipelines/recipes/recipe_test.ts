/** Recipes, run by the command line; every bad one is refused in one line. @module */
import assert from "node:assert/strict";
import { inProcess } from "../../support/command.ts";
import { inScene, type PipelineParts, type Scene, sceneRows } from "../../support/scene.ts";
import { writeTinyModel } from "../../support/tiny_model.ts";

const parts: Partial<PipelineParts> = {
  at: "block(1).output; const given = refract.settings({ epochs: { default: 2, least: 1, most: 9, whole: true } })",
  rank: 'sweep("rank", [1, 2])',
  epochs: "given.epochs",
};

function runRecipe(scene: Scene, name: string, ...options: readonly string[]) {
  return inProcess("run", scene.path(name), "--store", scene.path("store"), "--out", scene.path("out"), ...options);
}

async function resultsOf(scene: Scene, name: string, ...options: readonly string[]) {
  const { code, stdout, stderr } = await runRecipe(scene, name, "--json", ...options);
  assert.equal(code, 0, stderr);
  return JSON.parse(stdout);
}

Deno.test("a recipe sets axes and settings, and replaces the data and the base model", () =>
  inScene(parts, async (scene) => {
    await Deno.mkdir(scene.path("recipes"));
    await writeTinyModel(scene.path("recipes", "other"), { seed: 2 });
    const rows = sceneRows.slice(0, 4).map((row) => JSON.stringify(row) + "\n").join("");
    await scene.write("recipes/few.jsonl", rows);
    await scene.write(
      "recipes/small.yaml",
      `name: small
about: One rank on half of the rows
pipeline: ../pipeline.ts
set:
  rank: 2
  epochs: 3
data:
  rows.jsonl: few.jsonl
base: other
threads: 1
`,
    );
    const { pipeline, members } = await resultsOf(scene, "recipes/small.yaml");
    assert.equal(pipeline, "scene");
    assert.deepEqual(members.map(({ axes }: { axes: unknown }) => axes), [{ rank: 2 }]);
    assert.equal(members[0].stages[0].steps, 3);
    const manifest = await Deno.readTextFile(scene.path("out", "manifest.yaml"));
    for (
      const line of [
        "name: small",
        "about: One rank on half of the rows",
        "pipeline: ../pipeline.ts",
        "  ./rows.jsonl: ../recipes/few.jsonl",
        "base: ../recipes/other",
        "threads: 1",
      ]
    ) assert.ok(manifest.includes(`${line}\n`), `${line} is not in\n${manifest}`);
    const set = await resultsOf(scene, "recipes/small.yaml", "--set", "rank=1,2", "--set", "epochs=1");
    assert.deepEqual(set.members.map(({ stages }: { stages: { steps: number }[] }) => stages[0]!.steps), [1, 1]);
    const { code, stdout } = await inProcess("plan", scene.path("recipes/small.yaml"), "--json");
    assert.deepEqual([code, JSON.parse(stdout).estimate.steps], [0, 3]);
  }));

Deno.test("a recipe replaces a file of columns", () => {
  const data = `refract.tsv("./rows.tsv", { prompt: "{q}\\n", completion: "{a}" })`;
  return inScene({ data, epochs: "1" }, async (scene) => {
    await scene.write("rows.tsv", "q\ta\nThe cat\tsits\n");
    await scene.write("more.tsv", "q\ta\n" + sceneRows.map(({ q, a }) => `${q}\t${a}\n`).join(""));
    await scene.write("more.yaml", "pipeline: pipeline.ts\ndata: { ./rows.tsv: more.tsv }\n");
    assert.equal((await resultsOf(scene, "more.yaml")).members[0].stages[0].steps, sceneRows.length / 4);
    assert.match(await Deno.readTextFile(scene.path("out", "manifest.yaml")), /more\.tsv/);
  });
});

Deno.test("a recipe replaces each of several base models by its source", () => {
  const twoModels = { source: 'sweep("model", ["./model", "./other"])' };
  return inScene(twoModels, async (scene) => {
    await writeTinyModel(scene.path("other"), { seed: 2 });
    await writeTinyModel(scene.path("third"), { seed: 3 });
    const predictions = async (...options: readonly string[]) => {
      await resultsOf(scene, ...options as [string]);
      const of = (member: string) =>
        Deno.readTextFile(scene.path("out", "members", member, "tuned", "predictions.jsonl"));
      return [await of("model=._model"), await of("model=._other")];
    };
    await scene.write("plain.yaml", "pipeline: pipeline.ts\n");
    await scene.write("swap.yml", "pipeline: pipeline.ts\nbase: { ./model: ./other, ./other: ./third }\n");
    const [, other] = await predictions("plain.yaml");
    const [swapped, third] = await predictions("swap.yml");
    assert.equal(swapped, other);
    assert.notEqual(third, other);
    await scene.write("one.yaml", "pipeline: pipeline.ts\nbase: ./third\n");
    const { code, stderr } = await runRecipe(scene, "one.yaml");
    assert.equal(code, 2);
    assert.match(stderr, /one.yaml:2:7: the pipeline has more than one base model; write a mapping from "\.\/model", /);
  });
});

const named = "pipeline: pipeline.ts\n";
const bad: Readonly<Record<string, readonly [text: string | Uint8Array, says: string]>> = {
  "an unknown key": [
    `${named}dta: {}\n`,
    'recipe.yaml:2:1: a recipe has no key "dta"; did you mean "data" (it has "name", "about", "pipeline", "set", ' +
    '"data", "base", "quantize", "provider", "threads", "recorded")',
  ],
  "a list": ["- 1\n", "recipe.yaml:1:1: the recipe is a list; give key: value lines, one of them pipeline"],
  "a text": ["hello\n", 'recipe.yaml:1:1: the recipe is "hello"; give key: value lines, one of them pipeline'],
  "no pipeline": ["threads: 1\n", "recipe.yaml: the recipe names no pipeline; add pipeline: with the path of its file"],
  "an empty pipeline": [
    "pipeline:\n",
    "recipe.yaml:1:10: pipeline is empty; give the path of the pipeline file, relative to the recipe",
  ],
  "a missing pipeline": [
    "pipeline: ./nowhere.ts\n",
    'recipe.yaml:1:11: there is no pipeline file "./nowhere.ts"; give its path, relative to the recipe',
  ],
  "a recipe in a recipe": [
    "pipeline: recipe.yaml\n",
    "recipe.yaml:1:11: a recipe cannot name another recipe; name the pipeline file that the other one names",
  ],
  "a tab": [`${named}set:\n\trank: 1\n`, "recipe.yaml:3:1: a tab indents the line; use spaces"],
  "a key twice": [`${named}${named}`, 'recipe.yaml:2:1: the key "pipeline" is given twice; keep one'],
  "two documents": [`${named}---\n${named}`, "recipe.yaml:2:1: a second document begins; keep one per file"],
  "bytes that are not UTF-8": [
    new Uint8Array([0x61, 0xff, 0xfe]),
    "recipe.yaml: the file is not UTF-8 text; save it as UTF-8",
  ],
  "an alias of itself": [
    `${named}set: &set { rank: *set }\n`,
    "recipe.yaml:2:19: the alias refers to something that contains it; write it out",
  ],
  "a set that is a list": [
    `${named}set: [rank]\n`,
    "recipe.yaml:2:6: set is a list; give a mapping from axes and settings to values, as in rank: [1, 4]",
  ],
  "a value that is a mapping": [
    `${named}set:\n  rank: { a: 1 }\n`,
    "recipe.yaml:3:9: rank is a mapping; give a text, a number, true or false, or a list for an axis",
  ],
  "an empty value": [
    `${named}set:\n  rank: [1, ]\n  epochs:\n`,
    "recipe.yaml:4:10: epochs is empty; give a text, a number, true or false, or a list for an axis",
  ],
  "an empty list": [`${named}set:\n  rank: []\n`, "recipe.yaml:3:9: rank is an empty list; give it a value"],
  "an unknown axis": [
    `${named}set:\n  rnk: 1\n`,
    'recipe.yaml:3:8: there is no such axis or setting as rnk; did you mean "rank" (it has "rank", "epochs")',
  ],
  "an axis's value of the wrong type": [
    `${named}set:\n  rank: [1, high]\n`,
    'recipe.yaml:3:9: "high" has the wrong type for the axis rank; give values such as 1, 2',
  ],
  "a setting out of bounds": [
    `${named}set:\n  epochs: 10\n`,
    "recipe.yaml:3:11: epochs is 10; give a whole number from 1 to 9",
  ],
  "a setting of the wrong type": [
    `${named}set:\n  epochs: "3"\n`,
    'recipe.yaml:3:11: epochs is "3"; give a whole number from 1 to 9',
  ],
  "a list for a setting": [
    `${named}set:\n  epochs: [3]\n`,
    "recipe.yaml:3:11: epochs is a setting and takes one value, unlike an axis; give a whole number from 1 to 9",
  ],
  "data that the pipeline lacks": [
    `${named}data:\n  ./row.jsonl: rows.jsonl\n`,
    'recipe.yaml:3:16: the pipeline has no data "./row.jsonl"; did you mean "./rows.jsonl" (it has "./rows.jsonl")',
  ],
  "a missing data file": [
    `${named}data:\n  ./rows.jsonl: nowhere.jsonl\n`,
    'recipe.yaml:3:17: there is no file "nowhere.jsonl"; give its path, relative to the recipe',
  ],
  "data that are not a path": [
    `${named}data:\n  ./rows.jsonl: 3\n`,
    'recipe.yaml:3:17: the data for "./rows.jsonl" is 3; give the path of a file, relative to the recipe, or ' +
    "{ hub: owner/name, split: … }",
  ],
  "the id of a data set instead of a path": [
    `${named}data:\n  ./rows.jsonl: owner/name\n`,
    'recipe.yaml:3:17: there is no file "owner/name"; give its path, relative to the recipe, or { hub: owner/name } ' +
    "for a hub data set",
  ],
  "an invalid name of a hub data set": [
    `${named}data:\n  ./rows.jsonl: { hub: "owner name" }\n`,
    'recipe.yaml:3:24: hub of the data for "./rows.jsonl" is "owner name"; give the name of a data set, as in owner/name',
  ],
  "a hub data set without its id": [
    `${named}data:\n  ./rows.jsonl: { split: test }\n`,
    'recipe.yaml:3:17: the data for "./rows.jsonl" names no data set; add hub: with its id, as in hub: owner/name',
  ],
  "a hub data set with an unknown key": [
    `${named}data:\n  ./rows.jsonl: { hub: owner/name, spilt: test }\n`,
    'recipe.yaml:3:36: the data for "./rows.jsonl" has no key "spilt"; did you mean "split" (it has "hub", "config", ' +
    '"split", "revision")',
  ],
  "a base model that the pipeline lacks": [
    `${named}base: { ./mdel: ./model }\n`,
    'recipe.yaml:2:17: the pipeline has no base model "./mdel"; did you mean "./model" (it has "./model")',
  ],
  "a missing base model": [
    `${named}base: ./nowhere\n`,
    'recipe.yaml:2:7: there is no folder "./nowhere"; give its path, relative to the recipe',
  ],
  "an unknown builtin model": [
    `${named}base: builtin:tinny\n`,
    'recipe.yaml:2:7: no builtin model is called "tinny"; give one of builtin:tiny',
  ],
  "an unknown provider": [
    `${named}provider: web\n`,
    'recipe.yaml:2:11: there is no provider "web"; use one of those it has: "cpu", "webgpu", "cuda"',
  ],
  "no threads": [`${named}threads: 0\n`, "recipe.yaml:2:10: threads is 0; give a whole number from 1 to 1024"],
  "a name that is not a file name": [
    `${named}name: a/b\n`,
    'recipe.yaml:2:7: the name "a/b" is not a file name; use letters, digits, -, . and _',
  ],
  "a record that no run wrote": [
    `${named}recorded:\n  folder: /x\n`,
    "recipe.yaml:3:3: pipeline of recorded is empty; give what a run wrote, or omit recorded",
  ],
};

for (const [name, [text, says]] of Object.entries(bad)) {
  Deno.test(`bad recipe: ${name}`, () =>
    inScene(parts, async (scene) => {
      await scene.write("recipe.yaml", text);
      const { code, stdout, stderr } = await runRecipe(scene, "recipe.yaml");
      assert.deepEqual([code, stdout], [2, ""]);
      assert.equal(stderr.replaceAll(`${scene.folder}/`, ""), `error: ${says}\n`);
      assert.deepEqual([scene.written, scene.entries], [[], []]);
    }));
}

Deno.test("bad recipe: a missing recipe", () =>
  inScene(parts, async (scene) => {
    const { code, stderr } = await runRecipe(scene, "recipe.yaml");
    assert.deepEqual([code, stderr], [
      2,
      `error: ${scene.path("recipe.yaml")}: there is no such recipe; check the path\n`,
    ]);
  }));
