/** `deno task export`. @module */
import { RequestError } from "../common/errors.ts";
import { exportOnnxCommand, type ExportOnnxOptions, type OnnxSettings } from "./export_onnx.ts";
import { exportPyreftCommand } from "./interchange_commands.ts";
import type { Terminal } from "./terminal.ts";

const onnxSettings: readonly (keyof OnnxSettings)[] = ["model", "positions", "fields", "dtype"];

/** Makes what another library reads of a trained or imported intervention. */
export async function exportCommand(path: string, options: ExportOnnxOptions, terminal: Terminal): Promise<void> {
  if (options.to === "onnx") return await exportOnnxCommand(path, options, terminal);
  const given = onnxSettings.find((name) => options[name] !== undefined);
  if (given !== undefined) throw new RequestError(`--${given} is for --to onnx; leave it out for pyreft`);
  await exportPyreftCommand(path, options, terminal);
}
