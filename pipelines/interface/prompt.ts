/** What a model is asked. @module */
import type { ChatMessage } from "../data/chat/source.ts";

/** A text, or a conversation of which the model writes the next turn. */
export type Prompt = string | readonly ChatMessage[];
