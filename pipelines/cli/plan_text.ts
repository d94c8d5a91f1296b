/** A plan as people read it. @module */
import type { Plan } from "../schedule/plan.ts";
import { formatSize } from "../store/size.ts";
import { formatTable } from "./terminal.ts";

/** The plan as text: members, frontiers, programs with what is cached, and the estimate. */
export function formatPlan(plan: Plan): string {
  const members = formatTable(
    ["member", "trainable", "share of base"],
    plan.members.map(({ id, trainableParameters, share }) => [
      id,
      trainableParameters.toLocaleString("en"),
      `${(100 * share).toPrecision(4)} %`,
    ]),
  );
  const programs = formatTable(
    ["program", "members", "operations", "GFLOP", "in the store", "MB"],
    plan.programs.map(({ name, members, operations, flops }, index) => {
      const { cached, bytes } = plan.cache[index]!;
      const shown = [name, members.join(" "), String(operations), (flops / 1e9).toFixed(1)];
      return [...shown, cached ? "yes" : "no", (bytes / 1e6).toFixed(2)];
    }),
  );
  const { memory, disk } = plan.budgets;
  const reasons = new Set(
    plan.frontiers.map(({ reason, level, bytes }) =>
      `frontier: ${reason}\nkept: ${level}, ${formatSize(bytes)} of at most ${formatSize(memory ?? Infinity)}\n`
    ),
  );
  const budget = `the store may hold: ${formatSize(disk ?? Infinity)}\n`;
  const { steps, flops, bytes } = plan.estimate;
  const estimate = `to run: ${steps} steps, ${(flops / 1e9).toFixed(1)} GFLOP, ${
    (bytes / 1e6).toFixed(1)
  } MB to store\n`;
  return [`pipeline ${plan.pipeline}\n`, members, [...reasons].join(""), programs, budget + estimate].join("\n");
}
