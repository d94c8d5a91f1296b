/**
 * A transformer assembled from its parts. Its weights and sites are derived from a trace of the parts, so that no
 * family declares them twice.
 *
 * @module
 */
import type { HeadLayout, KeyValues } from "../../../ops/nn/attention.ts";
import { input, leafName, type Value, weight } from "../../../ops/program/program.ts";
import type {
  Architecture,
  Classifier,
  DropoutRates,
  Encoder,
  RunResult,
  SiteName,
  SiteShape,
  StackName,
  TokenRun,
  WeightSource,
} from "../architecture/architecture.ts";
import type { ConfigReader } from "../architecture/config.ts";
import { readHead } from "../architecture/heads.ts";
import type { Block } from "./block.ts";
import { type Hooks, Scope } from "./scope.ts";
import type { InputConfigs } from "../inputs/kinds.ts";
import { runInputs } from "../architecture/model_inputs.ts";

/** The parts of a transformer. */
export interface TransformerParts {
  /** `model_type` of config.json. */
  readonly family: string;
  readonly width: number;
  readonly blocks: number;
  readonly vocabularySize: number;
  readonly contextLength: number;
  readonly heads: HeadLayout;
  readonly causal: boolean;
  readonly inputs: InputConfigs;
  readonly dropout?: DropoutRates;
  readonly barePrefix: string;
  /** The prefix of a block's weight names, for example `model.layers.3`. */
  readonly blockName: (block: number) => string;
  /** The tokens' initial representation [batch, tokens, width]. */
  readonly embed: (scope: Scope) => Value;
  readonly block: (index: number) => Block;
  /** The part between the last block and the head. */
  readonly finish?: (scope: Scope, hidden: Value) => Value;
  /** Final hidden states [rows, width] to logits [rows, vocabulary]. */
  readonly head: (scope: Scope, hidden: Value) => Value;
  readonly lastHiddenState?: Architecture["lastHiddenState"];
  readonly classifier?: Classifier;
  /** The stack of its sites, if it is one of two. */
  readonly stack?: StackName;
  /** The encoder that reads the prompts, if any. */
  readonly encoder?: Encoder;
}

/**
 * The architecture assembled from parts, with the head that the checkpoint has according to its config.
 *
 * @throws {RequestError} If the config names a head that the family lacks.
 */
export function transformer(config: ConfigReader, parts: TransformerParts): Architecture {
  const { embed, block, finish, head: languageHead, blockName, stack, ...extents } = parts;
  const head = readHead(config, parts);
  const built = Array.from({ length: parts.blocks }, (_, index) => block(index));
  const ofStack = ({ edit, drop }: Hooks): Hooks =>
    stack === undefined ? { edit, drop } : {
      edit: edit && ((site, ...hidden) => edit({ ...site, stack }, ...hidden)),
      drop: drop && ((site, x) => drop({ ...site, stack }, x)),
    };
  const forward: Architecture["forward"] = (run, source) => {
    const hooks = ofStack(run);
    const outside = new Scope(run, source, hooks);
    let hidden = outside.edit("embedding.output", outside.drop("embedding", embed(outside)));
    const hiddenStates = [hidden];
    const keyValues: KeyValues[] = [], encoded: KeyValues[] = [];
    built.forEach((block, index) => {
      const whole = new Scope(run, source, hooks, index), scope = whole.at(blockName(index));
      const result = block(scope, scope.edit("block.input", hidden));
      hidden = scope.edit("block.output", result.hidden);
      hiddenStates.push(hidden);
      keyValues.push(result.keyValues);
      if (result.encoded !== undefined) encoded.push(result.encoded);
    });
    return { hiddenStates, keyValues, ...(encoded.length > 0 ? { encoded } : {}) } satisfies RunResult;
  };
  const finished: Architecture["finish"] = (hidden, source, edit, drop) => {
    const scope = Scope.outside(source, ofStack({ edit, drop }));
    if (finish === undefined) return hidden;
    return scope.drop("finalNorm.output", scope.edit("finalNorm.output", finish(scope, hidden)));
  };
  const logits: Architecture["logits"] = (rows, source, edit, drop) =>
    languageHead(Scope.outside(source, ofStack({ edit })), finished(rows, source, edit, drop));
  const pooled = typeof head === "object" ? parts.classifier?.pooled : undefined;
  const untraced: Untraced = {
    lastHiddenState: "finished",
    ...extents,
    inputs: { ...parts.inputs, ...(pooled === undefined ? {} : { pooling: pooled }) },
    forward,
    finish: finished,
    head,
    ...(head === "language" ? { logits } : {}),
  };
  let traced: Traced | undefined;
  const described = () => traced ??= trace(untraced, blockName);
  return {
    ...untraced,
    get weights() {
      return described().weights;
    },
    get norms() {
      return described().norms;
    },
    get sites() {
      return described().sites;
    },
  };
}

/** The properties of a model that are derived from its trace. */
interface Traced extends Pick<Architecture, "weights" | "norms" | "sites"> {}

/** A model before tracing. */
type Untraced = Omit<Architecture, "weights" | "norms" | "sites">;

/**
 * Builds the model once over symbolic tokens, and records the weights that it reads and the sites that may be edited.
 */
function trace(model: Untraced, blockName: TransformerParts["blockName"]): Traced {
  const weights = new Map(model.encoder?.weights), norms = new Map(model.encoder?.norms);
  const sites: Partial<Record<SiteName, SiteShape>> = {};
  const source: WeightSource = (name, shape, neutral) => {
    if (neutral !== undefined) norms.set(name, neutral);
    weights.set(name, shape as readonly number[]);
    return weight(name, shape);
  };
  const edit: TokenRun["edit"] = ({ block, name }, hidden, projection) => {
    if (sites[name] !== undefined) return hidden;
    const width = hidden.shape[hidden.shape.length - 1] as number;
    const heads = name.endsWith("head.output") ? { heads: model.heads.heads } : {};
    sites[name] = { width, ...heads };
    if (projection === undefined || block === undefined) return hidden;
    const prefix = `${blockName(block)}.`, stored = leafName(storedWeight(projection.weight));
    const rest = stored.slice(prefix.length);
    sites[name] = {
      width,
      projection: {
        module: rest.replace(/\.weight$/, ""),
        inputs: projection.input.shape[projection.input.shape.length - 1] as number,
        weight: (at) => `${blockName(at)}.${rest}`,
        ...projection.weight.op === "transpose" ? { isTransposed: true } : {},
      },
    };
    return hidden;
  };
  const encoded = model.encoder === undefined
    ? {}
    : { encoded: { hidden: input("encoded", ["batch", "context", model.encoder.width]) } };
  const { hiddenStates } = model.forward(
    { ...runInputs(model, { name: "tail", batch: "batch", seen: 1, encoded: "context" }), ...encoded, edit },
    source,
  );
  const last = hiddenStates[hiddenStates.length - 1] as Value;
  const rows = input("rows", ["rows", last.shape[2]!]), { head, classifier } = model;
  const finished = model.finish(rows, source, edit);
  model.logits?.(rows, source, edit);
  if (typeof head === "object") classifier?.scores(finished, source, head.classes);
  return { weights, norms, sites };
}

/** The leaf that a projection's weight is computed from. */
function storedWeight(value: Value): Value {
  return value.op === "weight" ? value : storedWeight(value.inputs[0] as Value);
}
