/** `deno task export`. @module */
import { RequestError } from "../../common/errors.ts";
import { command } from "../arguments/command.ts";
import { member } from "../arguments/common_options.ts";
import { exportEasySteer } from "./export_easysteer.ts";
import { exportGguf } from "./export_gguf.ts";
import { exportOnnx } from "./export_onnx.ts";
import { exportPeft } from "./export_peft.ts";
import { exportPyreft } from "./export_pyreft.ts";
import { exportVllm } from "./export_vllm.ts";
import { exportWeb } from "./export_web.ts";
import { choice, json, optional, type OptionValues, required, text } from "../arguments/option.ts";
import type { Terminal } from "../terminal/terminal.ts";

/** Options that some formats take. */
const extras = {
  model: optional(text("base"), "all but pyreft: the base model, if it is not where the run says"),
  positions: optional(text("positions"), "all but pyreft and peft: replaces those that the edits were trained with"),
  fields: optional(json, "onnx: fixed values of the fields that the edits' subspaces name"),
  dtype: optional(
    choice("type", ["float32", "float16"]),
    "onnx: the type that weights are stored in (default: their own)",
  ),
};

type Extras = OptionValues<typeof extras>;

/** The request that every format receives. */
interface ExportRequest extends Extras {
  readonly member: string | undefined;
  readonly out: string;
}

/** A format that can be written. */
interface ExportFormat {
  readonly takes: readonly (keyof Extras)[];
  readonly write: (path: string, request: ExportRequest, terminal: Terminal) => Promise<void>;
}

/** By the value of `--to`. */
const formats = {
  pyreft: { takes: [], write: exportPyreft },
  peft: { takes: ["model"], write: exportPeft },
  gguf: { takes: ["model", "positions"], write: exportGguf },
  vllm: { takes: ["model", "positions"], write: exportVllm },
  easysteer: { takes: ["model", "positions"], write: exportEasySteer },
  onnx: { takes: ["model", "positions", "fields", "dtype"], write: exportOnnx },
  web: { takes: [], write: exportWeb },
} satisfies Readonly<Record<string, ExportFormat>>;

type FormatName = keyof typeof formats;

/** Writes a trained or imported intervention in another library's format. */
export const exportCommand = command({
  name: "export",
  summary:
    "Writes a trained or imported intervention for pyreft, peft, llama.cpp, vLLM, EasySteer or ONNX Runtime, or a pipeline as a site.",
  parameters: [{
    name: "folder",
    help: "the folder of a run, a member or an intervention; onnx: or of a fully finetuned model; web: a pipeline",
  }],
  options: {
    member,
    to: required(choice("format", Object.keys(formats) as FormatName[]), "the library to write for"),
    out: required(text("folder"), "where to write it: a folder; gguf: a file"),
    ...extras,
  },
  examples: [
    "export runs/arc-easy/first --member rank=4 --to pyreft --out exported",
    "export runs/lora/first --to peft --out adapter",
    "export runs/lora/first --to gguf --out adapter.gguf",
    "export runs/arc-easy/first --member rank=4 --to onnx --dtype float16 --out exported",
    "export examples/quickstart/pipeline.ts --to web --out site",
  ],
  async run([path], { to, ...request }, { terminal }) {
    const { takes, write }: ExportFormat = formats[to];
    const foreign = Object.keys(extras).find((name) => {
      return request[name as keyof Extras] !== undefined && !takes.includes(name as keyof Extras);
    });
    if (foreign !== undefined) {
      const takers = Object.entries<ExportFormat>(formats).filter(([, each]) =>
        each.takes.includes(foreign as keyof Extras)
      );
      const others = takers.map(([name]) => name).join(", ");
      throw new RequestError(`--${foreign} is for --to ${others}; omit it for ${to}`);
    }
    await write(path, request, terminal);
  },
});
