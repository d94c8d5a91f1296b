/** Rows with the answers of the stages, and the run's manifest. @module */
import type { SampleView } from "../report_view.ts";
import type { Drawing } from "./choices.ts";
import { byId, element } from "./dom.ts";

/** Draws the section of samples, if there are any. */
export function drawSamples({ view }: Drawing): void {
  byId("samples").hidden = view.samples.length === 0;
  byId("samples-note").textContent = view.samplesOf;
  byId("sample-list").replaceChildren(...view.samples.map(sample));
}

function sample({ prompt, completion, taught, answers }: SampleView): HTMLElement {
  const expected = completion.trim();
  const list = answers.map(({ stage, text }) => {
    const answer = text.trim(), isRight = answer === expected || answer === taught?.trim();
    return line(stage, element("dd", { class: isRight ? "right" : "wrong" }, `${isRight ? "✓" : "✗"} ${answer}`));
  });
  return element(
    "li",
    {},
    element("p", { class: "prompt" }, prompt.trim()),
    element("dl", { class: "answers" }, line("expected", element("dd", {}, expected)), ...list),
  );
}

function line(name: string, answer: HTMLElement): HTMLElement {
  return element("div", {}, element("dt", {}, name), answer);
}

/** Draws the section of the manifest, once the run has one. */
export function drawManifest({ view }: Drawing): void {
  byId("manifest").hidden = view.manifest === "";
  byId("manifest-text").textContent = view.manifest;
}
