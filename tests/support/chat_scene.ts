/** A scene whose model has a chat template, and conversations for it. @module */
import { inScene, type PipelineParts, type Scene } from "./scene.ts";

/** Turns that end with `<|pad|>`, which is used for nothing else. */
export const turnTemplate = `{{ bos_token }}{% for message in messages %}` +
  `{{ message.role[0] ~ '\\n' ~ message.content | trim }}<|pad|>{{ '\\n' }}{% endfor %}` +
  `{% if add_generation_prompt %}{{ 'a\\n' }}{% endif %}`;

const turn = (role: string, content: string) => ({ role, content });

/** Conversations of one, two and three answers. */
export const conversations = [
  [turn("user", "The cat"), turn("assistant", "sits")],
  [turn("user", "A bird"), turn("assistant", "flies"), turn("user", "Where"), turn("assistant", "home")],
  [
    turn("user", "Two"),
    turn("assistant", "four"),
    turn("user", "It is"),
    turn("assistant", "late"),
    turn("user", "So"),
    turn("assistant", " go "),
  ],
];

/** Runs a test with this scene; in the pipeline, `talks` are the conversations and `talk(rows)` is chat(…). */
export function inChatScene(
  parts: Partial<PipelineParts>,
  test: (scene: Scene) => Promise<void>,
  template: string | undefined = turnTemplate,
): Promise<void> {
  const preamble = `const { chat, fullFinetuning } = refract; const talks = ${JSON.stringify(conversations)}; ${
    parts.preamble ?? ""
  }`;
  const usual = { data: "chat(talks)", heldOut: "chat(talks)" };
  return inScene({ ...usual, ...parts, preamble }, async (scene) => {
    await scene.write("talks.jsonl", conversations.map((messages) => `${JSON.stringify({ messages })}\n`).join(""));
    if (template !== "") await scene.write("model/chat_template.jinja", template);
    await test(scene);
  });
}
