/** A plan as a graph in the DOT language of Graphviz. @module */
import type { Plan, PlannedProgram } from "../../schedule/plan/plan.ts";

/** Rows, programs and evaluations; programs whose results are all in the store are filled. */
export function formatDot({ pipeline, programs, cache }: Plan): string {
  const nodes = programs.map((program, at) => {
    const users = new Set(program.members);
    const entries = cache.filter(({ kind, members }) => kind === program.name && users.has(members[0]!));
    return `  p${at} [label=${labelOf(program)}${entries.every(({ cached }) => cached) ? ", style=filled" : ""}];`;
  });
  const edges = programs.flatMap(({ name, members }, at) => {
    if (name === "encode") return [`  rows -> p${at};`];
    const encode = programs.findIndex((other) => other.name === "encode" && other.members.includes(members[0]!));
    return [`  ${encode < 0 ? "rows" : `p${encode}`} -> p${at};`, `  p${at} -> evaluations;`];
  });
  const lines = ["  rankdir=LR;", "  node [shape=box];", ...nodes, ...edges];
  return [`digraph ${JSON.stringify(pipeline)} {`, ...lines, "}", ""].join("\n");
}

function labelOf({ name, members, flops }: PlannedProgram): string {
  const users = members.length === 1 ? members[0]! : `${members.length} members`;
  return JSON.stringify(`${name}\n${users}\n${(flops / 1e9).toFixed(1)} GFLOP`);
}
