/** The prompt of a generation. @module */
import type { ChatMessage } from "../data/chat/source.ts";

/** A text, or a conversation whose next turn the model generates. */
export type Prompt = string | readonly ChatMessage[];
