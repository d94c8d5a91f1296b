/** The worker of a site: it holds the page's files and sessions, and trains for it. @module */
/// <reference lib="deno.worker" />
import { expandPipeline } from "../../cli/requests/expand_pipeline.ts";
import { openRunContext } from "../../cli/requests/open_run_context.ts";
import { DeviceError, RequestError, StoppedError } from "../../common/errors.ts";
import { faultText, writeAtomically } from "../../common/files.ts";
import { system } from "../../common/system.ts";
import { greedy } from "../../dsl/decoding.ts";
import { saved } from "../../dsl/edits.ts";
import { generate } from "../../interface/generate.ts";
import { run } from "../../interface/run.ts";
import type { Emit } from "../../results/events.ts";
import { bytesProgress, noteTo } from "../../schedule/context/work.ts";
import { inspectRows } from "../../schedule/inspect/inspect_rows.ts";
import { showDownloads } from "../models/fetch_model.ts";
import { onWaiting } from "../twins/adapter.ts";
import { openTab, setHub } from "../twins/tab.ts";
import { folder, isTuned, keep, trainedBase, unzipped, unzippedFromLink, zipped } from "./interventions.ts";
import { chosenBase, pipelineOf } from "./chosen.ts";
import { fieldsIn } from "./row_file.ts";
import type { Answers, Ask, FromEngine, ToEngine } from "./protocol.ts";
import { shownEvent } from "./shown_event.ts";
import { siteFolder } from "./site_folder.ts";
import type { SiteTrained } from "./trained.ts";

/** How many rows a page shows as the model reads them. */
const shownRows = 3;

const say = (message: FromEngine) => self.postMessage(message);

onWaiting((isWaiting) => say({ event: { kind: "waiting", isWaiting } }));
// It takes a while, and the page will ask for it.
const opening = openTab();
// Who asks gets what is wrong.
opening.catch(() => {});

let trained: SiteTrained | undefined;
let stopping = new AbortController();

/** Where dropped files are. */
const rowsFolder = `${siteFolder}/rows`;

/** A message about files as a visitor knows them. */
const shown = (message: string) => message.replaceAll(`${rowsFolder}/`, "");

const emit: Emit = (event) => {
  const found = shownEvent(event);
  if (found !== undefined) say({ event: found.kind === "note" ? { ...found, message: shown(found.message) } : found });
};

function problemOf(fault: unknown): string {
  if (fault instanceof RequestError && fault.pageProblem !== undefined) {
    return shown(new RequestError(fault.pageProblem, fault.location).message);
  }
  return shown(fault instanceof Error && fault.message !== "" ? faultText(fault) : String(fault));
}

async function answer(ask: Ask): Promise<Answers[keyof Answers]> {
  const { signal } = stopping, { threads, isKept, hasWebGpu } = await opening;
  switch (ask.kind) {
    case "open":
      // Written by the exporter of the same version.
      trained = ask.defaults.trained as SiteTrained;
      if (ask.defaults.endpoint !== undefined) setHub(ask.defaults.endpoint);
      showDownloads(bytesProgress(emit, "download"));
      return { threads, isKept, hasWebGpu, isTuned: isTuned() };
    case "file": {
      const file = `${rowsFolder}/${ask.name.replaceAll("/", "_")}`;
      await system.mkdir(rowsFolder, { recursive: true });
      await writeAtomically(file, [ask.bytes]);
      try {
        return { file, fields: await fieldsIn(file), problem: "" };
      } catch (fault) {
        return { file, fields: undefined, problem: problemOf(fault) };
      }
    }
    case "rows": {
      const notes: string[] = [], pipeline = await pipelineOf(opened(), ask.choices, signal);
      const { members } = expandPipeline(pipeline, new Map());
      const noted: Emit = (event) => event.kind === "note" ? notes.push(shown(event.message)) : emit(event);
      const place = { base: system.cwd(), threads: 1, provider: "cpu" } as const;
      await using runContext = openRunContext(place, {}, noted, { signal });
      const { data: [data] } = await inspectRows(runContext, members, shownRows);
      if (data === undefined) throw new RequestError("there are no rows; drop a file, or type some");
      const first = data.first.map(({ tokens }) => {
        return tokens.map(({ text, isTaught, isCut, edits }) => ({ text, isTaught, isCut, isEdited: edits > 0 }));
      });
      return { count: data.rows, first, notes };
    }
    case "train": {
      const start = performance.now(), { choices } = ask, { provider } = choices;
      const pipeline = await pipelineOf(opened(), choices, signal);
      const running = run(pipeline, { provider, threads, signal, out: `${siteFolder}/run` });
      for await (const event of running) emit(event);
      const { members: [member] } = await running.result;
      await keep(`${member!.folder}/intervention`, choices.base.trim());
      return { seconds: (performance.now() - start) / 1000 };
    }
    case "write": {
      const { choices: { base, provider, maxNewTokens }, prompt } = ask;
      const untuned = await chosenBase(opened(), base, signal);
      const note = ask.tuned ? await notesOfEdit(base.trim()) : noteTo(emit);
      const model = ask.tuned ? untuned.with(saved(folder)) : untuned;
      const decoding = greedy({ maxNewTokens });
      const place = { threads, provider, signal };
      return { text: await generate(model, prompt, { ...place, plain: true, decoding, onNote: note }) };
    }
    case "zip":
      return await zipped();
    case "unzip":
      return { base: await (ask.base === undefined ? unzipped(ask.bytes) : unzippedFromLink(ask.bytes, ask.base)) };
  }
}

/**
 * Reports that the edit is used with another base model than its own, or with other weights of it.
 *
 * @returns Reports what else there is to say.
 */
async function notesOfEdit(base: string): Promise<(message: string) => void> {
  const own = await trainedBase(), note = noteTo(emit);
  if (own !== base) note(`the edit was trained for ${own}, but the tuned model is ${base} with it`);
  return (message) => {
    // It names the edit's file, which a visitor cannot see.
    if (!message.startsWith(`${folder}/`)) note(message);
    else if (own === base) note(`the edit was trained with other weights of ${base}, so its answers may differ`);
  };
}

function opened(): SiteTrained {
  if (trained === undefined) throw new Error("Expected the page to open the site first");
  return trained;
}

let last: Promise<void> = Promise.resolve();

self.onmessage = ({ data }: MessageEvent<ToEngine>) => {
  if ("stop" in data) {
    stopping.abort(new StoppedError(130));
    return;
  }
  const { id, ask } = data;
  last = last.then(async () => {
    stopping = new AbortController();
    try {
      say({ id, answer: await answer(ask) });
    } catch (fault) {
      const isStopped = stopping.signal.aborted, isDevices = fault instanceof DeviceError;
      say({ id, isStopped, isDevices, problem: problemOf(fault) });
    }
  });
};

say({ listens: true });
