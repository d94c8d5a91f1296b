/** What the user sees while a run is spread over devices: one line that shows what each of them is doing. @module */
import { visible } from "../../common/visible.ts";
import { trainingLabel, workLabel } from "../../results/event_labels.ts";
import type { RunEvent } from "../../results/events.ts";
import type { Terminal } from "./terminal.ts";

const redrawMilliseconds = { live: 80, logged: 10_000 };

/** What a device is doing. */
interface Shown {
  readonly label: string;
  readonly done: number;
  readonly total: number;
  readonly note: string;
}

/** The devices of a run, and what each is doing. */
export class DeviceLines {
  readonly #terminal: Pick<Terminal, "live" | "write" | "columns">;
  readonly #shown = new Map<string, Shown>();
  #drawn: number;

  constructor(terminal: Pick<Terminal, "live" | "write" | "columns">) {
    this.#terminal = terminal;
    this.#drawn = terminal.live ? -Infinity : performance.now();
  }

  /** Receives a device's event. */
  take(device: string, event: RunEvent): void {
    const shown = this.#shownOf(device, event);
    if (shown === undefined) return;
    this.#shown.set(device, shown);
    if (shown.done >= shown.total && shown.total > 0) return this.#end(device, shown);
    const now = performance.now(), pause = this.#terminal.live ? redrawMilliseconds.live : redrawMilliseconds.logged;
    if (now - this.#drawn < pause) return;
    this.#drawn = now;
    this.#draw();
  }

  #shownOf(device: string, event: RunEvent): Shown | undefined {
    switch (event.kind) {
      case "work":
        return { label: workLabel(event), done: event.done, total: event.total, note: "" };
      case "trainingStarted": {
        const { stage, members, steps, stepsDone } = event;
        return { label: trainingLabel(stage, members), done: stepsDone, total: steps, note: members.join(", ") };
      }
      case "step": {
        const label = this.#shown.get(device)?.label ?? event.stage;
        const losses = event.members.map(({ loss }) => loss.toFixed(4)).join(" ");
        const members = event.members.map(({ member }) => member).join(", ");
        return { label, done: event.step, total: event.steps, note: `loss ${losses}  ${members}` };
      }
      default:
        return undefined;
    }
  }

  /** Writes finished work on its own line, and what the others are doing below it. */
  #end(device: string, { label, done, total, note }: Shown): void {
    const { live, write } = this.#terminal;
    this.#shown.delete(device);
    write(`${live ? "\r\x1b[2K" : ""}${visible(`${device}  ${label}  ${done}/${total}  ${note}`).trimEnd()}\n`);
    if (live) this.#draw();
  }

  #draw(): void {
    const { live, write, columns } = this.#terminal;
    const all = [...this.#shown].sort(([one], [other]) => one.localeCompare(other, "en", { numeric: true }));
    if (all.length === 0) return;
    const line = visible(
      all.map(([name, { label, done, total }]) => `${name} ${label} ${done}/${total}`).join("  ·  "),
    );
    write(live ? `\r\x1b[2K${line.slice(0, Math.max(0, (columns?.() ?? Infinity) - 1))}` : `${line}\n`);
  }
}
