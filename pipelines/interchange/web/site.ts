/** A static site that trains in its visitors' browsers. @module */
import { createHash } from "node:crypto";
import { basename, join } from "node:path";
import { RequestError } from "../../common/errors.ts";
import { contentOf, writeAtomically } from "../../common/files.ts";
import { digestOf } from "../../common/digest.ts";
import { builtinFolder, builtins } from "../../models/open/builtin.ts";
import { readEnvironment } from "../../models/hub/access.ts";
import { descriptionFiles, weightFiles } from "../../models/hub/files.ts";
import type { FileReading } from "../../data/files/record_kind.ts";
import type { Member } from "../../schedule/expand/member.ts";
import { beyondAddresses, mostWeights } from "../../runtime/external_files.ts";
import { listName, type ModelFile, partBytes } from "../../web/models/file_list.ts";
import type { SiteDefaults } from "../../web/site/protocol.ts";
import { bundled } from "./bundle.ts";
import { siteDefaults } from "./defaults.ts";
import { copyRuntime } from "./runtime_files.ts";

const page = new URL("../../web/page/", import.meta.url);
const reportStyle = new URL("../../report/page/page.css", import.meta.url);

/** The headers without which a browser gives WebAssembly only one thread, in the format that some static hosts read. */
const headers = "/*\n  Cross-Origin-Opener-Policy: same-origin\n  Cross-Origin-Embedder-Policy: require-corp\n";

/** What a site is made from. */
interface SiteSource {
  /** The pipeline's name. */
  readonly name: string;
  readonly members: readonly Member[];
  readonly reading: FileReading;
  /** The folder of a local base model; `undefined` for any other. */
  readonly folderOf: (source: string) => Promise<string | undefined>;
  /** Receives what the site lacks of the pipeline. */
  readonly note: (message: string) => void;
}

/**
 * Writes a site.
 *
 * @param folder Still empty.
 * @throws {RequestError} If the pipeline has nothing that a page can train.
 */
export async function writeSite(folder: string, { name, members, reading, folderOf, note }: SiteSource): Promise<void> {
  const defaults = await siteDefaults({
    ...{ name, members, reading, note },
    async bundledAs(source) {
      const found = await folderOf(source);
      return found === undefined ? source : await copyModel(folder, found);
    },
  });
  await writeSurroundings(folder);
  const script = await bundled("web/site/engine.ts", folder);
  // What a browser caches depends on the code that computed it, which is identified by its name.
  const engine = `scripts/engine-${digestOf(new TextEncoder().encode(script)).slice(0, 12)}.js`;
  await Deno.writeTextFile(join(folder, engine), script);
  await Deno.writeTextFile(join(folder, "scripts", "page.js"), await bundled("web/page/page.ts", folder));
  const [style, own] = [await textOf(reportStyle), await textOf(new URL("site.css", page))];
  await Deno.writeTextFile(join(folder, "page.css"), `${style}\n${own}`);
  const html = await textOf(new URL("index.html", page));
  await Deno.writeTextFile(join(folder, "index.html"), html.replace("scripts/engine.js", engine));
  await Deno.writeTextFile(join(folder, "offline.js"), await textOf(new URL("offline.js", page)));
  await Deno.writeTextFile(join(folder, "_headers"), headers);
  await Deno.writeTextFile(join(folder, "site.json"), JSON.stringify({ ...defaults, ...hubElsewhere() }));
}

/** The hub of this machine's commands, if it is not Hugging Face's own. */
function hubElsewhere(): Pick<SiteDefaults, "endpoint"> {
  const endpoint = readEnvironment()["HF_ENDPOINT"];
  return endpoint === undefined || endpoint === "" ? {} : { endpoint };
}

/** What scripts expect beside them: ONNX Runtime, and the models bundled with Refract. */
export async function writeSurroundings(folder: string): Promise<void> {
  const runtime = join(folder, "scripts", "onnxruntime");
  await Deno.mkdir(runtime, { recursive: true });
  for (const model of Object.keys(builtins)) await copyBuiltin(folder, model);
  await copyRuntime(runtime);
}

async function textOf(url: URL): Promise<string> {
  return await (await fetch(url)).text();
}

async function copyBuiltin(folder: string, name: string): Promise<void> {
  const source = await builtinFolder(name, undefined), target = join(folder, "builtin", name);
  await Deno.mkdir(target, { recursive: true });
  for await (const { name: file } of Deno.readDir(source)) {
    await writeAtomically(join(target, file), contentOf(join(source, file)));
  }
}

/** Copies a model's files, with a list of them. */
async function copyModel(folder: string, source: string): Promise<string> {
  const path = `models/${basename(source)}`, target = join(folder, path), files: ModelFile[] = [];
  await Deno.mkdir(target, { recursive: true });
  const names = Array.from(Deno.readDirSync(source), ({ name }) => name);
  const weights = names.filter((name) => name.endsWith(".safetensors") && isWeights(name));
  const bytes = weights.reduce((sum, name) => sum + Deno.statSync(join(source, name)).size, 0);
  if (bytes > mostWeights) throw new RequestError(beyondAddresses(bytes), { file: source });
  for (const name of names.filter((each) => descriptionFiles.includes(each) || isWeights(each)).sort()) {
    await writeAtomically(join(target, name), contentOf(join(source, name)));
    files.push({ name, ...digestsOf(join(target, name)) });
  }
  if (!files.some(({ name }) => isWeights(name))) {
    throw new RequestError("has no weights in safetensors files; give a model that has", { file: source });
  }
  await Deno.writeTextFile(join(target, listName), JSON.stringify({ files }));
  return `./${path}/`;
}

/** The digests of a file, as a whole and of its parts. */
function digestsOf(path: string): Omit<ModelFile, "name"> {
  using file = Deno.openSync(path);
  const whole = createHash("sha256"),
    parts: string[] = [],
    part = new Uint8Array(partBytes),
    { size } = file.statSync();
  for (let left = size; left > 0;) {
    const bytes = part.subarray(0, Math.min(left, partBytes));
    for (let done = 0; done < bytes.length;) {
      const count = file.readSync(bytes.subarray(done));
      if (count === null) throw new RequestError("changed while it was read; try again", { file: path });
      done += count;
    }
    whole.update(bytes);
    parts.push(digestOf(bytes));
    left -= bytes.length;
  }
  return { size, sha256: whole.digest("hex"), parts };
}

const isWeights = (name: string) => name === weightFiles.index || /^model(-\d+-of-\d+)?\.safetensors$/.test(name);
