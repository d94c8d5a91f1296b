/**
 * What the user sees of a run's events: one line on stderr for each part of the work, with a progress bar if that is a
 * terminal, and notes.
 *
 * @module
 */
import { trainingLabel, workLabel } from "../../results/event_labels.ts";
import type { Emit, MemberPlace, RunEvent, StageOutline, StepDone } from "../../results/events.ts";
import { visible } from "../../common/visible.ts";
import { formatSize } from "../../common/size.ts";
import { DeviceLines } from "./device_lines.ts";
import { formatSeconds, type Terminal } from "./terminal.ts";

/** The characters of a bar, and the fewest on a narrow terminal. */
const width = 24, leastWidth = 6;
const redrawMilliseconds = { live: 80, logged: 10_000 };

/** Work that is shown, from its first unit. */
interface ShownWork {
  readonly label: string;
  readonly total: number;
  /** How many units an earlier run had done when it began. */
  readonly before: number;
  readonly count: (parts: number) => string;
  readonly start: number;
  /** Its expected seconds, until something is measured. */
  readonly expected: number | undefined;
  /** When its line was last written. */
  drawn: number;
}

/** Shows events, one line for each part of the work. */
export function terminalEvents(terminal: Pick<Terminal, "live" | "write" | "columns">): Emit {
  const lines = new EventLines(terminal), devices = new DeviceLines(terminal);
  return (event) => event.device === undefined ? lines.take(event) : devices.take(event.device, event);
}

class EventLines {
  readonly #terminal: Pick<Terminal, "live" | "write" | "columns">;
  #work: ShownWork | undefined;
  /**
   * The current training: its line continues after a validation has encoded its rows, and ends with its stage, because
   * a validation may follow its last step.
   */
  #training: ShownWork | undefined;
  #step: StepDone | undefined;
  /** The unfinished line. */
  #open = "";
  /** The members that run together, by id; a single member is not named. */
  #places = new Map<string, number>();
  #member: MemberPlace | undefined;
  /** What the latest validations measured, by member. */
  #validated = new Map<string, string>();
  /** The expected seconds of work that has not begun, by member and stage. */
  readonly #ahead = new Map<string, number>();
  /** The same for the stage that has begun. */
  #expected: number | undefined;

  constructor(terminal: Pick<Terminal, "live" | "write" | "columns">) {
    this.#terminal = terminal;
  }

  take(event: RunEvent): void {
    switch (event.kind) {
      case "membersReady":
        this.#places = new Map(event.members.map(({ id }, at) => [id, at + 1]));
        this.#ahead.set("encode", event.encodeSeconds ?? 0);
        for (const { id, stages } of event.members) {
          for (const stage of stages) this.#ahead.set(stageKey(id, stage), stage.expectedSeconds ?? 0);
        }
        return;
      case "stageStarted":
        this.#member = event.member;
        this.#expected = this.#takeAhead([stageKey(event.member.id, { name: event.stage, kind: event.stageKind })]);
        return;
      case "work": {
        const { done, total, unit, subject, resumed } = event;
        const count = (parts: number) => unit === "bytes" ? formatSize(parts) : String(parts);
        const isOfStage = unit === "rows" && subject !== undefined;
        if (done === 0 || resumed || this.#work === undefined) {
          const expected = event.work === "encode"
            ? this.#takeAhead(["encode"])
            : isOfStage
            ? this.#expected
            : undefined;
          this.#begin(workLabel(event), total, resumed ? done : 0, count, expected);
        }
        const note = unit === "bytes" ? subject : resumed ? "resumed" : undefined;
        return this.#draw(done, [note, isOfStage ? memberText(this.#member) : undefined]);
      }
      case "trainingStarted": {
        const { stage, members, steps, stepsDone } = event;
        this.#endTraining();
        const others = this.#takeAhead(members.map((id) => stageKey(id, { name: stage, kind: "train" })));
        const expected = ((this.#expected ?? 0) + (others ?? 0)) * (steps - stepsDone) / steps;
        this.#begin(trainingLabel(stage, members), steps, stepsDone, String, expected > 0 ? expected : undefined);
        this.#training = this.#work;
        return this.#draw(stepsDone, [stepsDone > 0 ? "resumed" : undefined, this.#membersText(members)]);
      }
      case "step":
        this.#step = event;
        return this.#drawStep(event);
      case "validation": {
        const measured = Object.entries(event.metrics).map(([name, value]) => `${name} ${value.toFixed(4)}`).join(", ");
        this.#validated.set(event.member, `${measured}${event.isBest ? ", the best" : ""}`);
        return this.#step === undefined ? undefined : this.#drawStep(this.#step);
      }
      case "stageDone":
        return this.#endTraining();
      case "runFailed":
        // A training that failed before its last step has no line to end.
        return this.#step?.step === this.#step?.steps ? this.#endTraining() : undefined;
      case "note":
        return this.#note(event.message);
      case "runStarted":
      case "epoch":
      case "evaluation":
      case "memberDone":
      case "runDone":
        // The summary reports these.
        return;
    }
  }

  /** Removes work that has begun from what is ahead. */
  #takeAhead(keys: readonly string[]): number | undefined {
    const found = keys.flatMap((key) => this.#ahead.get(key) ?? []);
    for (const key of keys) this.#ahead.delete(key);
    const seconds = found.reduce((sum, each) => sum + each, 0);
    return seconds > 0 ? seconds : undefined;
  }

  #begin(
    label: string,
    total: number,
    before: number,
    count: (parts: number) => string,
    expected: number | undefined,
  ): void {
    const start = performance.now();
    this.#work = { label, total, before, count, start, expected, drawn: this.#terminal.live ? -Infinity : start };
  }

  /** The time left for this work and everything ahead. */
  #leftText(work: ShownWork, done: number, seconds: number): string {
    if (done >= work.total) return "";
    const { before, total, expected } = work;
    const left = done > before
      ? seconds * (total - done) / (done - before)
      : expected && Math.max(0, expected - seconds);
    if (left === undefined) return "";
    const ahead = [...this.#ahead.values()].reduce((sum, each) => sum + each, 0);
    // The estimate for what is ahead is less certain than that for current work.
    return `, ${formatSeconds(left)} left${ahead < 1 ? "" : `, about ${formatSeconds(left + ahead)} in total`}`;
  }

  #drawStep({ step, members }: StepDone, ends = false): void {
    this.#work = this.#training;
    const ids = members.map(({ member }) => member), validated = ids.flatMap((id) => this.#validated.get(id) ?? []);
    const losses = `loss ${members.map(({ loss }) => loss.toFixed(4)).join(" ")}`;
    const measured = validated.length === 0 ? undefined : `validated ${validated.join(" / ")}`;
    this.#draw(step, [losses, measured, this.#membersText(ids)], ends);
  }

  #endTraining(): void {
    if (this.#step !== undefined) this.#drawStep(this.#step, true);
    this.#training = this.#step = undefined;
    this.#validated.clear();
  }

  #draw(done: number, notes: readonly (string | undefined)[], ends = this.#work !== this.#training): void {
    const work = this.#work, { live, write, columns } = this.#terminal, now = performance.now();
    if (work === undefined) return;
    const { label, total, count, start } = work, isDone = done >= total;
    const finished = ends && (isDone || work === this.#training);
    const pause = live ? redrawMilliseconds.live : redrawMilliseconds.logged;
    if (!finished && !(live && isDone) && now - work.drawn < pause) return;
    work.drawn = now;
    const seconds = (now - start) / 1000;
    const left = isDone || finished ? "" : this.#leftText(work, done, seconds);
    const time = `${formatSeconds(seconds)}${left}`, said = notes.filter(Boolean).join("  ");
    const before = visible(label.padEnd(16)), after = visible(`${count(done)}/${count(total)}  ${time}  ${said}`);
    // A finished line is shown whole: on a narrow terminal its bar gives way, so that it is not wrapped.
    const room = finished ? columns?.() ?? Infinity : Infinity;
    const beyond = Math.max(0, before.length + after.trimEnd().length + width + 3 - room);
    const line = `${before} ${bar(done / total, Math.max(leastWidth, width - beyond))} ${after}`;
    this.#open = finished ? "" : fitted(line, columns?.());
    write(live ? `\r\x1b[2K${finished ? line : this.#open}${finished ? "\n" : ""}` : `${line}\n`);
  }

  #note(message: string): void {
    const { live, write } = this.#terminal, isOver = live && this.#open !== "";
    write(`${isOver ? "\r\x1b[2K" : ""}note: ${visible(message)}\n${live ? this.#open : ""}`);
  }

  /** Which of the members that run together are being trained, as in `rank=4 (2 of 4)` or `(1 to 3 of 4)`. */
  #membersText(ids: readonly string[]): string {
    const [first = ""] = ids, of = this.#places.size, number = this.#places.get(first);
    if (number === undefined) return "";
    if (ids.length === 1) return memberText({ id: first, number, of });
    const numbers = ids.flatMap((id) => this.#places.get(id) ?? []).sort((one, other) => one - other);
    const isRun = numbers.every((each, at) => each === numbers[0]! + at);
    return `(${isRun ? `${numbers[0]} to ${numbers.at(-1)}` : numbers.join(", ")} of ${of})`;
  }
}

function stageKey(member: string, { name, kind }: Pick<StageOutline, "name" | "kind">): string {
  return `${kind} ${name} of ${member}`;
}

function memberText(member: MemberPlace | undefined): string {
  return member === undefined || member.of === 1 ? "" : `${member.id} (${member.number} of ${member.of})`;
}

/** A line that can be overwritten, which a wrapped one cannot. */
function fitted(line: string, columns: number | undefined): string {
  return columns === undefined || line.length < columns ? line : `${line.slice(0, Math.max(0, columns - 2))}…`;
}

function bar(share: number, length: number): string {
  const filled = Math.round(Math.min(1, share) * length);
  return "█".repeat(filled) + "░".repeat(length - filled);
}
