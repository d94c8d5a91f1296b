import assert from "node:assert/strict";
import { gradients } from "../../../ops/passes/autodiff.ts";
import * as o from "../../../ops/operators.ts";
import { type ObjectiveName, objectives } from "../../../ops/objectives/mod.ts";
import type { Answer } from "../../../ops/objectives/objective.ts";
import { input, parameter, type Program } from "../../../ops/program/program.ts";
import { mapRecord } from "../../../pipelines/common/map_record.ts";
import { interpret } from "../reference.ts";
import { tensor } from "../tensor.ts";

/** The scores of two answers, and the settings of all objectives. */
interface Case {
  readonly chosen: readonly [score: number, tokens: number, reference: number];
  readonly rejected: readonly [score: number, tokens: number, reference: number];
  readonly settings: Readonly<Record<string, number>>;
}

const cases: readonly Case[] = [
  {
    chosen: [-12, 4, -14],
    rejected: [-9, 3, -8],
    settings: { beta: 0.3, labelSmoothing: 0.1, gamma: 0.5, scale: 1, centering: 0.2 },
  },
  {
    chosen: [-900, 9, -20],
    rejected: [-1, 1, -70],
    settings: { beta: 2, labelSmoothing: 0, gamma: 0, scale: 0.5, centering: 0 },
  },
];

const negativeLogSigmoid = (x: number) => x > 0 ? Math.log1p(Math.exp(-x)) : Math.log1p(Math.exp(x)) - x;

/** Losses and rewards by the papers' formulas. */
const expected: Readonly<
  Record<ObjectiveName, (of: Case) => readonly [loss: number, chosen: number, rejected: number]>
> = {
  dpo({ chosen: [p, , q], rejected: [r, , s], settings: { beta = 0, labelSmoothing = 0 } }) {
    const [better, worse] = [beta * (p - q), beta * (r - s)], margin = better - worse;
    const loss = (1 - labelSmoothing) * negativeLogSigmoid(margin) + labelSmoothing * negativeLogSigmoid(-margin);
    return [loss, better, worse];
  },
  ipo({ chosen: [p, n, q], rejected: [r, m, s], settings: { beta = 0 } }) {
    const [better, worse] = [(p - q) / n, (r - s) / m];
    return [(better - worse - 1 / (2 * beta)) ** 2, beta * better, beta * worse];
  },
  simpo({ chosen: [p, n], rejected: [r, m], settings: { beta = 0, gamma = 0 } }) {
    return [negativeLogSigmoid(beta * p / n - beta * r / m - gamma), beta * p / n, beta * r / m];
  },
  reps({ chosen: [p, n, q], rejected: [r, m, s], settings: { scale = 0 } }) {
    const better = Math.max(scale * (s - q), 1) * p / n;
    return [negativeLogSigmoid(better - r / m), better, r / m];
  },
  bradleyTerry({ chosen: [p], rejected: [r], settings: { centering = 0 } }) {
    return [negativeLogSigmoid(p - r) + centering * (p + r) ** 2, p, r];
  },
};

/** Losses, rewards and the loss's gradient with respect to both scores. */
function programOf(name: ObjectiveName): Program {
  const { compare, settings } = objectives[name];
  const answer = (which: string): Answer => ({
    score: parameter(`${which}.score`, [1, 1]),
    tokens: input(`${which}.tokens`, [1, 1]),
    reference: input(`${which}.reference`, [1, 1]),
  });
  const pair = { chosen: answer("chosen"), rejected: answer("rejected") };
  const { losses, chosenRewards, rejectedRewards } = compare(pair, mapRecord(settings, (_, each) => input(each, [])));
  const [chosen, rejected] = gradients(o.reduceSum(losses, [0, 1]), [pair.chosen.score, pair.rejected.score]);
  return { name, outputs: { losses, chosenRewards, rejectedRewards, chosen: chosen!, rejected: rejected! } };
}

function found(name: ObjectiveName, { chosen, rejected, settings }: Case): readonly number[] {
  const fed = ([score, tokens, reference]: Case["chosen"], which: string) => [
    [`${which}.score`, tensor([1, 1], [score])] as const,
    [`${which}.tokens`, tensor([1, 1], [tokens])] as const,
    [`${which}.reference`, tensor([1, 1], [reference])] as const,
  ];
  const numbers = Object.entries(settings).map(([each, value]) => [each, tensor([], [value])] as const);
  const leaves = Object.fromEntries([...fed(chosen, "chosen"), ...fed(rejected, "rejected"), ...numbers]);
  const outputs = interpret(programOf(name), { symbols: {}, leaves });
  return Object.values(outputs).map(({ data }) => data[0]!);
}

for (const name of Object.keys(objectives) as ObjectiveName[]) {
  Deno.test(`${name} computes the paper's loss and rewards, and the gradient`, () => {
    for (const each of cases) {
      const [loss, better, worse, ...slopes] = found(name, each), wanted = expected[name](each);
      [loss, better, worse].forEach((value, at) => {
        assert.ok(
          Math.abs(value! - wanted[at]!) <= 1e-6 * Math.max(1, Math.abs(wanted[at]!)),
          `${value} is not ${wanted[at]}`,
        );
      });
      (["chosen", "rejected"] as const).forEach((which, at) => {
        const step = 1e-4, [score, ...rest] = each[which];
        const at_ = (by: number) => expected[name]({ ...each, [which]: [score + by, ...rest] })[0];
        const slope = (at_(step) - at_(-step)) / (2 * step);
        assert.ok(
          Math.abs(slopes[at]! - slope) <= 1e-5 * Math.max(1, Math.abs(slope)),
          `${slopes[at]} is not ${slope}`,
        );
      });
    }
  });
}
