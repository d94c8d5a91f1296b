/**
 * A server of SmolLM2 with a trained edit, used by real clients: OpenAI's for Python and for Node, curl, and
 * lm-evaluation-harness's `local-completions`, whose accuracy on documents of ARC-Easy equals that of the model in
 * transformers. REFRACT_OPENAI_PYTHON names a Python that has the packages of pythons/openai.txt, and
 * REFRACT_LM_EVAL_PYTHON one that has lm_eval and torch.
 *
 * @module
 */
import assert from "node:assert/strict";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { adamw, baseModel, block, loreft, pipeline, records, train } from "refract";
import { inFolder } from "../pipelines/models/support.ts";
import { packagesFolder } from "../support/packages.ts";
import { type Server, startServer } from "../support/server.ts";
import { sharedFolder, smollm2Folder } from "../support/shared.ts";
import { runIn } from "../support/trajectory.ts";

const shared = sharedFolder(),
  python = Deno.env.get("REFRACT_OPENAI_PYTHON"),
  peer = Deno.env.get("REFRACT_LM_EVAL_PYTHON");
if (python === undefined) console.log("REFRACT_OPENAI_PYTHON is not set: OpenAI's client for Python is not tried");
if (peer === undefined) console.log("REFRACT_LM_EVAL_PYTHON is not set: the harness is not compared with");

const key = "a key of the test's own";

/** Trains an edit, and runs a test with a server for it. */
function withServer(test: (server: Server, folder: string, model: string) => Promise<void>): Promise<void> {
  return inFolder(async (folder) => {
    const model = await smollm2Folder(shared!);
    const rows = records([{ q: "Name a colour.", a: "Blue" }], { prompt: "{q}", completion: " {a}" });
    await runIn(
      folder,
      folder,
      pipeline("colours", () => {
        const edited = baseModel(model).with(loreft({ at: block(15).output, positions: "l1", rank: 4 }));
        return {
          tuned: train(edited, { data: rows, epochs: 20, batchSize: 1, optimizer: adamw({ learningRate: 0.02 }) }),
        };
      }),
    );
    const args = [join(folder, "out"), "--store", join(folder, "store"), "--api-key", "SERVER_KEY", "--model", model];
    const server = await startServer(args, { SERVER_KEY: key });
    try {
      await test(server, folder, model);
    } finally {
      server.stop();
      assert.deepEqual(await server.ended, { code: 0, stderr: "" });
    }
  });
}

/** Runs a program, and returns the JSON on its last line. */
async function printed<T>(
  program: string,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<T> {
  const { success, stdout, stderr } = await new Deno.Command(program, { args: [...args], env }).output();
  assert.ok(success, new TextDecoder().decode(stderr));
  return JSON.parse(new TextDecoder().decode(stdout).trim().split("\n").at(-1)!);
}

/** The output of openai_client.py and openai_client.mjs. */
interface Found {
  readonly models: readonly string[];
  readonly completion: string;
  readonly tokens: readonly string[];
  readonly usage: number;
  readonly chat: string;
  readonly chatStream: string;
  readonly edited: string;
  readonly editedStream: string;
  readonly strength0: string;
  readonly drawn: readonly (readonly string[])[];
  readonly rated: number;
  readonly developer: string;
  readonly system: string;
  readonly streamed: number;
  readonly errors: readonly (readonly [string, number, string])[];
}

Deno.test({
  name: "OpenAI's clients for Python and Node, and curl, get a server's models and completions",
  ignore: shared === undefined || python === undefined,
  fn: () =>
    withServer(async ({ address }, folder) => {
      const edited = "out:main", script = (name: string) => fileURLToPath(new URL(name, import.meta.url));
      const byPython = await printed<Found>(python!, [script("openai_client.py"), address, key, edited]);
      assert.deepEqual(byPython.models, ["base", edited]);
      assert.match(byPython.completion, /^The capital of France is Paris/);
      assert.equal(byPython.tokens.join(""), byPython.completion);
      assert.equal(byPython.usage, 11);
      assert.equal(byPython.chatStream, byPython.chat);
      assert.equal(byPython.editedStream, byPython.edited);
      assert.notEqual(byPython.edited, byPython.chat);
      assert.equal(byPython.strength0, byPython.chat);
      const [[one, two] = [], again] = byPython.drawn;
      assert.deepEqual(again, [one, two]);
      assert.notEqual(one, two);
      assert.equal(byPython.rated, 8);
      assert.equal(byPython.developer, byPython.system);
      assert.notEqual(byPython.developer, byPython.chat);
      assert.equal(byPython.streamed, 8);
      assert.deepEqual(byPython.errors.map(([name, status]) => [name, status]), [
        ["NotFoundError", 404],
        ["BadRequestError", 400],
        ["NotFoundError", 404],
        ["NotFoundError", 404],
        ["BadRequestError", 400],
        ["AuthenticationError", 401],
      ]);

      const packages = await packagesFolder(["openai@7.59.0"]);
      if (packages !== undefined) {
        const program = join(packages, "openai_client.mjs");
        await Deno.copyFile(script("openai_client.mjs"), program);
        assert.deepEqual(await printed<Found>("node", [program, address, key, edited]), byPython);
      }

      const body = JSON.stringify({ model: "base", prompt: "The capital of France is", max_tokens: 6, temperature: 0 });
      const asked = ["-s", `${address}/completions`, "-H", `Authorization: Bearer ${key}`, "-d", body];
      const { choices: [{ text }] } = await printed<{ choices: [{ text: string }] }>("curl", asked);
      assert.ok(byPython.completion.endsWith(text));
      assert.ok(folder !== "");
    }),
});

/** The number of scored documents of ARC-Easy. */
const documents = 100;

Deno.test({
  name: `lm_eval's local-completions scores ${documents} documents of ARC-Easy on a server as with transformers`,
  ignore: shared === undefined || python === undefined || peer === undefined,
  fn: () =>
    withServer(async ({ address }, folder, model) => {
      const text = await Deno.readTextFile(join(shared!, "tasks", "data", "raw", "arc_easy.test.jsonl"));
      const tasks = join(folder, "tasks");
      await Deno.mkdir(tasks);
      await Deno.writeTextFile(join(tasks, "docs.jsonl"), text.trimEnd().split("\n").slice(0, documents).join("\n"));
      await Deno.writeTextFile(join(tasks, "served_arc.yaml"), taskText(join(tasks, "docs.jsonl")));
      const scores = async (
        program: string,
        kind: string,
        args: string,
        env: Readonly<Record<string, string>> = {},
      ) => {
        const out = join(folder, kind);
        const { success, stderr } = await new Deno.Command(program, {
          args: [
            "-m",
            "lm_eval",
            "--model",
            kind,
            "--model_args",
            args,
            "--tasks",
            "served_arc",
            "--include_path",
            tasks,
            "--output_path",
            out,
            "--batch_size",
            "8",
            "--device",
            "cpu",
          ],
          env: {
            ...env,
            HF_HUB_OFFLINE: "1",
            HF_DATASETS_CACHE: join(folder, "datasets"),
            TOKENIZERS_PARALLELISM: "false",
          },
        }).output();
        assert.ok(success, new TextDecoder().decode(stderr).slice(-3000));
        for await (const { name, isDirectory } of Deno.readDir(out)) {
          const file = isDirectory ? await Array.fromAsync(Deno.readDir(join(out, name))) : [];
          const [results] = file.filter((each) => each.name.startsWith("results"));
          if (results === undefined) continue;
          const found = JSON.parse(await Deno.readTextFile(join(out, name, results.name)));
          return [found.results.served_arc["acc,none"], found.results.served_arc["acc_norm,none"]];
        }
        throw new Error(`${out} has no results`);
      };
      const served = `model=base,base_url=${address}/completions,tokenizer=${model},num_concurrent=2`;
      const byServer = await scores(python!, "local-completions", served, { OPENAI_API_KEY: key });
      const byTransformers = await scores(peer!, "hf", `pretrained=${model},dtype=float32`);
      console.log(
        `acc and acc_norm: ${byServer.join(" and ")} by the server, ${byTransformers.join(" and ")} by transformers`,
      );
      assert.deepEqual(byServer, byTransformers);
    }),
});

/** A task of the harness for a file of ARC-Easy's documents, like the harness's own. */
function taskText(file: string): string {
  return `task: served_arc
dataset_path: json
dataset_kwargs:
  data_files:
    test: ${file}
output_type: multiple_choice
test_split: test
doc_to_text: "Question: {{question}}\\nAnswer:"
doc_to_target: gold
doc_to_choice: choices
metric_list:
  - metric: acc
    aggregation: mean
    higher_is_better: true
  - metric: acc_norm
    aggregation: mean
    higher_is_better: true
`;
}
