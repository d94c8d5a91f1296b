/** What peft's `save_pretrained` would write for adapters. @module */
import { ownValue } from "../../../ops/program/own_value.ts";
import { RequestError } from "../../common/errors.ts";
import type { Adaptation, Adapter } from "../../compile/lower/adaptation.ts";
import { blockProjections } from "../../compile/lower/adapters.ts";
import { requireEveryToken } from "../../compile/lower/every_token.ts";
import type { TensorMap } from "../../compile/parameters/initial.ts";
import type { Architecture } from "../../models/architecture/architecture.ts";
import type { NamedTensor } from "../../models/weights/safetensors_writer.ts";
import { onnxInstead } from "../../compile/lower/onnx_instead.ts";
import { pyreftFault } from "../pyreft.ts";
import { modulePath, peftKinds, peftName, prefixTensor } from "./names.ts";

/** The content of a peft folder. */
interface PeftContent {
  /** The text of adapter_config.json. */
  readonly config: string;
  readonly tensors: readonly NamedTensor[];
}

/** What is written. */
interface PeftSource {
  readonly architecture: Architecture;
  /** The base model, as one would name it to transformers. */
  readonly base: string;
  readonly adaptations: readonly Adaptation[];
  readonly tensors: TensorMap;
}

/**
 * The files of an adapter.
 *
 * @throws {RequestError} If peft has no equivalent of an adaptation, or no single adapter for them all.
 */
export function peftContent(source: PeftSource): PeftContent {
  const { adaptations, base, architecture } = source;
  const { fields, tensors } = adaptations.every(({ form }) => form === "prefix")
    ? prefixContent(source)
    : adapterContent(source, adaptations.map((each) => requireAdapter(each, source)));
  const config = {
    base_model_name_or_path: base,
    inference_mode: true,
    task_type: taskOf(architecture),
    ...fields,
  };
  return { config: JSON.stringify(config, null, 2) + "\n", tensors };
}

function requireAdapter(adaptation: Adaptation, source: PeftSource): Adapter {
  if (adaptation.form === "adapter" && peftKinds[adaptation.kind] !== undefined) {
    requireEveryToken(adaptation, "peft's adapters act on every token");
    return adaptation;
  }
  const kinds = { intervention: "edit", adapter: "adapter", prefix: "adapter beside a prefix", head: "head" };
  throw new RequestError(
    `peft has no ${kinds[adaptation.form]} like ${adaptation.kind}; ${
      adaptation.form !== "intervention"
        ? "export one of lora, dora, ia3 or prefixTuning"
        : isForPyreft(source)
        ? "export it --to pyreft"
        : onnxInstead(source)
    }`,
  );
}

function isForPyreft({ adaptations }: PeftSource): boolean {
  return adaptations.every((each) =>
    each.form === "intervention" && each.stack === undefined && pyreftFault(each) === undefined
  );
}

/** The transformers class that peft assumes for the model: null is any. */
function taskOf({ head, causal, encoder }: Architecture): string | null {
  if (head !== "language") return head === undefined ? "FEATURE_EXTRACTION" : null;
  return encoder !== undefined ? "SEQ_2_SEQ_LM" : causal ? "CAUSAL_LM" : null;
}

type Content = { readonly fields: Readonly<Record<string, unknown>>; readonly tensors: readonly NamedTensor[] };

/** An adapter with its module's path. */
interface Placed {
  readonly adapter: Adapter;
  readonly path: string;
}

function adapterContent({ architecture, tensors }: PeftSource, adapters: readonly Adapter[]): Content {
  const [{ kind }] = adapters as [Adapter];
  const other = adapters.find((each) => each.kind !== kind);
  if (other !== undefined) {
    throw new RequestError(`a peft folder holds one kind of adapter, but this has ${kind} and ${other.kind}`);
  }
  const bare = architecture.head === undefined ? architecture.barePrefix : "";
  const placed = adapters.map((adapter) => ({ adapter, path: modulePath(adapter, bare) }));
  const twice = placed.find(({ path }, at) => placed.findIndex((each) => each.path === path) !== at);
  if (twice !== undefined) {
    throw new RequestError(`a peft folder holds one adapter per module, but this has two for ${twice.path}`);
  }
  const names = peftKinds[kind]!.tensors;
  const written = placed.flatMap(({ adapter: { index, options, tensors: roles }, path }) =>
    Object.keys(roles).map((tensor): NamedTensor => {
      const { data, shape } = ownValue(tensors, `${index}.${tensor}`)!, [length = 0] = shape;
      const own = tensor === "scale" ? (options.scalesInput ? [1, length] : [length, 1]) : shape;
      return { name: peftName(path, ownValue(names, tensor)![0]!), data: data as Float32Array, shape: own };
    })
  );
  const targets = targetsOf(placed, architecture, kind !== "ia3");
  const fields = kind === "ia3" ? ia3Fields(placed, targets) : lowRankFields(placed, targets);
  const isTransposed = blockProjections(architecture).some(({ weight, isTransposed = false }) => {
    return isTransposed && adapters.some((adapter) => adapter.weight === weight);
  });
  return { fields: { fan_in_fan_out: isTransposed, ...fields }, tensors: written };
}

type TargetFields = { readonly target_modules: readonly string[]; readonly layers_to_transform?: readonly number[] };

/** The modules by the ends of their paths if these select no others, with the blocks; otherwise by whole paths. */
function targetsOf(placed: readonly Placed[], architecture: Architecture, hasBlocks: boolean): TargetFields {
  const ends = [...new Set(placed.map(({ adapter: { module } }) => module))];
  const blocks = [...new Set(placed.map(({ adapter: { block } }) => block))];
  const chosen = blockProjections(architecture).filter(({ name, block }) => {
    return ends.includes(name) && blocks.includes(block);
  });
  const last = ends.map((end) => end.slice(end.lastIndexOf(".") + 1));
  const all = blockProjections(architecture).map(({ name }) => name);
  const areClear = last.every((end, at) => all.every((name) => name === ends[at] || !`.${name}`.endsWith(`.${end}`)));
  if (chosen.length !== placed.length) return { target_modules: placed.map(({ path }) => path) };
  const isEvery = blocks.length === architecture.blocks &&
    blocks.length === (architecture.encoder?.blocks ?? blocks.length);
  if (!isEvery && !hasBlocks) return { target_modules: placed.map(({ path }) => path) };
  return { target_modules: areClear ? last : ends, ...isEvery ? {} : { layers_to_transform: blocks } };
}

function ia3Fields(placed: readonly Placed[], targets: TargetFields): Content["fields"] {
  const scaled = new Set(placed.filter(({ adapter }) => adapter.options.scalesInput).map(({ path }) => path));
  const feedforward = targets.target_modules.filter((name) => {
    return [...scaled].some((path) => path === name || path.endsWith(`.${name}`));
  });
  return { peft_type: "IA3", feedforward_modules: feedforward, ...targets };
}

function lowRankFields(placed: readonly Placed[], targets: TargetFields): Content["fields"] {
  const options = placed.map(({ adapter }) => adapter.options);
  const isPlain = options.every(({ rank, scaling }) => Number.isInteger(neat(scaling * rank)));
  const rankStabilized = !isPlain && options.every(({ rank, scaling }) => {
    return Number.isInteger(neat(scaling * Math.sqrt(rank)));
  });
  const sizes = placed.map(({ adapter: { options: { rank, scaling } }, path }) => {
    return { path, rank, alpha: neat(scaling * (rankStabilized ? Math.sqrt(rank) : rank)) };
  });
  const usual = { rank: commonest(sizes.map(({ rank }) => rank)), alpha: commonest(sizes.map(({ alpha }) => alpha)) };
  const pattern = (part: "rank" | "alpha") =>
    Object.fromEntries(
      sizes.filter((each) => each[part] !== usual[part]).map((each) => {
        return [each.path.replaceAll(".", "\\."), each[part]];
      }),
    );
  return {
    peft_type: "LORA",
    r: usual.rank,
    lora_alpha: usual.alpha,
    lora_dropout: Math.max(...placed.map(({ adapter: { dropout } }) => dropout)),
    rank_pattern: pattern("rank"),
    alpha_pattern: pattern("alpha"),
    use_rslora: rankStabilized,
    use_dora: placed[0]!.adapter.kind === "dora",
    bias: "none",
    ...targets,
  };
}

/** A product of a quotient, corrected to the whole number that it misses by the last bits, if there is one. */
function neat(value: number): number {
  const whole = Math.round(value);
  return Math.abs(value - whole) <= 1e-12 * Math.abs(value) ? whole : value;
}

function commonest(values: readonly number[]): number {
  const counts = [...Map.groupBy(values, (value) => value)].map(([value, { length }]) => ({ value, length }));
  return counts.reduce((most, each) => each.length > most.length ? each : most).value;
}

/** Each block's keys and values [heads, tokens, width] as one tensor [tokens, blocks · 2 · heads · width]. */
function prefixContent({ architecture, adaptations, tensors }: PeftSource): Content {
  const { blocks, heads: { keyValueHeads, headWidth } } = architecture;
  if (adaptations.length !== blocks) throw new RequestError("a peft folder holds one prefix, but this has several");
  const [, tokens = 0] = tensors["0.key"]!.shape, row = blocks * 2 * keyValueHeads * headWidth;
  const data = new Float32Array(tokens * row);
  for (const { index, block = 0 } of adaptations) {
    for (const [part, name] of ["key", "value"].entries()) {
      const from = tensors[`${index}.${name}`]!.data as Float32Array;
      for (let token = 0; token < tokens; token++) {
        for (let head = 0; head < keyValueHeads; head++) {
          const at = (head * tokens + token) * headWidth;
          data.set(
            from.subarray(at, at + headWidth),
            token * row + ((block * 2 + part) * keyValueHeads + head) * headWidth,
          );
        }
      }
    }
  }
  const fields = {
    peft_type: "PREFIX_TUNING",
    num_virtual_tokens: tokens,
    num_transformer_submodules: 1,
    num_attention_heads: keyValueHeads,
    num_layers: blocks,
    token_dim: keyValueHeads * headWidth,
    encoder_hidden_size: keyValueHeads * headWidth,
    prefix_projection: false,
  };
  return { fields, tensors: [{ name: prefixTensor, shape: [tokens, row], data }] };
}
