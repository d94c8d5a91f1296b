/** The page of a site that trains: its fields, and the worker's output. @module */
import { byId } from "../../report/page/dom.ts";
import type { Choices, ShownEvent, SiteDefaults } from "../site/protocol.ts";
import { addRow, chosen, fill, fillFrom, requireWhole, showFile, showParts } from "./choices.ts";
import { showLosses } from "./curve.ts";
import { Engine, Refusal } from "./engine.ts";
import { editInAddress, forgetEditInAddress, linkWith } from "./links.ts";
import { surviving } from "./lost_device.ts";
import { keepForOffline } from "./offline.ts";
import { clearNotes, note } from "./notes.ts";
import { pastedRows } from "./pasted.ts";
import { Progress, workText } from "./progress.ts";
import { recalled, remember } from "./remembered.ts";
import { Waiting } from "./waiting.ts";
import { focusing } from "./focusing.ts";
import { clearRows, showRows } from "./rows.ts";

const buttons = ["train", "ask", "download", "link", "show-rows"] as const;
const progress = new Progress();
let isTuned = false, isOpen = false;

/** What the worker does for the page. */
interface Work {
  /** Where the page says how far it is. */
  readonly status: "state" | "left" | "asking";
  /** The button that stops it, if it can be stopped. */
  readonly stop?: "pause" | "stop";
  /** Shows that it was stopped. */
  readonly stopped?: () => void;
  /** Shows nothing of it any more; what went wrong is shown elsewhere. */
  readonly failed?: () => void;
}

const other: Work = { status: "state" };
const training: Work = {
  status: "left",
  stop: "pause",
  stopped: () => progress.pause(),
  failed: () => progress.fail(),
};
const asking: Work = {
  status: "asking",
  stop: "stop",
  stopped: () => endAsking("Stopped"),
  failed: () => endAsking(""),
};

let work: Work = other, isStopping = false;
const waiting = new Waiting();

// The worker starts beside what the page itself needs.
const engine = new Engine(new URL(document.documentElement.dataset["engine"] ?? "", document.baseURI), take);
const defaults: SiteDefaults = await (await fetch("site.json")).json();

const survivor = { engine, defaults, note };

function take(event: ShownEvent): void {
  if (event.kind === "waiting") return waiting.take(event.isWaiting, byId(work.status));
  if (event.kind === "work" && work === asking) byId("asking").textContent = workText(event);
  else progress.take(event);
  if (event.kind === "note") note(event.message, true);
  if (event.kind === "trainingStarted" || event.kind === "step") showLosses(progress.losses, progress.steps);
}

function showFault(message: string): void {
  byId("fault").hidden = message === "";
  byId("fault").textContent = message;
}

/** Whether the worker is busy, so that nothing else can be requested. */
function setBusy(isBusy: boolean): void {
  for (const id of buttons) {
    const isUseless = ["download", "link"].includes(id) && !isTuned;
    byId(id, HTMLButtonElement).disabled = isBusy || isUseless;
  }
  for (const id of ["pause", "stop"]) byId(id, HTMLButtonElement).disabled = !isBusy || work.stop !== id;
  for (const id of ["file", "open-zip"]) byId(id, HTMLInputElement).disabled = isBusy;
  document.body.setAttribute("aria-busy", String(isBusy));
}

/** Does something with the worker; errors are shown on the page. */
async function working(act: () => Promise<void>, now: Work = other): Promise<void> {
  [work, isStopping] = [now, false];
  const restoreFocus = now.stop === undefined ? () => {} : focusing(byId(now.stop, HTMLButtonElement));
  setBusy(true);
  showFault("");
  try {
    await act();
  } catch (fault) {
    if (fault instanceof Refusal && fault.isStopped && now.stopped !== undefined) now.stopped();
    else {
      now.failed?.();
      showFault(fault instanceof Error ? fault.message : String(fault));
    }
  } finally {
    setBusy(false);
    restoreFocus();
    work = other;
  }
}

/** Stops what can be stopped. */
function stop(): void {
  isStopping = true;
  engine.stop();
}

/** The values of the fields. Throws an Error if one is missing. */
function choices(): Choices {
  remember(defaults);
  const found = chosen(defaults);
  requireWhole(found, defaults);
  return found;
}

async function takeFile(file: File): Promise<void> {
  const bytes = new Uint8Array(await file.arrayBuffer());
  const { file: path, fields, problem } = await engine.ask({ kind: "file", name: file.name, bytes });
  const { asked, taught } = fields ?? { asked: "prompt", taught: "completion" };
  showFile(path, { prompt: `{${asked}}`, completion: `{${taught}}` });
  clearRows();
  if (fields === undefined) throw new Error(problem);
}

function on(id: string, type: string, act: () => void): void {
  byId(id).addEventListener(type, act);
}

on("base", "change", showParts);
on("source", "change", () => {
  showParts();
  clearRows();
});
on("add-row", "click", () => addRow());
byId("typed-rows").addEventListener("paste", (event) => {
  const rows = pastedRows(event.clipboardData?.getData("text/plain") ?? ""), { target } = event;
  if (rows === undefined || !(target instanceof HTMLTextAreaElement)) return;
  event.preventDefault();
  fillFrom(target, rows);
});
addEventListener("pagehide", () => remember(defaults));
on("pause", "click", stop);
on("stop", "click", stop);
on("file", "change", () => {
  const [file] = byId("file", HTMLInputElement).files ?? [];
  if (file !== undefined) void working(() => takeFile(file));
});
addEventListener("dragover", (event) => event.preventDefault());
addEventListener("drop", (event) => {
  event.preventDefault();
  const [file] = event.dataTransfer?.files ?? [];
  if (file === undefined) return;
  if (document.body.getAttribute("aria-busy") === "true") {
    return showFault("the page is at work; drop the file again when that is done");
  }
  void working(() => takeFile(file));
});
on("show-rows", "click", () =>
  void working(async () => {
    clearRows();
    clearNotes();
    const rows = await engine.ask({ kind: "rows", choices: choices() });
    showRows(rows);
    for (const each of rows.notes) note(each, true);
  }));
on("train", "click", () =>
  void working(async () => {
    clearNotes();
    progress.begin();
    // A browser that is short of space empties sites that did not ask. Some ask the visitor first, for whom nothing waits.
    void navigator.storage?.persist?.().catch(() => false);
    const { seconds } = await surviving(survivor, choices(), (found) => engine.ask({ kind: "train", choices: found }));
    tunedAnew();
    forgetEditInAddress();
    progress.done(seconds);
  }, training));
on("ask", "click", () => void working(askBoth, asking));
on("download", "click", () =>
  void working(async () => {
    const { bytes } = await engine.ask({ kind: "zip" }), link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob([bytes], { type: "application/zip" }));
    link.download = "intervention.zip";
    link.click();
    byId("kept").textContent = "Downloaded; saved() loads the folder in it.";
  }));
on("link", "click", () =>
  void working(async () => {
    const { bytes, base } = await engine.ask({ kind: "zip" }), link = linkWith(base, bytes);
    if (link === undefined) {
      byId("kept").textContent = "It is too large for a link; download it.";
      return;
    }
    await navigator.clipboard.writeText(link);
    byId("kept").textContent = "Copied; whoever opens the link can try this edit.";
  }));
on("open-zip", "change", () => {
  const [file] = byId("open-zip", HTMLInputElement).files ?? [];
  if (file === undefined) return;
  void working(async () => {
    await openEdit(new Uint8Array(await file.arrayBuffer()));
    forgetEditInAddress();
  });
});
addEventListener("hashchange", () => {
  if (document.body.getAttribute("aria-busy") !== "true") return void working(openLinked);
  showFault("the page is at work; open the link again when that is done");
});

const pending = "…";
const answerPlaces = () => ["base-answer", "tuned-answer"].map((id) => byId(id));

/** Asks the base and the tuned model, one after the other. */
async function askBoth(): Promise<void> {
  const prompt = byId("question", HTMLTextAreaElement).value, places = answerPlaces();
  for (const place of places) place.textContent = pending;
  if (!isTuned) places[1]!.textContent = "Nothing is trained yet.";
  for (const [at, place] of places.entries()) {
    const tuned = at === 1;
    if (tuned && !isTuned) continue;
    // The worker may have answered before it was to stop.
    if (isStopping) throw new Refusal("stopped", true);
    byId("asking").textContent = `Asking the ${tuned ? "tuned" : "base"} model …`;
    const write = (found: Choices) => engine.ask({ kind: "write", choices: found, prompt, tuned });
    place.textContent = (await surviving(survivor, choices(), write)).text;
  }
  endAsking("");
}

/** Takes note of a new edit, which has answered nothing yet. */
function tunedAnew(): void {
  isTuned = true;
  byId("tuned-answer").textContent = "";
}

/** Shows how asking ended; nothing in the place of an answer that is missing. */
function endAsking(how: string): void {
  byId("asking").textContent = how;
  for (const place of answerPlaces()) if (place.textContent === pending) place.textContent = "";
}

async function openEdit(bytes: Uint8Array<ArrayBuffer>, base?: string): Promise<void> {
  byId("kept").textContent = "";
  const found = await engine.ask({ kind: "unzip", bytes, base });
  tunedAnew();
  if (base !== undefined) fill(defaults, { ...chosen(defaults), base });
  byId("kept").textContent = `Opened an edit of ${base ?? found.base}; try it above.`;
}

/** Opens the edit that the page's address contains, if it contains one. */
async function openLinked(): Promise<void> {
  const shared = editInAddress();
  if (shared !== undefined) await openEdit(shared.bytes, shared.base);
}

byId("title").textContent = `Train ${defaults.name} in this tab`;
fill(defaults, recalled(defaults));
byId("question", HTMLTextAreaElement).value = String(defaults.choices.rows.records?.[0]?.["prompt"] ?? "");
await working(async () => {
  const { threads, isKept, hasWebGpu, isTuned: wasTuned } = await engine.ask({ kind: "open", defaults });
  isTuned = wasTuned;
  const webgpu = byId("provider", HTMLSelectElement).options[1]!;
  webgpu.disabled = !hasWebGpu;
  if (!hasWebGpu) {
    byId("provider", HTMLSelectElement).value = "cpu";
    note("This browser has no WebGPU for the page; training uses WebAssembly.");
  }
  if (!crossOriginIsolated) {
    note(
      "The page is not cross-origin isolated, so WebAssembly has only one thread; to change this, its server can send " +
        "Cross-Origin-Opener-Policy: same-origin and Cross-Origin-Embedder-Policy: require-corp.",
    );
  }
  if (!isKept) note("This browser stores no files for the page: what is computed is lost when the tab is closed.");
  byId("state").textContent = `Ready: WebAssembly with ${threads === 1 ? "1 thread" : `${threads} threads`}` +
    `${hasWebGpu ? ", WebGPU" : ""}${isKept ? "; what is computed is kept in this browser" : ""}.`;
  isOpen = true;
}, { status: "state", failed: () => byId("state").textContent = "Not opened." });
if (isOpen) await working(openLinked);
document.body.dataset["ready"] = String(Math.round(performance.now()));
// A host that takes no such script, or a page that is not served securely, goes without.
await keepForOffline().catch(() => {});
