/** Invalid axes. @module */
import { editing, type Mistake, training } from "./scene.ts";

/** Invalid axes of a sweep. */
export const sweeps: readonly Mistake<string>[] = [
  [
    "one value",
    editing('rank: sweep("rank", 4)'),
    'pipeline.ts:11:78: the axis rank takes a list of values but is given 4; write sweep("rank", [4])',
  ],
  [
    "values as separate arguments",
    editing('rank: sweep("rank", 1, 2)'),
    'pipeline.ts:11:78: the axis rank takes a list of values but is given 1, 2; write sweep("rank", [1, 2])',
  ],
  [
    "no values",
    editing('rank: sweep("rank")'),
    'pipeline.ts:11:78: the second argument of sweep is missing; give a list, as in sweep("rank", [1, 4])',
  ],
  [
    "no name",
    editing("rank: sweep([1, 2])"),
    'pipeline.ts:11:78: the first argument of sweep is a list; give a text, as in sweep("rank", [1, 4])',
  ],
  [
    "an empty list",
    editing('rank: sweep("rank", [])'),
    "pipeline.ts:11:78: the axis rank is empty; give it at least one value",
  ],
  [
    "a repeated value",
    editing('rank: sweep("rank", [1, 1])'),
    "pipeline.ts:11:78: the axis rank has 1 twice; give each value once",
  ],
  [
    "a set",
    editing('rank: sweep("rank", new Set([1]))'),
    'pipeline.ts:11:78: the second argument of sweep is an object; give a list, as in sweep("rank", [1, 4])',
  ],
  [
    "a text among numbers",
    editing('rank: sweep("rank", [1, "2"])'),
    'pipeline.ts:11:16: rank is "2"; give a whole number from 1 to the model\'s width',
  ],
  [
    "zip of a list",
    editing("rank: zip([1, 2])"),
    'pipeline.ts:11:78: the first argument of zip is a list; give an axis, as in zip(sweep("layer", [5, 9]), sweep("rank", [8, 4]))',
  ],
  [
    "zip of unequal lengths",
    editing('rank: zip(sweep("a", [1]), sweep("b", [1, 2]))[0]'),
    "pipeline.ts:11:78: zip pairs the values of axes, but a has 1 and b has 2; give both the same number of values",
  ],
  [
    "concat of lists",
    editing("rank: concat([1], [2])"),
    'pipeline.ts:11:78: the first argument of concat is a list; give an axis, as in concat(sweep("rank", [1, 4]), sweep("rank", [8]))',
  ],
  [
    "repeat of a number",
    training("seed: repeat(3)"),
    "pipeline.ts:13:96: the first argument of repeat is 3; give its settings, as in repeat({ seeds: [42, 43, 44] })",
  ],
  [
    "repeat without a list",
    training("seed: repeat({ seeds: 3 })"),
    "pipeline.ts:13:96: seeds is 3; give a list of seeds, as in repeat({ seeds: [42, 43, 44] })",
  ],
  [
    "a misspelt option of repeat",
    training("seed: repeat({ seed: [1] })"),
    'pipeline.ts:13:96: the first argument of repeat has no setting "seed"; did you mean "seeds" (it has "seeds", "name"), as in repeat({ seeds: [42, 43, 44] })',
  ],
  [
    "best of a training",
    { result: "{ score: evaluate(best(tuned, loss()), { data: held, metrics: [loss()] }) }" },
    "pipeline.ts:14:28: the first argument of best is of the kind train; give an evaluation, as in best(evaluate(…), exactMatch())",
  ],
  [
    "best by a metric's name",
    {
      result:
        '{ score: evaluate(best(evaluate(tuned, { data: held, metrics: [loss()] }), "loss"), { data: held, metrics: [loss()] }) }',
    },
    'pipeline.ts:14:28: the second argument of best is "loss"; give a metric call, as in best(evaluate(…), exactMatch())',
  ],
];
