import assert from "node:assert/strict";
import { lowerAdaptations } from "../../../../pipelines/compile/lower/lower_adaptations.ts";
import { checkedAdaptation } from "../../../../pipelines/schedule/validate/adaptation_checks.ts";
import {
  describeAll,
  type InterventionDescription,
  interventionFileNames,
  lowerDescription,
  readDescription,
} from "../../../../pipelines/compile/parameters/intervention_file.ts";
import type { ShortPrompts } from "../../../../pipelines/spec/mod.ts";
import { assertOneLine, inFolder } from "../../models/support.ts";
import { assertRefused, encoderDecoder, model } from "../support.ts";

type Specs = Parameters<typeof lowerAdaptations>[0];

const at = { blocks: [2, 0], site: "block.output" } as const;
const loreft = { kind: "loreft", at, positions: "l1", rank: 2, tied: false } as const;
const head = { blocks: [1], site: "attention.head.output", head: 1 } as const;
const decoded = { stack: "decoder", blocks: [1], site: "block.output" } as const;

const located: Readonly<Record<string, readonly [Specs, typeof model]>> = {
  "one head": [[{ ...loreft, at: head }], model],
  "no block": [[{ ...loreft, at: { site: "embedding.output" } }], model],
  "a decoder": [[{ ...loreft, at: decoded, positions: "f1" }], encoderDecoder],
  "an encoder's projections": [
    [{ kind: "ia3", stack: "encoder", blocks: [1], modules: ["down_proj"] }],
    encoderDecoder,
  ],
  "an adapter for prompts": [
    [{ kind: "dora", blocks: [1], modules: ["q_proj"], rank: 2, positions: "prompt" }],
    model,
  ],
  "several adaptations": [[loreft, { kind: "lora", blocks: [1], modules: ["q_proj"], rank: 1 }], model],
};

/** The description that is read from intervention.json after it was written. */
async function storedOf(specs: Specs, of: typeof model, folder: string): Promise<InterventionDescription> {
  const text = describeAll({ base: "base", width: of.width }, lowerAdaptations(specs, of));
  await Deno.writeTextFile(`${folder}/${interventionFileNames.description}`, text);
  return await readDescription(folder);
}

/** Records without the functions in them. */
const plain = (value: unknown) => JSON.parse(JSON.stringify(value));

for (const [name, [specs, of]] of Object.entries(located)) {
  Deno.test(`the entries of intervention.json are lowered to the adaptations that they describe: ${name}`, () =>
    inFolder(async (folder) => {
      const expected = lowerAdaptations(specs, of).map(({ index: _, ...adaptation }) => adaptation);
      const found = lowerDescription(await storedOf(specs, of, folder), of, checkedAdaptation);
      assert.deepEqual(plain(found), plain(expected));
    }));
}

Deno.test("a kind that was saved under its former name is read", () =>
  inFolder(async (folder) => {
    const specs: Specs = [{ kind: "gatedDirection", at, positions: "l1", tied: false }];
    const text = describeAll({ base: "base", width: model.width }, lowerAdaptations(specs, model)),
      file = `${folder}/intervention.json`;
    await Deno.writeTextFile(file, text.replaceAll('"gatedDirection"', '"reftR1"'));
    const found = lowerDescription(await readDescription(folder), model, checkedAdaptation);
    assert.deepEqual(found.map(({ kind, block }) => [kind, block]), [["gatedDirection", 2], ["gatedDirection", 0]]);
  }));

Deno.test("positions that a function selects are stored as null and have to be given again", () =>
  inFolder(async (folder) => {
    const stored = await storedOf([{ ...loreft, positions: () => [0] }], model, folder);
    assert.equal(stored.interventions[0]!["positions"], null);
    assertRefused(
      () => lowerDescription(stored, model, checkedAdaptation),
      /a function chose the positions of intervention 0, .*saved\(folder, \{ positions \}\)/,
    );
    const [lowered] = lowerDescription(stored, model, checkedAdaptation, { positions: "f1" });
    assert.ok(lowered?.form === "intervention");
    assert.equal(lowered.positionsText, "f1");
  }));

Deno.test("the rule for short prompts is stored if it is not the paper's, and can be overridden", () =>
  inFolder(async (folder) => {
    const rulesOf = async (short: ShortPrompts, override?: ShortPrompts) => {
      const stored = await storedOf([{ ...loreft, short }], model, folder);
      const [lowered] = lowerDescription(stored, model, checkedAdaptation, { short: override });
      assert.ok(lowered?.form === "intervention");
      return [stored.interventions[0]!["short"], lowered.positions.short];
    };
    assert.deepEqual(await rulesOf("paper"), [undefined, undefined]);
    assert.deepEqual(await rulesOf("pyreft"), ["pyreft", "pyreft"]);
    assert.deepEqual(await rulesOf("pyreft", "paper"), ["pyreft", undefined]);
  }));

Deno.test("an intervention for a model of another width is refused", () =>
  inFolder(async (folder) => {
    const stored = await storedOf([loreft], model, folder);
    assertRefused(
      () => lowerDescription({ ...stored, width: 4 }, model, checkedAdaptation),
      /is for a model of width 4, but this one has 8; use it with its own base model/,
    );
  }));

Deno.test("readDescription() returns the base, its width and its quantization", () =>
  inFolder(async (folder) => {
    const path = `${folder}/${interventionFileNames.description}`;
    await Deno.writeTextFile(
      path,
      describeAll({ base: "base", width: 8, quantize: "q4" }, lowerAdaptations([loreft], model)),
    );
    const { base, width, quantize, interventions } = await readDescription(folder);
    assert.deepEqual([base, width, quantize, interventions.length], ["base", 8, "q4", 2]);
  }));

Deno.test("readDescription() refuses a folder without a valid intervention.json", () =>
  inFolder(async (folder) => {
    await assert.rejects(readDescription(folder), (error) => assertOneLine(error, /there is no intervention\.json; /));
    const cases = [
      ['{"base": "b", "width": 8, "interventions": []}', /does not list a base, a width and interventions/],
      ['{"base": "b", "interventions": [{}]}', /does not list a base, a width and interventions/],
      ['{"base": "b", "width": 8, "quantize": "q2", "interventions": [{}]}', /has the unknown quantize "q2"/],
      ["[]", /must hold a JSON object/],
    ] as const;
    for (const [text, pattern] of cases) {
      await Deno.writeTextFile(`${folder}/${interventionFileNames.description}`, text);
      await assert.rejects(readDescription(folder), (error) => assertOneLine(error, pattern));
    }
  }));
