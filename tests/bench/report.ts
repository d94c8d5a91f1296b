/** The results as Markdown. @module */
import type { BenchResults, FigureResult, GenerationResult, JobResult, SideResult, Summary } from "./results.ts";

/** Seconds with three digits. */
function seconds(value: number): string {
  return `${value >= 100 ? value.toFixed(0) : value.toPrecision(3)} s`;
}

function times(value: number): string {
  return `${value >= 100 ? value.toFixed(0) : value.toPrecision(value >= 10 ? 3 : 2)}×`;
}

const gigaflops = (value: number) => (value / 1e9).toPrecision(3);

/** A Markdown table; empty if it has no rows. */
function table(header: readonly string[], rows: readonly (readonly string[])[]): string {
  if (rows.length === 0) return "";
  const line = (cells: readonly string[]) => `| ${cells.join(" | ")} |`;
  return [line(header), line(header.map((_, column) => (column === 0 ? "---" : "--:"))), ...rows.map(line)].join("\n");
}

function figureRow({ peer, refract }: JobResult, figure: FigureResult): string[] {
  const { kind, title, ratio, target, fewerFlops, fasterFlops } = figure;
  const shown = (side: SideResult) => `${seconds(side[kind].median)} (${seconds(side[kind].best)})`;
  const split = `${times(fewerFlops)} · ${times(fasterFlops)}`;
  return [title, shown(peer), shown(refract), `**${times(ratio)}**`, `≥ ${target}×`, split];
}

function figureTable(jobs: readonly JobResult[]): string {
  const header = ["job", "peer", "Refract", "faster", "target", "fewer operations · faster per operation"];
  return table(header, jobs.flatMap((job) => job.figures.map((figure) => figureRow(job, figure))));
}

function limitTable(jobs: readonly JobResult[]): string {
  const header = ["job", "program", "GFLOP a run", "GFLOP/s", "ONNX Runtime's own GFLOP/s", "share"];
  const rows = jobs.flatMap(({ title, programs }) =>
    programs.flatMap(({ name, flops, runs, rate, limit }) =>
      limit === undefined ? [] : [[
        title,
        name,
        gigaflops(flops / runs),
        gigaflops(rate),
        gigaflops(limit.rate),
        `${(100 * rate / limit.rate).toFixed(0)} %`,
      ]]
    )
  );
  return table(header, rows);
}

function memoryTable(jobs: readonly JobResult[]): string {
  const megabytes = (bytes: number) => `${(bytes / 1e6).toFixed(0)} MB`;
  const rows = jobs.flatMap(({ title, memory }) =>
    memory === undefined ? [] : [[
      title,
      megabytes(memory.own),
      "≤ 1000 MB",
      megabytes(memory.Private_Clean),
      megabytes(memory.Rss),
    ]]
  );
  const header = ["job", "private memory", "target", "mapped files", "resident in all"];
  return table(header, rows);
}

function lossTable(jobs: readonly JobResult[]): string {
  const rows = jobs.map(({ title, refract, lossDifference }) => [
    title,
    String(refract.losses.flat().length),
    lossDifference.toExponential(1),
    "≤ 1e-3",
  ]);
  return table(["job", "losses compared", "largest relative difference", "target"], rows);
}

function generationTable({ batches }: GenerationResult): string {
  const shown = ({ median, best }: Summary) => `${median.toPrecision(3)} (${best.toPrecision(3)})`;
  const rows = batches.map(({ batch, prompts, target, peer, refract, ratio }) => [
    batch === prompts ? `${batch}` : `${batch} (${prompts} prompts, one after the other)`,
    shown(peer.rate),
    shown(refract.rate),
    `**${times(ratio)}**`,
    `≥ ${target}×`,
  ]);
  return table(["batch", "transformers tokens/s", "Refract tokens/s", "faster", "target"], rows);
}

/** The tables, with their explanation and the conditions of the measurement. */
export function formatReport({ machine, threads, runs, jobs, generation }: BenchResults): string {
  const described = Object.entries(machine).map(([name, value]) => `${name} ${value}`).join(", ");
  const scaled = jobs.filter(({ peer }) => peer.scaledBy !== 1).map(({ title, peer }) =>
    `Of "${title}" the peer trained ${peer.losses.length}, and its seconds are scaled by ${peer.scaledBy}.`
  );
  const turns = runs === 1 ? "once each" : `alternating, ${runs} times each`;
  const parts = [
    `SmolLM2-135M in float32, ${threads} threads; both sides ${turns}: the median, with the best in brackets.`,
    ...section(
      [
        "Training, in batches of 8. The peer is pyreft, or peft where the job says so. Steps are taken from the second",
        `half; a cold run is the whole process with a new store. ${scaled.join(" ")}`,
      ],
      figureTable(jobs),
      [
        "The peer's operations are counted by formula (all tokens forward, padding and all logits included; backward",
        "through the head and the blocks above the lowest edit, and through what follows an adapter in its block),",
        'Refract\'s from its programs; both count only matrix products. "Faster per operation" also includes everything that',
        "is not a matrix product and, in cold runs, startup.",
      ],
    ),
    ...(generation === undefined ? [] : section(
      [
        "Greedy generation: Refract with a LoReFT edit (`l1`, block 15, rank 4), transformers with the model",
        `alone. The prompts are MultiArith questions, continued by at most ${generation.newTokens} tokens. Tokens`,
        "count up to the end of their row, and seconds only in the calls that generate them:",
      ],
      generationTable(generation),
    )),
    ...section(
      [
        "How close the programs come to the limit: the rate at which ONNX Runtime runs only the same matrix",
        "products, over the same mapped weights, in the same run:",
      ],
      limitTable(jobs),
    ),
    ...section(
      [
        "Peaks of a Refract run, sampled every 50 ms. Private memory is what the process itself wrote (dirty or",
        "anonymous pages); pages of mapped files, the weights, belong to the page cache:",
      ],
      memoryTable(jobs),
    ),
    ...section(
      ["Losses of every step against the peer's, from the same initial values over the same rows:"],
      lossTable(jobs),
    ),
    `Measured on: ${described}.`,
  ];
  return parts.join("\n\n") + "\n";
}

/** A table with the text before and after it; nothing if it is empty. */
function section(before: readonly string[], table: string, after: readonly string[] = []): string[] {
  if (table === "") return [];
  return [before.join(" ").trim(), table, after.join(" ")].filter((part) => part !== "");
}

const markers = { start: "<!-- bench:start -->", end: "<!-- bench:end -->" } as const;

/** A README with the report between its markers; unchanged if it has none. */
export function insertReport(readme: string, report: string): string {
  const start = readme.indexOf(markers.start), end = readme.indexOf(markers.end);
  if (start === -1 || end < start) return readme;
  return `${readme.slice(0, start)}${markers.start}\n\n${report}\n${readme.slice(end)}`;
}
