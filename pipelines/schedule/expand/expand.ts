/**
 * A pipeline as members: one for each point of its axes. What goes on with the best of them expands when they have run.
 *
 * @module
 */
import { RequestError } from "../../common/errors.ts";
import { locationOf, withLocationOf } from "../../common/source_location.ts";
import type { Overrides, Scalar } from "../../recipes/overrides.ts";
import type { MemberRecord } from "../../results/results.ts";
import type { AxisLabel, BestSpec, Pipeline, Resolved, StageSpec } from "../../spec/mod.ts";
import { quote } from "../../common/suggest.ts";
import { Axes, type BestPoint, bestsIn, type Point, withEpochs } from "./axes.ts";
import { type Candidate, comparedBy, ranked, requireMetric } from "./choose.ts";

/** One point of a pipeline's axes. */
export interface Member {
  /** Readable and stable: `layer=15,rank=4`; `main` without axes. */
  readonly id: string;
  /** The id without the axes that repeat one experiment, which is that of what they repeat. */
  readonly repeated: string;
  /** Numbers, texts and booleans as they are; other values by their label. */
  readonly axes: Readonly<Record<string, AxisLabel>>;
  readonly stages: Readonly<Record<string, Resolved<StageSpec>>>;
  /** The best members that it goes on with. */
  readonly chosen: readonly BestMember[];
}

/** A member that others go on with. */
export interface BestMember {
  /** The stage that it is best in. */
  readonly stage: string;
  /** The metric by which it is. */
  readonly metric: string;
  /** Its id, without the axes that repeat. */
  readonly member: string;
}

/** Members that can run together; what they give is to be told for those that go on with the best of them. */
export type Rounds = Generator<readonly Member[], void, readonly MemberRecord[]>;

/** A pipeline with its axes, from which its members are made. */
export interface Expansion {
  /** The members that depend on no other's results. */
  readonly members: readonly Member[];
  /** Whether members follow that go on with the best of these. */
  readonly goesOn: boolean;
  /** All rounds of members, from the first. */
  readonly rounds: () => Rounds;
}

const stageKinds: readonly unknown[] = ["train", "evaluate", "activations"] satisfies StageSpec["kind"][];

type Stages = Readonly<Record<string, StageSpec>>;

/**
 * Declares a pipeline's stages and expands its members, the last axis varying fastest.
 *
 * @param given New values for axes, by name; those for settings are left aside.
 * @param settings The settings that are declared once the pipeline is built.
 * @throws {RequestError} If the stages, axes or conditions are not sound, or what is given does not fit them.
 */
export function expand(
  pipeline: Pipeline,
  given: Overrides = new Map(),
  settings: ReadonlyMap<string, Scalar> = new Map(),
): Expansion {
  const stages = pipeline.build();
  requireStages(stages, pipeline);
  if (!pipeline.conditions.every((condition) => condition?.kind === "where")) {
    throw new RequestError("a condition of the pipeline is none; write where((member) => …)", locationOf(pipeline));
  }
  const axes = new Axes(stages, given, settings);
  for (const best of bestsIn(stages)) requireMetric(best);
  const rounds = () => new RoundsOf(pipeline, stages, axes).all();
  const first = rounds().next();
  return { members: first.done ? [] : first.value, goesOn: bestsIn(stages).length > 0, rounds };
}

function requireStages(stages: unknown, pipeline: Pipeline): asserts stages is Stages {
  const place = locationOf(pipeline);
  if (typeof stages !== "object" || stages === null || Object.keys(stages).length === 0) {
    throw new RequestError("the pipeline returns no stages; return what train or evaluate gave", place);
  }
  for (const [name, stage] of Object.entries(stages as Readonly<Record<string, StageSpec | undefined>>)) {
    if (!/^\w[\w.-]*$/.test(name)) {
      throw new RequestError(`the result name ${quote(name)} is no file name; use letters, digits, -, . and _`, place);
    }
    if (!stageKinds.includes(stage?.kind)) {
      throw new RequestError(`the result ${name} is no stage; return what train or evaluate gave`, place);
    }
  }
}

/** The rounds of one run. */
class RoundsOf {
  readonly #pipeline: Pipeline;
  readonly #stages: Stages;
  readonly #axes: Axes;
  readonly #chosen = new Map<BestSpec, BestPoint>();
  readonly #told = new Map<BestSpec, BestMember>();
  readonly #ids = new Set<string>();

  constructor(pipeline: Pipeline, stages: Stages, axes: Axes) {
    this.#pipeline = pipeline;
    this.#stages = stages;
    this.#axes = axes;
  }

  *all(): Rounds {
    const open = new Map(Object.entries(this.#stages));
    for (let round = 0; open.size > 0; round++) {
      const pending = [...open.values()].flatMap(bestsIn).filter((best) => !this.#chosen.has(best));
      const ripe = [...new Set(pending)].filter(({ stage }) => this.#isReady(stage));
      const halved = ripe.filter(({ by }) => by.kind === "halving");
      const ready = [...open].filter(([, stage]) => {
        return this.#isReady(stage) && !halved.some((best) => best.stage === stage);
      });
      const named = new Map(ready);
      for (const { stage, by } of ripe) {
        if (by.kind !== "halving" && ![...named.values()].includes(stage)) named.set(this.#nameOf(stage), stage);
      }
      if (named.size > 0) {
        const candidates = this.#candidates(Object.fromEntries(named), round === 0 ? [] : [roundName(round)]);
        const records = yield candidates.map(({ member }) => member);
        for (const best of ripe) if (!halved.includes(best)) this.#choose(best, candidates, records);
      }
      for (const best of halved) yield* this.#halve(best, round);
      for (const [name] of ready) open.delete(name);
      for (const { stage } of halved) open.delete(this.#nameOf(stage));
    }
  }

  /** All its members for few epochs, then fewer for more. */
  *#halve(best: BestSpec, round: number): Rounds {
    const { stage, by } = best;
    if (by.kind !== "halving") return;
    const name = this.#nameOf(stage), before = round === 0 ? [] : [roundName(round)];
    let points = this.#points({ [name]: stage });
    const whole = points.length;
    for (let at = 0; at < by.rounds; at++) {
      const share = whole / points.length / by.rounds, prefix = [...before, `round=${at + 1}`];
      const candidates = points.map((point) => {
        return this.#member({ [name]: stage }, point, prefix, share);
      });
      const records = yield candidates.map(({ member }) => member);
      const order = ranked(candidates, records, name, by.by);
      const kept = Math.max(1, Math.ceil(order.length * by.keep));
      const isLast = at === by.rounds - 1;
      if (isLast) this.#take(best, name, order[0]!, share);
      else {
        const stays = new Set(order.slice(0, kept).map(({ member }) => member.repeated));
        points = candidates.filter(({ member }) => stays.has(member.repeated)).map(({ point }) => point);
      }
    }
  }

  #isReady(stage: StageSpec): boolean {
    return bestsIn(stage).every((best) => this.#chosen.has(best));
  }

  /** What results call a stage that the pipeline may not return. */
  #nameOf(stage: StageSpec): string {
    const returned = Object.entries(this.#stages).find(([, each]) => each === stage);
    if (returned !== undefined) return returned[0];
    let name = "candidates";
    for (let at = 2; name in this.#stages; at++) name = `candidates${at}`;
    return name;
  }

  #points(stages: Stages): Point[] {
    const { conditions } = this.#pipeline, inherited = this.#inherited(stages);
    const points = this.#axes.points(stages, this.#chosen).filter((point) => {
      const labels = { ...inherited, ...this.#axes.labels(point) };
      return conditions.every(({ holds }) => holds(labels));
    });
    if (points.length > 0) return points;
    throw new RequestError(
      "the conditions leave no member; let some hold for at least one",
      locationOf(conditions[0]) ?? locationOf(this.#pipeline),
    );
  }

  /** What results call the values of the best members that some stages go on with. */
  #inherited(stages: Stages): Readonly<Record<string, AxisLabel>> {
    const points = bestsIn(stages).flatMap((best) => this.#chosen.get(best)?.point ?? []);
    return Object.assign({}, ...points.map((point) => this.#axes.labels(point)));
  }

  #candidates(stages: Stages, prefix: readonly string[]): Candidate[] {
    return this.#points(stages).map((point) => this.#member(stages, point, prefix, 1));
  }

  #member(
    stages: Stages,
    point: Point,
    prefix: readonly string[],
    epochs: number,
  ): Candidate {
    const { repeats } = this.#axes, own = this.#axes.labels(point);
    const chosen = [...this.#told].filter(([best]) => bestsIn(stages).includes(best));
    const idOf = (names: readonly string[]) => {
      const parts = [...prefix, ...names.map((name) => `${name}=${fileName(own[name]!)}`)];
      return parts.length === 0 ? "main" : parts.join(",");
    };
    const names = Object.keys(own), id = idOf(names);
    if (this.#ids.has(id)) {
      throw new RequestError(
        `two members would be called ${id}; give each axis distinct values`,
        locationOf(this.#pipeline),
      );
    }
    this.#ids.add(id);
    const resolved = Object.entries(stages).map(([name, stage]) => {
      return [name, shortened(this.#axes.resolve(stage, point, this.#chosen), epochs)] as const;
    });
    const member = {
      id,
      repeated: idOf(names.filter((name) => !repeats.has(name))),
      axes: { ...this.#inherited(stages), ...own },
      stages: Object.fromEntries(resolved),
      chosen: chosen.map(([, told]) => told),
    };
    return { member, point };
  }

  #choose(best: BestSpec, candidates: readonly Candidate[], records: readonly MemberRecord[]): void {
    const name = this.#nameOf(best.stage), metric = comparedBy(best);
    this.#take(best, name, ranked(candidates, records, name, metric)[0]!, 1);
  }

  #take(best: BestSpec, stage: string, { member, point }: Candidate, epochs: number): void {
    const { repeats } = this.#axes;
    this.#chosen.set(best, { point: new Map([...point].filter(([name]) => !repeats.has(name))), epochs });
    this.#told.set(best, { stage, metric: comparedBy(best).kind, member: member.repeated });
  }
}

/** A stage whose training takes a share of its epochs. */
function shortened(stage: Resolved<StageSpec>, share: number): Resolved<StageSpec> {
  if (stage.kind === "train") return withEpochs(stage, share);
  return withLocationOf(stage, { ...stage, model: withEpochs(stage.model, share) });
}

/** Begins the ids of members that go on with the best of others. */
function roundName(round: number): string {
  return round === 1 ? "best" : `best${round}`;
}

function fileName(label: AxisLabel): string {
  return String(label).replaceAll(/[^\w.+;-]/g, "_");
}
