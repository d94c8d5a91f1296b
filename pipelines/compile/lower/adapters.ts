/** Lowering declared adapters to one for each projection of each block. @module */
import type { ProjectionRole } from "../../../ops/adapters/adapter.ts";
import { type AdapterName, adapters, isAdapterName } from "../../../ops/adapters/mod.ts";
import { RequestError } from "../../common/errors.ts";
import type { EditedModel, SiteName, StackName } from "../../models/architecture/architecture.ts";
import type { AdapterSpec, Resolved, TrainableSpec } from "../../spec/mod.ts";
import { suggest } from "../../common/suggest.ts";
import type { LoweredAdapter } from "./adaptation.ts";
import { blocksOf, runOfSite, type Stack, stackOf } from "./sites.ts";

/** Whether a declaration is an adapter. */
export function isAdapterSpec(spec: Resolved<TrainableSpec>): spec is Resolved<AdapterSpec> {
  return isAdapterName(spec.kind);
}

interface Module {
  readonly name: string;
  readonly site: SiteName;
  readonly inputs: number;
  readonly outputs: number;
  readonly weight: (block: number) => string;
  readonly isTransposed?: true;
}

/** A projection of one block that an adapter can act on. */
export interface BlockProjection extends Omit<Module, "weight"> {
  readonly stack?: StackName;
  readonly block: number;
  /** The weight's name; in the files it may lack the bare model's prefix. */
  readonly weight: string;
}

/** Every projection in a model's blocks, those of an encoder first. */
export function blockProjections(model: EditedModel): BlockProjection[] {
  const names = model.encoder === undefined ? [undefined] : ["encoder", "decoder"] as const;
  return names.flatMap((stack) => {
    const found = stackOf(model, stack), modules = modulesOf(found);
    return Array.from({ length: found.blocks }, (_, block) => block).flatMap((block) =>
      modules.map((module) => ({ ...module, ...stack && { stack }, block, weight: module.weight(block) }))
    );
  });
}

/** The adapters of all modules, block by block; of both stacks, encoder first, if there are two and none is named. */
export function lowerAdapter(spec: Resolved<AdapterSpec>, architecture: EditedModel): LoweredAdapter[] {
  const both = architecture.encoder !== undefined && spec.stack === undefined;
  const stacks = (both ? ["encoder", "decoder"] as const : [spec.stack]).map((name) => {
    return { name, stack: stackOf(architecture, name) };
  });
  for (const name of spec.modules ?? []) requireModule(name, stacks.map(({ stack }) => stack));
  return stacks.flatMap(({ name, stack }) => lowerInStack(spec, name, stack));
}

function lowerInStack(
  spec: Resolved<AdapterSpec>,
  name: StackName | undefined,
  stack: Stack,
): LoweredAdapter[] {
  const { kind, dropout = 0 } = spec, set = adapters[kind].options(spec), { rank } = set;
  const modules = spec.modules?.flatMap((module) => modulesNamed(module, stack)) ?? usualModules(kind, stack);
  if (modules.length === 0) return [];
  const twice = modules.find(({ name }, at) => modules.findIndex((other) => other.name === name) !== at);
  if (twice !== undefined) throw new RequestError(`the module ${twice.name} is named twice; name each module once`);
  return blocksOf(spec.blocks, stack.blocks).flatMap((block) =>
    modules.map(({ name: module, site, inputs, outputs, weight }) => {
      if (spec.rank !== undefined && rank > Math.min(inputs, outputs)) {
        throw new RequestError(
          `the rank ${rank} is out of range for ${module} [${outputs}, ${inputs}]; give a whole number from 1 to ${
            Math.min(inputs, outputs)
          }`,
        );
      }
      const options = { ...set, scalesInput: site === "mlp.output" };
      const tensors = adapters[kind].tensors({ inputs, outputs }, options);
      const location = { module, block, ...(name && { stack: name }), site, inputs, weight: weight(block) };
      return { form: "adapter", kind, options, ...location, ...positionsAt(location, spec), dropout, tensors };
    })
  );
}

/**
 * The positions of an adapter at a site. They are not needed in an encoder, which reads only the prompt.
 *
 * @throws {RequestError} If the site is in a decoder that does not read the prompt.
 */
function positionsAt(
  at: Pick<LoweredAdapter, "stack" | "site">,
  { kind, positions }: Resolved<AdapterSpec>,
): Pick<LoweredAdapter, "positions"> {
  if (positions !== "prompt" || runOfSite(at) === "context") return {};
  if (at.stack === undefined) return { positions };
  throw new RequestError(
    `the decoder does not read the prompt, so ${kind}'s positions "prompt" mean nothing there; write stack: "encoder", ` +
      "or omit the positions",
  );
}

/** The output sites of each role; a fused projection has several roles. */
const sitesOfRole: Readonly<Record<ProjectionRole, readonly SiteName[]>> = {
  query: ["attention.query", "crossAttention.query", "attention.queryKeyValue"],
  key: ["attention.key", "crossAttention.key", "attention.queryKeyValue"],
  value: ["attention.value", "crossAttention.value", "attention.queryKeyValue"],
  output: ["attention.output", "crossAttention.output"],
  gate: ["mlp.gate", "mlp.gateUp"],
  up: ["mlp.up", "mlp.gateUp"],
  down: ["mlp.output"],
};

/** The modules that a kind of adapter acts on by default. */
function usualModules(kind: AdapterName, stack: Stack): Module[] {
  const modules = modulesOf(stack);
  return [
    ...new Set(adapters[kind].projections.flatMap((role) => {
      return modules.filter(({ site }) => sitesOfRole[role].includes(site));
    })),
  ];
}

/** The modules with a name: their full name or its last part, like peft's target modules. */
function modulesNamed(name: string, stack: Stack): Module[] {
  return modulesOf(stack).filter((module) => module.name === name || module.name.endsWith(`.${name}`));
}

function requireModule(name: string, stacks: readonly Stack[]): void {
  if (stacks.some((stack) => modulesNamed(name, stack).length > 0)) return;
  const all = stacks.flatMap(modulesOf).map((module) => module.name);
  const known = [...new Set(all.map((module) => module.slice(module.lastIndexOf(".") + 1)))];
  throw new RequestError(`no module of the model is named ${JSON.stringify(name)}; ${suggest(name, known)}`);
}

function modulesOf({ sites }: Stack): Module[] {
  return Object.entries(sites).flatMap(([site, { width, projection }]): Module[] => {
    if (projection === undefined) return [];
    const { module: name, ...own } = projection;
    return [{ name, site: site as SiteName, outputs: width, ...own }];
  });
}
