/**
 * Runs the units of members on all devices of a run at once. A unit's results go into the store, where the run finds
 * them; a unit whose device fails is run by another.
 *
 * @module
 */
import { ofKind } from "../../common/of_kind.ts";
import { DeviceError } from "../../common/errors.ts";
import type { RunEvent } from "../../results/events.ts";
import type { EncodeRecord, StageRecord } from "../../results/results.ts";
import type { RunContext } from "../context/run_context.ts";
import { noteTo } from "../context/work.ts";
import { weightsFor } from "../prepare/model_weights.ts";
import type { PreparedMember, PreparedStage } from "../prepare/prepared.ts";
import type { WeightsPeeker } from "../plan/planned_weights.ts";
import { MemberExecution } from "../run/member_execution.ts";
import type { Performed } from "../run/performed.ts";
import { nowhere } from "./perform_unit.ts";
import { unitsOf } from "./plan_units.ts";
import type { Unit } from "./unit.ts";

/** An encoding that takes longer than this is computed in shards, one per device. */
const secondsOfShard = 2;

/**
 * Does the members' work on the devices of a run.
 *
 * @throws {DeviceError} If the last device failed.
 */
export async function spreadUnits(runContext: RunContext, members: readonly PreparedMember[]): Promise<Performed> {
  const { devices } = runContext, weightsOf: WeightsPeeker = (stage) => weightsFor(runContext, stage);
  const sharding = { secondsOfShard, mostShards: devices.length, spread: devices.length };
  const units = await unitsOf(runContext, members, weightsOf, sharding);
  const queue = new UnitQueue(units.filter(({ kind }) => kind !== "report"));
  const stages = new Map<PreparedStage, StageRecord>(), encodings = new Map<string, EncodeRecord>();
  const seconds = new Map<string, number>(), lost = new Set<string>();
  const work = async (at: number) => {
    const { device: { name }, hasFailed } = devices[at]!;
    if (hasFailed) return;
    const own = runContext.onDevice(at, (event) => {
      if (event.kind === "note") runContext.emit(event);
      else if (!ofResults.has(event.kind)) runContext.emit({ ...event, device: name });
    });
    await using running = new MemberExecution(own, nowhere);
    await running.gather(members);
    for (let unit = await queue.next(); unit !== undefined; unit = await queue.next()) {
      const start = performance.now();
      try {
        for (const [stage, record] of await perform(running, unit, members)) stages.set(stage, record);
        if (unit.kind === "encode") {
          // Shards count with the encoding that they belong to.
          const before = unit.needs.reduce((sum, id) => sum + (seconds.get(id) ?? 0), 0);
          seconds.set(unit.id, before + (performance.now() - start) / 1000);
          for (const record of await running.encodings()) {
            if (!record.cached && !encodings.has(record.key)) {
              encodings.set(record.key, { ...record, seconds: seconds.get(unit.id)! });
            }
          }
        }
        queue.done(unit);
      } catch (error) {
        const failed = error instanceof DeviceError
          ? devices.find(({ device }) => device.name === error.device)
          : undefined;
        if (failed === undefined || devices.every((each) => each === failed || each.hasFailed)) {
          queue.end();
          for (const each of devices) each.fail(error instanceof Error ? error : new Error(String(error)));
          throw error;
        }
        const { name } = failed.device, isNew = !lost.has(name);
        lost.add(name);
        failed.fail(error as DeviceError);
        queue.again(unit);
        if (isNew) noteTo(runContext.emit)(`${name} failed (${messageOf(error)}); the others take over its work`);
        if (failed === devices[at]) return;
      }
    }
  };
  const ended = await Promise.allSettled(devices.map((_, at) => work(at)));
  const fault = ended.find((each) => each.status === "rejected");
  if (fault !== undefined) throw fault.reason;
  return { stages, encodings: [...encodings.values()] };
}

const messageOf = (error: unknown) => error instanceof Error ? error.message.trim().split("\n")[0] : String(error);

/** Events about members' results are emitted once all results are there, in the members' order. */
const ofResults: ReadonlySet<RunEvent["kind"]> = new Set(["stageStarted", "stageDone", "evaluation", "memberDone"]);

async function perform(running: MemberExecution, unit: Unit, members: readonly PreparedMember[]) {
  const found: (readonly [PreparedStage, StageRecord])[] = [];
  running.keepTo(unit.members);
  for (const [at, member] of members.entries()) {
    if (!unit.members.includes(member.member.id)) continue;
    const place = { id: member.member.id, number: at + 1, of: members.length };
    const named = member.stages.filter(({ name }) => unit.stages.includes(name)), trainings = ofKind(named, "train");
    if (unit.kind === "encode") {
      for (const stage of trainings) await running.encode(stage, unit.part);
      continue;
    }
    const stages = unit.kind === "train" ? trainings : named.filter(({ kind }) => kind !== "train");
    running.announce(stages);
    for (const stage of stages) found.push([stage, await running.stage(stage, member, place)]);
  }
  return found;
}

/** Units that wait for the units they need, and workers that wait for a unit. */
class UnitQueue {
  readonly #waiting: Unit[];
  readonly #done = new Set<string>();
  #running = 0;
  #isOver = false;
  #woken = Promise.withResolvers<void>();

  constructor(units: readonly Unit[]) {
    this.#waiting = [...units];
  }

  /** The next unit that is ready to run; `undefined` once there is nothing left. */
  async next(): Promise<Unit | undefined> {
    for (;;) {
      if (this.#isOver) return undefined;
      const at = this.#waiting.findIndex(({ needs }) => needs.every((id) => this.#done.has(id)));
      if (at >= 0) {
        this.#running++;
        return this.#waiting.splice(at, 1)[0];
      }
      if (this.#running === 0) return undefined;
      await this.#woken.promise;
    }
  }

  done({ id }: Unit): void {
    this.#done.add(id);
    this.#wake();
  }

  /** Gives a unit to the next worker that asks. */
  again(unit: Unit): void {
    this.#waiting.unshift(unit);
    this.#wake();
  }

  /** Marks that nothing more is to be done. */
  end(): void {
    this.#isOver = true;
    this.#wake();
  }

  #wake(): void {
    this.#running--;
    const woken = this.#woken;
    this.#woken = Promise.withResolvers();
    woken.resolve();
  }
}
