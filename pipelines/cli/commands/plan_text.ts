/** A plan as text. @module */
import type { Plan, PlanEstimate, PlannedFleet, PlannedMember } from "../../schedule/plan/plan.ts";
import { formatSize } from "../../common/size.ts";
import { counted } from "../../common/counted.ts";
import { formatSeconds, formatTable } from "../terminal/terminal.ts";

/** Longer lists are truncated. */
const mostLines = 20;

/** If there are more members than this, only the first and the last are named. */
const fewMembers = 4;

/** What a plan's terms mean, in the order in which they appear. */
const terms: readonly (readonly [term: string, meaning: string])[] = [
  ["member", "one combination of the values that a sweep varies; it is trained and evaluated separately"],
  ["trainable", "how many numbers it trains, and their share of the base model's parameters, which stay frozen"],
  ["frontier", "where the program is cut: training cannot change what comes before it, so that part is computed once"],
  ["kept", "what is kept of that part for all rows, and the memory it may take (--cache-memory)"],
  ["recomputed", "blocks that each step computes twice, to stay within --activation-memory"],
  ["encode", "the program that computes what is kept, once for all epochs and for all members that share it"],
  ["train", "the program of a step: forward and backward pass and optimizer, only beyond the frontier"],
  ["operations", "nodes in a program's graph; ~ if it was not compiled but estimated from similar programs"],
  ["GFLOP", "floating-point operations of the program's matrix products over the whole run, in billions"],
  ["in the store", "whether an earlier run stored the result; then it is read, and takes no time"],
  [
    "about … s",
    "from how long steps, batches and generated tokens took before, for models of this shape and runs of this size",
  ],
];

/** The plan as text: members, frontiers, programs with what is cached, advice, and the estimate. */
export function formatPlan(plan: Plan, explains = false): string {
  const rest = plan.goesOn ? "and then the stages that continue with the best of these\n" : "";
  const { memory, activations } = plan.budgets;
  const reasons = plan.frontiers.map(({ members, reason, level, bytes, recomputedBlocks }) => {
    const again = recomputedBlocks === 0 ? "" : `recomputed: ${counted(recomputedBlocks, "block")} in each step, ` +
      `so that the longest row takes at most ${formatSize(activations ?? Infinity)}\n`;
    const kept = `kept: ${level}, ${formatSize(bytes)} of at most ${formatSize(memory ?? Infinity)}\n`;
    return { members, says: `${reason}\n${kept}${again}` };
  });
  const frontiers = [...Map.groupBy(reasons, ({ says }) => says)].map(([says, alike]) => {
    const named = alike.flatMap(({ members }) => members);
    return `frontier${plan.members.length === 1 ? "" : ` of ${listed(named)}`}: ${says}`;
  });
  const advice = plan.advice.map((sentence) => `advice: ${sentence}\n`).join("");
  const members = [formatMembers(plan.members), rest, formatQuantized(plan)];
  const samples = plan.samples.map(({ rows, of }) => {
    return `estimated from a sample of ${rows.toLocaleString("en")} of ${of.toLocaleString("en")} rows\n`;
  });
  const parts = [`pipeline ${plan.pipeline}\n`, ...members, frontiers.join(""), advice];
  const meanings = explains ? terms.map(([term, meaning]) => `${term.padEnd(12)}  ${meaning}\n`).join("") : "";
  const fleet = plan.fleet === undefined ? "" : formatFleet(plan.fleet);
  return [...parts, formatPrograms(plan), [...new Set(samples)].join(""), formatEstimate(plan), fleet, meanings]
    .filter((part) => part !== "").join("\n");
}

/** The quantized base models. */
function formatQuantized({ cache }: Plan): string {
  return cache.filter(({ kind }) => kind === "quantize").map(({ key, bytes, cached }) => {
    const state = cached ? "in the store" : key === null ? "to be computed unless the store has it" : "to be computed";
    return `quantized base: ${formatSize(bytes)}, ${state}\n`;
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
      members.length <= fewMembers ? members.join(" ") : `${members.length.toLocaleString("en")} members`,
      `${about}${operations}`,
      `${about}${(flops / 1e9).toFixed(1)}`,
      cached === all ? "yes" : cached === 0 ? "no" : `${cached} of ${all}`,
      (bytes / 1e6).toFixed(2),
    ];
  });
  const header = ["program", "members", "operations", "GFLOP", "in the store", "MB"];
  const most = Math.max(...programs.map(({ parts = 1 }) => parts));
  const inParts = most <= 1
    ? ""
    : `encoded in ${most} parts, each over all rows before the next, because the weights take more than half of --memory\n`;
  return formatTable(header, rows) + andMore(programs.length, "programs") + inParts;
}

function listed(members: readonly string[]): string {
  if (members.length <= fewMembers) return members.join(", ");
  return `${members.length.toLocaleString("en")} members, ${members[0]} to ${members.at(-1)}`;
}

function andMore(count: number, what: string): string {
  return count <= mostLines ? "" : `… and ${(count - mostLines).toLocaleString("en")} more ${what}\n`;
}

function formatEstimate({ estimate, goesOn, budgets: { disk } }: Plan): string {
  const { steps, validations, evaluations, flops, bytes, memory, resident } = estimate;
  const counts = [
    ...steps === 0 ? [] : [counted(steps, "step")],
    ...validations === 0 ? [] : [counted(validations, "validation")],
    ...evaluations === 0 ? [] : [counted(evaluations, "evaluation")],
  ];
  const budget = `the store may hold: ${formatSize(disk ?? Infinity)}\n`;
  if (counts.length === 0 && estimate.seconds === 0) return `${budget}to run: nothing, everything is in the store\n`;
  const work = `${counts.join(", ")}; ${(flops / 1e9).toFixed(1)} GFLOP to encode and train, ${
    (bytes / 1e6).toFixed(1)
  } MB to store, ${(memory / 1e6).toFixed(0)} MB of activations, ${formatSize(resident)} of memory in total\n`;
  return `${budget}to run: ${work}${formatTime(estimate, goesOn)}`;
}

/** The run on many devices. */
function formatFleet(fleet: PlannedFleet): string {
  const { devices, name, seconds, encodeSeconds, bytesMoved, dollars, scaling, stopsAt, limit, basis } = fleet;
  const cost = dollars === undefined ? "" : `, about ${Math.ceil(dollars).toLocaleString("en")} US dollars`;
  const rows = scaling.map((each) => {
    const speed = scaling[0]!.seconds / each.seconds;
    return [each.devices.toLocaleString("en"), formatSeconds(each.seconds), `${speed.toFixed(1)} ×`];
  });
  const by = basis === "measured"
    ? "with rates measured here"
    : "simulated with stated peaks at an assumed 35 % efficiency, a store of 5 GB/s and 16-bit weights";
  return `on ${devices.toLocaleString("en")} ${name}: ${formatSeconds(seconds)}, ${
    formatSeconds(encodeSeconds)
  } of it to ` +
    `encode; ${formatSize(bytesMoved)} moved${cost}; ${by}\n\n${formatTable(["devices", "time", "speed"], rows)}` +
    `beyond ${
      stopsAt.toLocaleString("en")
    } each device does less than half of what a single one does: ${limit} is the bottleneck\n`;
}

/** The basis of a time estimate. */
const bases: { readonly [B in PlanEstimate["basis"]]: string } = {
  model: "from runs of models of this shape here",
  machine: "from runs of other models here, because this one has not run yet",
  assumed: "from an assumed speed, because nothing similar has run here yet",
};

function formatTime({ seconds, parts, range, basis }: PlanEstimate, goesOn: boolean): string {
  const spent = Object.entries(parts).filter(([, part]) => part > 0).map(([name, part]) =>
    `${name} ${formatSeconds(part)}`
  );
  const of = spent.length > 1 ? ` (${spent.join(", ")})` : "", rest = goesOn ? " for these members" : "";
  const between = `${formatSeconds(range.from)} to ${formatSeconds(range.to)}`;
  return `about ${formatSeconds(seconds)}${rest}${of}, likely ${between}, ${bases[basis]}\n`;
}
