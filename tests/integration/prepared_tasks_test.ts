/**
 * Tasks' rows encoded by SmolLM2's tokenizer, compared with pyreft's own data preparation in ../shared: ids, labels and
 * edited tokens.
 *
 * @module
 */
import assert from "node:assert/strict";
import { join } from "node:path";
import { task } from "refract";
import { isEdited } from "../../pipelines/compile/lower/edited_tokens.ts";
import { positionsOf, type Side, sidesOf } from "../../pipelines/compile/lower/positions.ts";
import { tokenize } from "../../pipelines/data/examples.ts";
import { loadRows } from "../../pipelines/data/rows.ts";
import { openModel } from "../../pipelines/models/open/model.ts";
import { inFolder } from "../pipelines/models/support.ts";
import { sharedFolder, smollm2Folder } from "../support/shared.ts";
import { readGolden } from "../support/task_goldens.ts";

const shared = sharedFolder();

/** An example prepared by pyreft. */
interface Prepared {
  readonly task: string;
  readonly split: "train" | "test";
  readonly max_length: number;
  readonly positions: string;
  readonly share_weights: boolean;
  readonly num_interventions: number;
  readonly item: Readonly<Record<string, unknown>>;
  readonly input_ids: readonly number[];
  readonly labels?: readonly number[];
  readonly attention_mask: readonly number[];
  readonly intervention_locations: readonly (readonly number[])[];
}

/** Refract's tasks by pyreft's names. */
const names = {
  commonsense: "boolq",
  math: "AddSub",
  gsm8k: "gsm8k_own",
  alpaca: "alpaca",
  ultrafeedback: "ultrafeedback",
  ultrafeedback_pair: "ultrafeedback_pair",
} as const;

Deno.test({
  name: "ids, labels and edited tokens are pyreft's",
  ignore: shared === undefined,
  fn: () =>
    inFolder(async (folder) => {
      const { tokenizer } = await openModel(await smollm2Folder(shared!), { base: folder });
      const { cases } = await readGolden<{ readonly cases: readonly Prepared[] }>("pyreft.prepare");
      let compared = 0;
      for (const [at, each] of cases.entries()) {
        const name = names[each.task as keyof typeof names], path = join(folder, `${at}.jsonl`);
        await Deno.writeTextFile(path, `${JSON.stringify(each.item)}\n`);
        const rows = await loadRows(task(name, { data: path })[each.split], folder);
        const cutsPrompt = each.split === "test";
        const limits = { maxContext: 2048, maxLength: each.max_length, truncate: "right", cutsPrompt } as const;
        // pyreft prepends a pad token, which nothing attends to.
        const theirs = each.input_ids.slice(1), labels = (each.labels ?? []).slice(1);
        if (each.split === "train" && labels.every((label) => label === -100)) {
          assert.throws(() => tokenize(rows, tokenizer, limits), /leaves nothing of its completion within maxLength/);
          compared++;
          continue;
        }
        const [example] = tokenize(rows, tokenizer, limits), { prompt, completion, reads } = example!;
        const where = `${each.task} ${each.split} ${at}`;
        if (each.split === "test") assert.deepEqual(prompt, theirs, where);
        else {
          const read = reads?.tokens ?? completion, untaught = new Array(read.length - completion.length).fill(-100);
          assert.deepEqual([...prompt, ...read], theirs, where);
          assert.deepEqual([...prompt.map(() => -100), ...completion, ...untaught], labels, where);
          const seen = prompt.length + (reads?.seen ?? completion.length);
          assert.deepEqual(theirs.map((_, at) => Number(at < seen)), each.attention_mask.slice(1), where);
        }
        const positions = positionsOf(each.positions, undefined, "pyreft");
        const sides = sidesOf(positions, each.share_weights), count = each.num_interventions / sides.length;
        const edited = (side: Side) =>
          prompt.flatMap((_, index) => isEdited({ positions, side }, example!, index) ? [index + 1] : []);
        const located = each.intervention_locations.map((list) => list.filter((place) => place > 0));
        assert.deepEqual(sides.flatMap((side) => Array.from({ length: count }, () => edited(side))), located, where);
        compared++;
      }
      assert.equal(compared, cases.length);
    }),
});
