/** Work that goes on when the GPU's device is lost. @module */
import type { Answers, Choices, SiteDefaults } from "../site/protocol.ts";
import { type Engine, Refusal } from "./engine.ts";

/** What asks the engine, and who is told. */
interface Surviving {
  readonly engine: Engine;
  readonly defaults: SiteDefaults;
  readonly note: (message: string) => void;
}

/**
 * Asks what the fields say. If the device fails at it, a new worker asks once more, which goes on from the last step that
 * was kept; if the device fails again, or is gone, WebAssembly does it.
 */
export async function surviving<Answer>(
  { engine, defaults, note }: Surviving,
  choices: Choices,
  ask: (choices: Choices) => Promise<Answer>,
): Promise<Answer> {
  const opened = (fault: unknown): Promise<Answers["open"]> => {
    if (!(fault instanceof Refusal && fault.isDevices && choices.provider === "webgpu")) throw fault;
    return engine.restart(defaults);
  };
  try {
    return await ask(choices);
  } catch (fault) {
    const { hasWebGpu } = await opened(fault);
    if (hasWebGpu) {
      note(`${sentence(fault)}. It goes on from the last step that was kept.`);
      try {
        return await ask(choices);
      } catch (again) {
        await opened(again);
      }
    }
    note(`${sentence(fault)}. It goes on by WebAssembly, from the start.`);
    return await ask({ ...choices, provider: "cpu" });
  }
}

function sentence(fault: unknown): string {
  const text = fault instanceof Error ? fault.message : String(fault);
  return text.charAt(0).toUpperCase() + text.slice(1);
}
