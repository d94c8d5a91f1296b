/**
 * What a run's manifest records besides its recipe, so that a later run of it can report what has changed.
 *
 * @module
 */
import { ownValue } from "../../ops/program/own_value.ts";
import { Fields, mappingOf, textOf, wrong } from "./fields.ts";
import type { YamlNode } from "../common/yaml.ts";

/** A base model as a run used it. */
export interface RecordedModel {
  /** Its name in the pipeline. */
  readonly source: string;
  /** Its name in the results. */
  readonly name: string;
  /**
   * Where it was: a Hugging Face id, the path of a folder or GGUF file relative to the run folder, or `builtin:NAME`.
   */
  readonly at: string;
  /** SHA-256 of the weights. */
  readonly weights: string;
  /** SHA-256 of the tokenizer. */
  readonly tokenizer: string;
  /** SHA-256 of config.json's fields; absent in manifests of earlier versions. */
  readonly config?: string;
  /** How many bits its projections were kept in; absent if they were as stored. */
  readonly quantize?: string;
  /** The commit of a Hugging Face model; absent for others, and in manifests of earlier versions. */
  readonly commit?: string;
  /**
   * SHA-256 of each file that describes it, by its name in the model's folder; absent in manifests of earlier versions.
   */
  readonly files?: Readonly<Record<string, string>>;
}

/** What a run depended on. */
export interface Recorded {
  /**
   * The run folder when the manifest was written: what has moved along with it is found relative to it. Only in
   * manifests of earlier versions, whose paths are absolute.
   */
  readonly folder?: string;
  readonly pipeline: {
    readonly name: string;
    /** SHA-256 of the pipeline file. */
    readonly digest: string;
  };
  /** Each with a digest of everything that the pipeline declares for it. */
  readonly members: readonly { readonly id: string; readonly digest: string }[];
  readonly models: readonly RecordedModel[];
  /** Files that the pipeline names, by their paths in it, with the SHA-256 of each. */
  readonly files: readonly { readonly path: string; readonly digest: string }[];
  readonly seeds: readonly number[];
  readonly versions: Readonly<Record<string, string>>;
}

const keys = ["folder", "pipeline", "members", "models", "files", "seeds", "versions"];
const written = "what a run wrote, or omit recorded";

/**
 * Reads the section of a manifest.
 *
 * @throws {RequestError} If it is not as a run writes it.
 */
export function readRecorded(node: YamlNode): Recorded {
  const fields = new Fields("recorded", mappingOf("recorded", node, written), keys);
  const read = <T>(key: string, of: (value: YamlNode) => T): T => {
    const found = fields.read(key, of);
    if (found === undefined) throw wrong(`${key} of recorded`, { ...missing, location: node.location }, written);
    return found;
  };
  const folder = fields.read("folder", (value) => textOf("folder of recorded", value, written));
  return {
    ...folder === undefined ? {} : { folder },
    pipeline: read("pipeline", (value) => textsOf(value, ["name", "digest"])),
    members: read("members", (value) => listOf(value, (item) => textsOf(item, ["id", "digest"]))),
    models: read("models", (value) => listOf(value, modelOf)),
    files: read("files", (value) => listOf(value, (item) => textsOf(item, ["path", "digest"]))),
    seeds: read("seeds", (value) =>
      listOf(value, (item) => {
        if (item.kind === "scalar" && typeof item.value === "number") return item.value;
        throw wrong("a seed of recorded", item, written);
      })),
    versions: read("versions", (value) => namedTexts("versions of recorded", value)),
  };
}

const missing = { kind: "scalar", value: null } as const;
const modelKeys = ["source", "name", "at", "weights", "tokenizer"] as const;
const optionalModelKeys = ["config", "quantize", "commit"] as const;

function listOf<T>(node: YamlNode, read: (item: YamlNode) => T): readonly T[] {
  if (node.kind !== "list") throw wrong("a part of recorded", node, written);
  return node.items.map(read);
}

function modelOf(node: YamlNode): RecordedModel {
  const { entries, ...rest } = mappingOf("a model of recorded", node, written);
  const isOptional = ({ key }: { readonly key: string }) => optionalModelKeys.some((name) => name === key);
  const own = { ...rest, entries: entries.filter((entry) => !isOptional(entry) && entry.key !== "files") };
  const files = entries.find(({ key }) => key === "files")?.value;
  const optional = entries.filter(isOptional).map(({ key, value }) => {
    return [key, textOf(`${key} of recorded`, value, written)];
  });
  const found = { ...textsOf(own, modelKeys), ...Object.fromEntries(optional) };
  return files === undefined ? found : { ...found, files: namedTexts("files of recorded", files) };
}

function namedTexts(what: string, node: YamlNode): Readonly<Record<string, string>> {
  const { entries } = mappingOf(what, node, written);
  return Object.fromEntries(entries.map(({ key, value }) => [key, textOf(`${key} of recorded`, value, written)]));
}

function textsOf<K extends string>(node: YamlNode, names: readonly K[]): Readonly<Record<K, string>> {
  const fields = new Fields("a part of recorded", mappingOf("a part of recorded", node, written), names);
  return Object.fromEntries(names.map((name) => {
    const text = fields.read(name, (value) => textOf(`${name} of recorded`, value, written));
    if (text === undefined) throw wrong(`${name} of recorded`, { ...missing, location: node.location }, written);
    return [name, text];
  })) as Record<K, string>;
}

/** Something that differs from the record. */
export interface Difference {
  /** One sentence without a final period. */
  readonly says: string;
  /** Whether different results are to be expected, not only different last digits. */
  readonly isInput: boolean;
}

/** How a run is carried out, besides what it depends on. */
interface Circumstances {
  readonly provider?: string | undefined;
  readonly threads?: number | undefined;
}

/**
 * What differs between a recorded run and the one that is about to begin. What only one of them has, as after `--set`,
 * is not compared.
 *
 * @param isSet Whether an option sets another value, so that a difference in declarations is intended.
 */
export function differences(
  recorded: Recorded & Circumstances,
  found: Recorded & Circumstances,
  isSet: boolean,
): readonly Difference[] {
  const all: Difference[] = [];
  const compare = (what: string, before: unknown, now: unknown, isInput: boolean) => {
    if (before === undefined || now === undefined || before === now) return;
    all.push({ says: `${what} ${now}, but ${before} was recorded`, isInput });
  };
  compare("the pipeline file is", short(recorded.pipeline.digest), short(found.pipeline.digest), true);
  for (const { path, digest } of found.files) {
    const before = recorded.files.find((file) => file.path === path)?.digest;
    compare(`the file ${path} is`, before && short(before), short(digest), true);
  }
  for (const model of found.models) {
    const isSame = ({ source, quantize }: RecordedModel) => source === model.source && quantize === model.quantize;
    const before = recorded.models.find(isSame), known = all.length;
    compare(`the weights of ${model.source} are`, before && short(before.weights), short(model.weights), true);
    const config = (of: RecordedModel | undefined) => of?.config && short(of.config);
    compare(`the config of ${model.source} is`, config(before), config(model), true);
    compare(`the tokenizer of ${model.source} is`, before && short(before.tokenizer), short(model.tokenizer), true);
    // If values derived from a file's content are compared, the file itself need not be.
    if (all.length > known || before?.files === undefined) continue;
    for (const name of new Set([...Object.keys(before.files), ...Object.keys(model.files ?? {})])) {
      if (name === configFile) continue;
      const [then, now] = [before, model].map(({ files }) => ownValue(files, name)).map((digest) =>
        digest && short(digest)
      );
      compare(`the file ${name} of ${model.source} is`, then ?? "absent", now ?? "absent", true);
    }
  }
  if (!isSet && recorded.pipeline.digest === found.pipeline.digest) all.push(...declaredDifferences(recorded, found));
  for (const [name, version] of Object.entries(found.versions)) {
    compare(`the version of ${name} is`, ownValue(recorded.versions, name), version, false);
  }
  compare("the provider is", recorded.provider, found.provider, false);
  compare("the number of threads is", recorded.threads, found.threads, false);
  return all;
}

/** A file that the pipeline imports may have changed, or the manifest's own settings. */
function declaredDifferences(recorded: Recorded, found: Recorded): readonly Difference[] {
  const changed = found.members.filter(({ id, digest }) => {
    return recorded.members.some((member) => member.id === id && member.digest !== digest);
  });
  const fresh = found.members.filter(({ id }) => !recorded.members.some((member) => member.id === id));
  const lost = recorded.members.filter(({ id }) => !found.members.some((member) => member.id === id));
  const about = (members: readonly { readonly id: string }[], says: string): readonly Difference[] => {
    const ids = members.map(({ id }) => id);
    const named = ids.length > 3 ? `${ids.slice(0, 3).join(" ")} and ${ids.length - 3} more` : ids.join(" ");
    return ids.length === 0 ? [] : [{ says: says.replace("…", named), isInput: true }];
  };
  return [
    ...about(changed, "what is declared for … differs, in a setting or in a file that the pipeline imports"),
    ...about(fresh, "… was not among the recorded members"),
    ...about(lost, "… is no longer among the members"),
  ];
}

/** Its fields have their own digest, so that spaces between them make no difference. */
const configFile = "config.json";

/** Enough of a digest to distinguish two. */
function short(digest: string): string {
  return digest.length > 12 ? `${digest.slice(0, 12)}…` : digest;
}
