/** The page of a server: one message, and two models that answer it side by side. @module */
import { byId, element } from "../../report/page/dom.ts";
import { makeSides, type Side } from "./sides.ts";
import { ask, rateText, readAnswer, Refused } from "./stream.ts";

/** What the server says about itself. */
interface ChatView {
  readonly base: string;
  /** Whether the model reads conversations; otherwise a message is continued as plain text. */
  readonly hasTemplate: boolean;
  readonly mostTokens: number;
}

const view: ChatView = JSON.parse(byId("data").textContent);
const prompt = byId("prompt", HTMLTextAreaElement), key = byId("key", HTMLInputElement);
const most = byId("most", HTMLInputElement), temperature = byId("temperature", HTMLInputElement);
const send = byId("send", HTMLButtonElement), stop = byId("stop", HTMLButtonElement);
const sides = makeSides(view.base);
let writing: AbortController | undefined;

/** Why answers are aborted when their conversation is over, so that the next one does not begin with them. */
const restarted = "restarted";

const textOf = (fault: unknown) => fault instanceof Error ? fault.message : String(fault);
const hasStatus = (fault: unknown, status: number) => fault instanceof Refused && fault.status === status;

function showFault(fault: unknown): void {
  const isClosed = hasStatus(fault, 401);
  // Without a key, only the form is shown.
  byId("fault").hidden = isClosed && key.value === "";
  byId("fault").textContent = textOf(fault);
  byId("key-form").hidden = !isClosed;
  if (isClosed) key.focus();
}

async function offerModels(): Promise<void> {
  try {
    const { data } = await (await ask("/v1/models", key.value)).json();
    for (const side of sides) side.offer(data.map(({ id }: { id: string }) => id));
    byId("fault").hidden = byId("key-form").hidden = true;
  } catch (fault) {
    showFault(fault);
  }
}

/** One side's answer to a message, in its own place. */
async function answer(side: Side, said: string, place: HTMLElement, signal: AbortSignal): Promise<void> {
  const text = element("p", { class: "text", dir: "auto" }), rate = element("p", { class: "quiet rate" }, "…");
  place.replaceChildren(element("h2", {}, side.title()), text, rate);
  place.setAttribute("aria-busy", "true");
  const messages = [...side.messages, { role: "user", content: said } as const];
  const path = view.hasTemplate ? "/v1/chat/completions" : "/v1/completions";
  const body = {
    ...side.asked(),
    ...view.hasTemplate ? { messages } : { prompt: said },
    max_tokens: Number(most.value),
    temperature: Number(temperature.value),
    stream: true,
    stream_options: { include_usage: true },
  };
  try {
    const response = await ask(path, key.value, { method: "POST", body: JSON.stringify(body), signal });
    rate.textContent = rateText(await readAnswer(response, signal, (part) => text.append(part)));
  } catch (fault) {
    if (signal.aborted) rate.textContent = "stopped";
    else {
      rate.replaceWith(element("p", { class: "fault", role: "alert" }, textOf(fault)));
      if (hasStatus(fault, 401)) showFault(fault);
      // The model was removed, so another one is selected.
      if (hasStatus(fault, 404)) void offerModels();
      return;
    }
  } finally {
    place.setAttribute("aria-busy", "false");
  }
  if (signal.reason !== restarted) side.messages = [...messages, { role: "assistant", content: text.textContent }];
}

async function say(said: string): Promise<void> {
  const places = sides.map((side) =>
    element("section", { class: "answer", "aria-live": "polite", "aria-label": side.title() })
  );
  const turn = element(
    "li",
    {},
    element("p", { class: "said", dir: "auto" }, said),
    element("div", { class: "answers" }, ...places),
  );
  byId("turns").append(turn);
  const { signal } = writing = new AbortController();
  exchange(send, stop);
  await Promise.all(sides.map((side, at) => answer(side, said, places[at]!, signal)));
  writing = undefined;
  exchange(stop, send);
}

/** Disables a button and enables another, which gets the focus if the first one has it: otherwise it would be lost. */
function exchange(disabled: HTMLButtonElement, enabled: HTMLButtonElement): void {
  enabled.disabled = false;
  if (document.activeElement === disabled) enabled.focus();
  disabled.disabled = true;
}

byId("title").textContent = view.hasTemplate ? "Chat" : "Continue a text";
byId("prompt-label").textContent = view.hasTemplate ? "Message" : "Text for the models to continue";
most.max = String(view.mostTokens);
most.value = String(Math.min(256, view.mostTokens));
byId("ask").addEventListener("submit", (event) => {
  event.preventDefault();
  const said = prompt.value;
  if (writing !== undefined || said.trim() === "") return;
  if (view.hasTemplate) prompt.value = "";
  void say(said);
});
prompt.addEventListener("keydown", (event) => {
  if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
  event.preventDefault();
  byId("ask", HTMLFormElement).requestSubmit();
});
stop.addEventListener("click", () => {
  writing?.abort();
  prompt.focus();
});
byId("anew").addEventListener("click", () => {
  writing?.abort(restarted);
  byId("turns").replaceChildren();
  for (const side of sides) side.messages = [];
  prompt.focus();
});
byId("key-form").addEventListener("submit", (event) => {
  event.preventDefault();
  void offerModels();
});
// Models may have come or gone while the visitor was elsewhere.
addEventListener("focus", () => {
  if (byId("key-form").hidden) void offerModels();
});
void offerModels();
