/** `deno task export`. @module */
import { RequestError } from "../../common/errors.ts";
import { command } from "../arguments/command.ts";
import { member } from "../arguments/common_options.ts";
import { exportOnnx } from "./export_onnx.ts";
import { exportPyreft } from "./export_pyreft.ts";
import { choice, json, optional, required, text } from "../arguments/option.ts";

/** Makes what another library reads of a trained or imported intervention. */
export const exportCommand = command({
  name: "export",
  summary: "Makes a pyreft folder of a trained or imported intervention, or an ONNX model of it with its base.",
  parameters: [{
    name: "folder",
    help: "a run's folder, a member's, or an intervention's; onnx: or a model's that was trained whole",
  }],
  options: {
    member,
    to: required(choice("format", ["pyreft", "onnx"]), "for which library"),
    out: required(text("folder"), "where to write it"),
    model: optional(text("base"), "onnx: the base model, if it is elsewhere than the run says"),
    positions: optional(text("positions"), "onnx: in place of those that the edits were trained with"),
    fields: optional(json, "onnx: the fields that the edits' subspaces name, the same for all prompts"),
    dtype: optional(
      choice("type", ["float32", "float16"]),
      "onnx: what weights are stored in (default: as they are)",
    ),
  },
  examples: [
    "export runs/arc-easy/first --member rank=4 --to pyreft --out exported",
    "export runs/arc-easy/first --member rank=4 --to onnx --dtype float16 --out exported",
  ],
  async run([path], { to, member, out, ...onnx }, { terminal }) {
    if (to === "onnx") return await exportOnnx(path, { member, out, ...onnx }, terminal);
    const [extra] = Object.entries(onnx).flatMap(([name, value]) => value === undefined ? [] : [name]);
    if (extra !== undefined) throw new RequestError(`--${extra} is for --to onnx; omit it for pyreft`);
    await exportPyreft(path, { member, out }, terminal);
  },
});
