/** `deno task judge`. @module */
import { basename, extname, join } from "node:path";
import { json } from "../../data/files/json.ts";
import { jsonl } from "../../data/files/jsonl.ts";
import { endpointOf } from "../../tasks/alpaca_eval/endpoint.ts";
import { annotationOf, costOf, judgementsIn, judgePairs, planJudge } from "../../tasks/alpaca_eval/judge.ts";
import { readGamed } from "../../tasks/alpaca_eval/gamed.ts";
import { leaderboardOf } from "../../tasks/alpaca_eval/leaderboard.ts";
import { type OutputRow, outputsOf, paired } from "../../tasks/alpaca_eval/outputs.ts";
import { requireAsWritten } from "../../results/written_files.ts";
import { noteTo } from "../../schedule/context/work.ts";
import { Store } from "../../store/store.ts";
import { command } from "../arguments/command.ts";
import { flag, number, optional, type OptionValues, required, text } from "../arguments/option.ts";
import { callerFolder, callerPath, storeFolder } from "../requests/caller_paths.ts";
import { requireNoLoss, writeFolder } from "../requests/output_folder.ts";
import { terminalEvents } from "../terminal/event_lines.ts";
import type { Terminal } from "../terminal/terminal.ts";

const declared = {
  against: required(text("file"), "the other model's outputs: one { instruction, output } per row"),
  endpoint: required(text("URL"), "an OpenAI-compatible endpoint, as in https://api.openai.com/v1"),
  model: required(text("name"), "the model that judges"),
  key: optional(text("variable"), "the environment variable with the endpoint's key"),
  out: required(text("folder"), "the folder for model_outputs.json, annotations.json and leaderboard.json"),
  generator: optional(text("name"), "the name of the answers' model (default: the file's name)"),
  unweighted: flag("uses the judge's answer, not its log-probabilities"),
  priceIn: optional(number("dollars", 0), "the price of a million input tokens, for the estimate"),
  priceOut: optional(number("dollars", 0), "the price of a million output tokens, for the estimate"),
  gamed: optional(text("file"), "df_gamed.csv of tatsu-lab/alpaca_eval, for the length-controlled win rate"),
  yes: flag("sends the requests; without it the command only says what they would cost"),
  store: optional(text("folder"), "the store that keeps the judge's answers (default: .refract/store)"),
};

type Declared = OptionValues<typeof declared>;

/** Has a model compare answers with another model's, as AlpacaEval does. */
export const judgeCommand = command({
  name: "judge",
  summary: "Has a model behind an OpenAI-compatible endpoint compare answers with another model's, as AlpacaEval does.",
  parameters: [{
    name: "answers",
    help: "AlpacaEval's model_outputs.json, or predictions.jsonl in the order of --against",
  }],
  options: declared,
  examples: [
    "judge predictions.jsonl --against reference.json --endpoint https://api.openai.com/v1 --model gpt-4.1 " +
    "--key OPENAI_API_KEY --out judged --yes",
  ],
  run: ([path], options, { terminal }) => judgeAnswers(path, options, terminal),
});

async function judgeAnswers(path: string, options: Declared, terminal: Terminal): Promise<void> {
  const gamed = options.gamed === undefined ? undefined : await readGamed(options.gamed, callerFolder());
  const endpoint = endpointOf(options, words), weighted = !options.unweighted, against = callerPath(options.against);
  const others = outputsOf(await readRows(against), nameOf(against));
  const outputs = outputsOf(await readRows(callerPath(path)), options.generator ?? nameOf(path), others);
  const store = new Store(storeFolder(options.store)), kept = judgementsIn(store);
  const plan = await planJudge(paired(outputs, others, callerPath(path)), endpoint, weighted, kept);
  terminal.write(`${costOf(plan, endpoint, options, "--price-in and --price-out give dollars")}\n`);
  if (!options.yes && plan.questions > 0) return terminal.write("sent no requests; --yes sends them\n");
  const out = callerPath(options.out);
  // Before answers are paid for.
  await requireNoLoss(out, Object.values(files), isEarlier);
  let answered = 0;
  const preferences = await judgePairs(plan, endpoint, weighted, kept, {
    warn: noteTo(terminalEvents(terminal)),
    onAnswer: () => terminal.live && terminal.write(`\r${++answered}/${plan.pairs.length} compared`),
  });
  const annotations = plan.pairs.map((pair, at) => annotationOf(pair, endpoint.model, preferences[at]!));
  terminal.endLine();
  const board = leaderboardOf(annotations, gamed);
  await writeFolder(out, async (folder) => {
    const contents = { [files.outputs]: outputs, [files.annotations]: annotations, [files.board]: board };
    for (const [name, value] of Object.entries(contents)) {
      await Deno.writeTextFile(join(folder, name), `${JSON.stringify(value, null, 2)}\n`);
    }
  }, isEarlier);
  terminal.print(JSON.stringify(board));
  const unread = annotations.filter(({ preference }) => preference === null).length;
  if (unread > 0) {
    terminal.write(`warning: no preference could be read from ${unread} of ${annotations.length} comparisons\n`);
  }
}

const files = { outputs: "model_outputs.json", annotations: "annotations.json", board: "leaderboard.json" } as const;
const isEarlier = (name: string) => name === files.board;
const words = { endpoint: "--endpoint", key: "--key", example: "--key OPENAI_API_KEY" } as const;

/** The rows of a file: a JSON list, or JSON Lines. */
async function readRows(path: string): Promise<OutputRow[]> {
  await requireAsWritten(path);
  const read = extname(path) === ".json"
    ? json.records({ kind: "json", path }, { base: "/" })
    : jsonl.records({ kind: "jsonl", path }, { base: "/" });
  const rows: OutputRow[] = [];
  for await (const { fields, place } of read) rows.push({ fields, place });
  return rows;
}

function nameOf(path: string): string {
  return basename(path, extname(path));
}
