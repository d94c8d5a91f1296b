import { Template } from "@huggingface/jinja";

/**
 * What a chat model reads of a conversation before it answers.
 *
 * @param tokenizer The tokenizer of tokenizer.json.
 * @param config The content of tokenizer_config.json, including the chat template.
 * @param {{ role: string, content: string }[]} messages
 * @returns {number[]} The ids.
 */
export function conversationIds(tokenizer, config, messages) {
  const tokens = Object.fromEntries(
    Object.entries(config).filter(([name, value]) => name.endsWith("_token") && typeof value === "string"),
  );
  const text = new Template(config.chat_template).render({ ...tokens, messages, add_generation_prompt: true });
  return tokenizer.encode(text, { add_special_tokens: false }).ids;
}
