/** A plan as people read it. @module */
import type { Plan } from "../schedule/plan.ts";
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
  const reasons = new Set(plan.frontiers.map(({ reason }) => `frontier: ${reason}\n`));
  const { steps, flops, bytes } = plan.estimate;
  const estimate = `to run: ${steps} steps, ${(flops / 1e9).toFixed(1)} GFLOP, ${
    (bytes / 1e6).toFixed(1)
  } MB to store\n`;
  const rest = plan.goesOn ? "and then what goes on with the best of these\n" : "";
  return [`pipeline ${plan.pipeline}\n`, members, rest, [...reasons].join(""), programs, estimate].filter((part) =>
    part !== ""
  ).join("\n");
}
