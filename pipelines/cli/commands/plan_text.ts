/** A plan as text. @module */
import type { Plan, PlannedMember } from "../../schedule/plan/plan.ts";
import { formatSize } from "../../common/size.ts";
import { formatSeconds, formatTable } from "../terminal/terminal.ts";

/** Longer lists are cut. */
const mostLines = 20;

/** The plan as text: members, frontiers, programs with what is cached, advice, and the estimate. */
export function formatPlan(plan: Plan): string {
  const rest = plan.goesOn ? "and then what continues with the best of these\n" : "";
  const { memory, activations } = plan.budgets;
  const reasons = new Set(plan.frontiers.map(({ reason, level, bytes, recomputedBlocks }) => {
    const again = recomputedBlocks === 0
      ? ""
      : `recomputed: ${recomputedBlocks === 1 ? "1 block" : `${recomputedBlocks} blocks`} in each step, ` +
        `for the longest row to take ${formatSize(activations ?? Infinity)} at most\n`;
    const kept = `kept: ${level}, ${formatSize(bytes)} of at most ${formatSize(memory ?? Infinity)}\n`;
    return `frontier: ${reason}\n${kept}${again}`;
  }));
  const advice = plan.advice.map((sentence) => `advice: ${sentence}\n`).join("");
  const members = [formatMembers(plan.members), rest, formatQuantized(plan)];
  const samples = plan.samples.map(({ rows, of }) => {
    return `estimated from a sample of ${rows.toLocaleString("en")} rows, of ${of.toLocaleString("en")}\n`;
  });
  const parts = [`pipeline ${plan.pipeline}\n`, ...members, [...reasons].join(""), advice];
  return [...parts, formatPrograms(plan), [...new Set(samples)].join(""), formatEstimate(plan)].filter((part) =>
    part !== ""
  ).join("\n");
}

/** The base models in a few bits. */
function formatQuantized({ cache }: Plan): string {
  return cache.filter(({ kind }) => kind === "quantize").map(({ key, bytes, cached }) => {
    const state = cached ? "in the store" : key === null ? "to be made unless the store has it" : "to be made";
    return `base in a few bits: ${formatSize(bytes)}, ${state}\n`;
  }).join("");
}

function formatMembers(members: readonly PlannedMember[]): string {
  const rows = members.slice(0, mostLines).map(({ id, trainableParameters, share }) => {
    return [id, trainableParameters.toLocaleString("en"), `${(100 * share).toPrecision(4)} %`];
  });
  return formatTable(["member", "trainable", "share of base"], rows) + andMore(members.length, "members");
}

function formatPrograms({ programs, cache }: Plan): string {
  const rows = programs.slice(0, mostLines).map(({ name, members, operations, flops, isEstimate }) => {
    const users = new Set(members), about = isEstimate ? "~" : "";
    const entries = cache.filter((entry) => entry.kind === name && users.has(entry.members[0]!));
    const cached = entries.filter((entry) => entry.cached).length, all = entries.length;
    const bytes = entries.reduce((sum, { bytes }) => sum + bytes, 0);
    return [
      name,
      members.length <= 4 ? members.join(" ") : `${members.length.toLocaleString("en")} members`,
      `${about}${operations}`,
      `${about}${(flops / 1e9).toFixed(1)}`,
      cached === all ? "yes" : cached === 0 ? "no" : `${cached} of ${all}`,
      (bytes / 1e6).toFixed(2),
    ];
  });
  const header = ["program", "members", "operations", "GFLOP", "in the store", "MB"];
  return formatTable(header, rows) + andMore(programs.length, "programs");
}

function andMore(count: number, what: string): string {
  return count <= mostLines ? "" : `… and ${(count - mostLines).toLocaleString("en")} more ${what}\n`;
}

function formatEstimate({ estimate, budgets: { disk } }: Plan): string {
  const { steps, validations, flops, bytes, memory, seconds, rates, isMeasured } = estimate;
  const validated = validations === 0 ? "" : `${validations.toLocaleString("en")} validations, `;
  const work = `${steps.toLocaleString("en")} steps, ${validated}${(flops / 1e9).toFixed(1)} GFLOP, ${
    (bytes / 1e6).toFixed(1)
  } MB`;
  const rate = `${(rates.train / 1e9).toPrecision(3)} GFLOP/s ${isMeasured ? "measured here" : "assumed"}`;
  const time = `about ${formatSeconds(seconds)} to encode and train at ${rate}, evaluations aside\n`;
  const budget = `the store may hold: ${formatSize(disk ?? Infinity)}\n`;
  return `${budget}to run: ${work} to store, ${(memory / 1e6).toFixed(0)} MB of activations\n${
    steps === 0 ? "" : time
  }`;
}
