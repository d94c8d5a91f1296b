/** `deno task export --to web`. @module */
import { RequestError } from "../../common/errors.ts";
import { isFolder } from "../../common/files.ts";
import { writeSite } from "../../interchange/web/site.ts";
import { isGgufPath, requireModelName } from "../../models/open/source.ts";
import { noteTo } from "../../schedule/context/work.ts";
import { isAbsolute, resolve } from "node:path";
import { callerPath } from "../requests/caller_paths.ts";
import { loadRequest } from "../requests/load_request.ts";
import { requireEmpty, writeFolder } from "../requests/output_folder.ts";
import { terminalEvents } from "../terminal/event_lines.ts";
import type { Terminal } from "../terminal/terminal.ts";

/** The options of an export to a site. */
interface ExportWebOptions {
  readonly member: string | undefined;
  readonly out: string;
}

/** Writes a site for a pipeline, which trains in its visitors' browsers. */
export async function exportWeb(path: string, { member, out }: ExportWebOptions, terminal: Terminal): Promise<void> {
  if (await isFolder(callerPath(path))) {
    throw new RequestError("is a folder; give a pipeline file, as in examples/quickstart/pipeline.ts", {
      file: callerPath(path),
    });
  }
  const request = await loadRequest(path, { overrides: new Map() }), { base, pipeline: { name } } = request;
  const members = request.expansion.members.filter(({ id }) => member === undefined || id === member);
  if (members.length === 0) {
    const ids = request.expansion.members.map(({ id }) => id).join(", ");
    throw new RequestError(`the pipeline has no member ${member}; give one of ${ids}`);
  }
  const warn = noteTo(terminalEvents(terminal)), folder = callerPath(out);
  await requireEmpty(folder);
  await writeFolder(folder, async (temporary) => {
    await writeSite(temporary, {
      name,
      members,
      reading: { base, warn },
      note: warn,
      async folderOf(source) {
        const path = isAbsolute(source) ? source : resolve(base, source);
        if (await isFolder(path)) return await Deno.realPath(path);
        await requireModelName(source, base);
        if (!isGgufPath(source)) return undefined;
        throw new RequestError("a page cannot read GGUF files; give a folder in Hugging Face's format", { file: path });
      },
    });
  });
  terminal.print(`${name} in ${folder}: serve it with any static file server`);
}
