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
  model: optional(text("base"), "but for pyreft: the base model, if it is elsewhere than the run says"),
  positions: optional(text("positions"), "but for pyreft and peft: in place of those that the edits were trained with"),
  fields: optional(json, "onnx: the fields that the edits' subspaces name, the same for all prompts"),
  dtype: optional(
    choice("type", ["float32", "float16"]),
    "onnx: what weights are stored in (default: as they are)",
  ),
};

type Extras = OptionValues<typeof extras>;

/** What every format is asked for by. */
interface ExportRequest extends Extras {
  readonly member: string | undefined;
  readonly out: string;
}

/** A format that can be written. */
interface ExportFormat {
  readonly takes: readonly (keyof Extras)[];
  readonly write: (path: string, request: ExportRequest, terminal: Terminal) => Promise<void>;
}

/** By what `--to` says. */
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

/** Makes what another library reads of a trained or imported intervention. */
export const exportCommand = command({
  name: "export",
  summary:
    "Writes a trained or imported intervention for pyreft, peft, llama.cpp, vLLM, EasySteer or ONNX Runtime, or a pipeline as a site.",
  parameters: [{
    name: "folder",
    help:
      "a run's folder, a member's, or an intervention's; onnx: or a model's that was trained whole; web: a pipeline",
  }],
  options: {
    member,
    to: required(choice("format", Object.keys(formats) as FormatName[]), "for which library"),
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
