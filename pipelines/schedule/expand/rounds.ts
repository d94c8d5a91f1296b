/** The rounds in which members run: those that continue with the best of others run after these. @module */
import { mergeValues, ownValue } from "../../../ops/program/own_value.ts";
import { RequestError } from "../../common/errors.ts";
import { guarded } from "../../common/guarded.ts";
import { atLocationOf, locationOf } from "../../common/source_location.ts";
import { metricNameOf } from "../../metrics/mod.ts";
import type { MemberRecord } from "../../results/results.ts";
import { isUnwantedPromise } from "../../common/unwanted_promise.ts";
import type { AxisLabel, Pipeline, StageSpec, WhereSpec } from "../../spec/mod.ts";
import type { Axes, BestPoint, Point } from "./axes.ts";
import { type Candidate, comparedBy, ranked } from "./choose.ts";
import { type BestMemberSpec, bestsIn } from "./declarations.ts";
import type { BestMember, Rounds } from "./member.ts";
import { shortened } from "./shortening.ts";

/** The stages of a pipeline, by their names in the results. */
export type Stages = Readonly<Record<string, StageSpec>>;

/** @throws {RequestError} If the condition returns neither true nor false: any other value would count as one of them. */
function holdsFor(condition: WhereSpec, labels: Readonly<Record<string, AxisLabel>>): boolean {
  const holds: unknown = condition.holds(labels);
  if (typeof holds === "boolean") return holds;
  throw new RequestError(`the condition returned ${kindOf(holds)}; return true or false`);
}

function kindOf(value: unknown): string {
  if (isUnwantedPromise(value)) return "a promise, which async functions return";
  if (typeof value === "string") return "a text";
  if (typeof value !== "object" || value === null) return String(value);
  return Array.isArray(value) ? "a list" : "an object";
}

/** The rounds of one run. */
export class MemberRounds {
  readonly #pipeline: Pipeline;
  readonly #stages: Stages;
  readonly #axes: Axes;
  readonly #chosen = new Map<BestMemberSpec, BestPoint>();
  readonly #best = new Map<BestMemberSpec, BestMember>();
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

  /** Successive halving: all its members for a few epochs, then fewer members for more. */
  *#halve(best: BestMemberSpec, round: number): Rounds {
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

  /** The name in the results of a stage that the pipeline may not return. */
  #nameOf(stage: StageSpec): string {
    const returned = Object.entries(this.#stages).find(([, each]) => each === stage);
    if (returned !== undefined) return returned[0];
    let name = "candidates";
    for (let at = 2; Object.hasOwn(this.#stages, name); at++) name = `candidates${at}`;
    return name;
  }

  #points(stages: Stages): Point[] {
    const { conditions } = this.#pipeline, inherited = this.#inherited(stages), { names } = this.#axes;
    const points = this.#axes.points(stages, this.#chosen).filter((point) => {
      // A member may lack an axis that others have.
      const labels = guarded({ ...inherited, ...this.#axes.labels(point) }, "a member", names, names);
      return conditions.every((condition) => atLocationOf(condition, () => holdsFor(condition, labels)));
    });
    if (points.length > 0) return points;
    throw new RequestError(
      "the conditions exclude every member; relax them so that at least one remains",
      locationOf(conditions[0]) ?? locationOf(this.#pipeline),
    );
  }

  /** The labels of the values of the best members that some stages continue with. */
  #inherited(stages: Stages): Readonly<Record<string, AxisLabel>> {
    const points = bestsIn(stages).flatMap((best) => this.#chosen.get(best)?.point ?? []);
    return mergeValues(points.map((point) => this.#axes.labels(point)));
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
    const chosen = [...this.#best].filter(([spec]) => bestsIn(stages).includes(spec));
    const idOf = (names: readonly string[]) => {
      const parts = [...prefix, ...names.map((name) => `${name}=${fileName(ownValue(own, name)!)}`)];
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
      chosen: chosen.map(([, best]) => best),
    };
    return { member, point };
  }

  #choose(best: BestMemberSpec, candidates: readonly Candidate[], records: readonly MemberRecord[]): void {
    const name = this.#nameOf(best.stage), metric = comparedBy(best);
    this.#take(best, name, ranked(candidates, records, name, metric)[0]!, 1);
  }

  #take(best: BestMemberSpec, stage: string, { member, point }: Candidate, epochs: number): void {
    const { repeats } = this.#axes;
    this.#chosen.set(best, { point: new Map([...point].filter(([name]) => !repeats.has(name))), epochs });
    this.#best.set(best, { stage, metric: metricNameOf(comparedBy(best)), member: member.repeated });
  }
}

/** The prefix of the ids of members that continue with the best of others. */
function roundName(round: number): string {
  return round === 1 ? "best" : `best${round}`;
}

function fileName(label: AxisLabel): string {
  return String(label).replaceAll(/[^\w.+;-]/g, "_");
}
