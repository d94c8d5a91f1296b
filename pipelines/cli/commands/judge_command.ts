/** `deno task judge`. @module */
import { basename, extname, join } from "node:path";
import { RequestError } from "../../common/errors.ts";
import { json } from "../../data/files/json.ts";
import { jsonl } from "../../data/files/jsonl.ts";
import { type Endpoint, hostOf } from "../../tasks/alpaca_eval/endpoint.ts";
import { type Annotation, judgePairs, type JudgePlan, planJudge } from "../../tasks/alpaca_eval/judge.ts";
import { lengthControlled } from "../../tasks/alpaca_eval/length_controlled.ts";
import { characters, type OutputRow, outputsOf, paired } from "../../tasks/alpaca_eval/outputs.ts";
import type { Judgement } from "../../tasks/alpaca_eval/question.ts";
import { winRate } from "../../tasks/alpaca_eval/win_rate.ts";
import { Store } from "../../store/store.ts";
import { command } from "../arguments/command.ts";
import { flag, number, optional, type OptionValues, required, text } from "../arguments/option.ts";
import { callerPath, storeFolder } from "../requests/caller_paths.ts";
import { writeFolder } from "../requests/output_folder.ts";
import type { Terminal } from "../terminal/terminal.ts";

const declared = {
  against: required(text("file"), "the other model's outputs: { instruction, output } a row"),
  endpoint: required(text("address"), "an OpenAI-compatible endpoint, as in https://api.openai.com/v1"),
  model: required(text("name"), "the model that judges"),
  key: optional(text("variable"), "the environment variable with the endpoint's key"),
  out: required(text("folder"), "gets model_outputs.json, annotations.json and leaderboard.json"),
  generator: optional(text("name"), "what the answers' model is called; the file's name if omitted"),
  unweighted: flag("takes the judge's word, not its log-probabilities"),
  priceIn: optional(number("dollars", 0), "what a million tokens of questions cost, for the estimate"),
  priceOut: optional(number("dollars", 0), "what a million tokens of answers cost, for the estimate"),
  yes: flag("asks; without it the command only says what asking would cost"),
  store: optional(text("folder"), "where answers are kept"),
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
  const endpoint = endpointOf(options), weighted = !options.unweighted, against = callerPath(options.against);
  const others = outputsOf(await readRows(against), nameOf(against));
  const outputs = outputsOf(await readRows(callerPath(path)), options.generator ?? nameOf(path), others);
  const store = new Store(storeFolder(options.store)), kept = judgementsIn(store);
  const plan = await planJudge(paired(outputs, others, callerPath(path)), endpoint, weighted, kept);
  terminal.write(`${costOf(plan, endpoint, options)}\n`);
  if (!options.yes && plan.questions > 0) return terminal.write("asked nothing; --yes asks\n");
  let answered = 0;
  const annotations = await judgePairs(plan, endpoint, weighted, kept, {
    onAnswer: () => terminal.live && terminal.write(`\r${++answered}/${plan.open.length} compared`),
  });
  terminal.endLine();
  const board = leaderboardOf(annotations);
  await writeFolder(callerPath(options.out), async (folder) => {
    for (const [name, value] of Object.entries({ model_outputs: outputs, annotations, leaderboard: board })) {
      await Deno.writeTextFile(join(folder, `${name}.json`), `${JSON.stringify(value, null, 2)}\n`);
    }
  });
  terminal.print(JSON.stringify(board));
  const unread = annotations.filter(({ preference }) => preference === null).length;
  if (unread > 0) terminal.write(`warning: of ${unread} of ${annotations.length} comparisons no preference was read\n`);
}

/** Where to ask, with the key of the environment. */
function endpointOf({ endpoint, model, key }: Declared): Endpoint {
  const url = URL.parse(endpoint), isHere = ["127.0.0.1", "[::1]", "localhost"].includes(url?.hostname ?? "");
  if (url === null || !["http:", "https:"].includes(url.protocol) || url.username !== "" || url.search !== "") {
    throw new RequestError("--endpoint is not an address of an endpoint; write it as in https://api.openai.com/v1");
  }
  if (url.protocol === "http:" && !isHere) {
    throw new RequestError(`--endpoint would send ${url.host} the key unencrypted; write it with https`);
  }
  const address = url.href.replace(/\/$/, "");
  if (key === undefined && isHere) return { address, model };
  if (key === undefined) {
    throw new RequestError(`${url.host} takes a key; name its variable, as in --key OPENAI_API_KEY`);
  }
  if (!/^[A-Za-z_]\w*$/.test(key)) throw new RequestError("--key takes a variable's name, not the key itself");
  const value = Deno.env.get(key)?.trim();
  if (value === undefined || value === "") throw new RequestError(`the variable ${key} holds no key; set it`);
  return { address, model, key: value };
}

function judgementsIn(store: Store) {
  return {
    get: async (key: string) => await store.getJson("judge", key) as Judgement | undefined,
    put: (key: string, judgement: Judgement) => store.putJson("judge", key, judgement),
  };
}

/** What asking costs, before it is asked. */
function costOf({ open, questions, tokens }: JudgePlan, endpoint: Endpoint, { priceIn, priceOut }: Declared): string {
  const known = open.length - questions,
    prices = priceIn === undefined || priceOut === undefined
      ? "; --price-in and --price-out give dollars"
      : `, about $${((tokens * priceIn + questions * priceOut) / 1e6).toFixed(2)}`;
  return `${questions} questions to ${endpoint.model} at ${
    hostOf(endpoint)
  } (${known} are answered in the store): about ` +
    `${tokens.toLocaleString("en")} tokens in and ${questions} out${questions === 0 ? "" : prices}`;
}

/** The fewest comparisons of which a length's weight is fitted. */
const fewest = 10;

function leaderboardOf(annotations: readonly Annotation[]) {
  const comparisons = annotations.map(({ preference, output_1, output_2 }) => {
    return { preference: preference ?? NaN, length_1: characters(output_1), length_2: characters(output_2) };
  });
  const found = winRate(comparisons.map(({ preference }) => preference));
  const lengths = comparisons.reduce((sum, { length_2 }) => sum + length_2, 0) / comparisons.length;
  const isEven = comparisons.every(({ length_1, length_2 }) =>
    length_1 - length_2 === comparisons[0]!.length_1 -
        comparisons[0]!.length_2
  );
  const controlled = found.n_total < fewest || isEven ? undefined : lengthControlled(comparisons, { kind: "minimal" });
  return {
    ...found,
    avg_length: lengths,
    ...controlled && {
      length_controlled_minimal: controlled.length_controlled_winrate,
      lc_standard_error: controlled.lc_standard_error,
    },
  };
}

/** The rows of a file: a JSON list, or one of JSON lines. */
async function readRows(path: string): Promise<OutputRow[]> {
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
