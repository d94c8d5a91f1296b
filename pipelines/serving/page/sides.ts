/** Who answers on each side of the page: a model, and the strength of its edit. @module */
import { byId, element } from "../../report/page/dom.ts";

/** A message of a conversation. */
interface Message {
  readonly role: "user" | "assistant";
  readonly content: string;
}

/** One of the two sides. */
export interface Side {
  /** The fields of a request that select the model. */
  readonly asked: () => { readonly model: string; readonly edit_strength?: number };
  /** Its title above an answer. */
  readonly title: () => string;
  /** Offers other models; a chosen one stays if it still exists. */
  readonly offer: (models: readonly string[]) => void;
  /** The messages on this side, the newest last. */
  messages: readonly Message[];
}

/** The range of the slider, in which 1 is the strength as trained. */
const strengths = { min: "-1", max: "3", step: "0.05", value: "1" };

/**
 * Both sides, in their place on the page.
 *
 * @param base The name of the model without edits, whose strength cannot be set.
 */
export function makeSides(base: string): readonly [Side, Side] {
  const sides = ["Left", "Right"].map((name, at) => makeSide(name, at, base));
  byId("sides").replaceChildren(...sides.map(({ field }) => field));
  return [sides[0]!.side, sides[1]!.side];
}

function makeSide(name: string, at: number, base: string): { readonly field: HTMLElement; readonly side: Side } {
  const id = `strength-${at}`,
    select = element("select"),
    slider = element("input", { ...strengths, id, type: "range" });
  const shown = element("output", { for: id }, "1.00"), note = element("span", { class: "quiet" });
  const field = element(
    "fieldset",
    {},
    element("legend", {}, name),
    element("label", {}, "Model", select),
    element("label", { for: id }, "Strength ", shown, note),
    slider,
  );
  const strength = () => Number(slider.value);
  const update = () => {
    const isBase = select.value === base;
    slider.disabled = isBase;
    shown.textContent = isBase ? "" : strength().toFixed(2);
    note.textContent = isBase ? "none" : "";
  };
  select.addEventListener("change", update);
  slider.addEventListener("input", update);
  return {
    field,
    side: {
      asked() {
        const hasStrength = select.value !== base && strength() !== 1;
        return { model: select.value, ...hasStrength ? { edit_strength: strength() } : {} };
      },
      title: () => select.value + (select.value === base || strength() === 1 ? "" : ` × ${strength().toFixed(2)}`),
      offer(models) {
        const offered = [...select.options].map(({ value }) => value);
        // An open list is left as it is.
        if (JSON.stringify(models) === JSON.stringify(offered)) return;
        const chosen = models.includes(select.value) ? select.value : models[Math.min(at, models.length - 1)];
        select.replaceChildren(
          ...models.map((model) => element("option", { value: model, selected: model === chosen }, model)),
        );
        update();
      },
      messages: [],
    },
  };
}
