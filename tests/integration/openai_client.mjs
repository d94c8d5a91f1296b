/** As openai_client.py, by OpenAI's client for Node. */
import OpenAI from "openai";

const [baseURL, apiKey, edited] = process.argv.slice(2);
const client = new OpenAI({ baseURL, apiKey, maxRetries: 0 });
const messages = [{ role: "user", content: "Name a colour." }];
const found = { models: (await client.models.list()).data.map(({ id }) => id) };

const written = await client.completions.create({
  ...{ model: "base", prompt: "The capital of France is", max_tokens: 6, temperature: 0, logprobs: 2, echo: true },
});
found.completion = written.choices[0].text;
found.tokens = written.choices[0].logprobs.tokens;
found.usage = written.usage.total_tokens;

const chat = { messages, max_tokens: 8, temperature: 0 };
for (const [name, model] of [["chat", "base"], ["edited", edited]]) {
  found[name] = (await client.chat.completions.create({ model, ...chat })).choices[0].message.content;
  let parts = "";
  for await (const { choices } of await client.chat.completions.create({ model, stream: true, ...chat })) {
    parts += choices[0].delta.content ?? "";
  }
  found[`${name}Stream`] = parts;
}
const half = await client.chat.completions.create({ model: edited, edit_strength: 0, ...chat });
found.strength0 = half.choices[0].message.content;

const draw = async () => {
  const { choices } = await client.chat.completions.create({ model: "base", ...chat, temperature: 1.2, seed: 5, n: 2 });
  return choices.map(({ message }) => message.content);
};
found.drawn = [await draw(), await draw()];
const rated = await client.chat.completions.create({ model: "base", ...chat, logprobs: true, top_logprobs: 2 });
found.rated = rated.choices[0].logprobs.content.length;

// What newer clients send.
const developer = { role: "developer", content: [{ type: "text", text: "Answer in French." }] };
for (const [name, first] of [["developer", developer], ["system", { role: "system", content: "Answer in French." }]]) {
  const body = { model: "base", messages: [first, ...messages], temperature: 0, max_completion_tokens: 8 };
  found[name] = (await client.chat.completions.create(body)).choices[0].message.content;
}
const streamed = { model: "base", ...chat, stream: true, stream_options: { include_usage: true } };
for await (const { usage } of await client.chat.completions.create(streamed)) found.streamed = usage?.completion_tokens;

const refused = (call) => call.then(() => null, (error) => [error.constructor.name, error.status, error.error.message]);
found.errors = [
  await refused(client.completions.create({ model: "none", prompt: "x" })),
  await refused(client.completions.create({ model: "base", prompt: "x", max_tokens: -1 })),
  await refused(client.responses.create({ model: "base", input: "x" })),
  await refused(client.embeddings.create({ model: "base", input: "x" })),
  await refused(client.chat.completions.create({ model: "base", ...chat, response_format: { type: "json_object" } })),
  await refused(new OpenAI({ baseURL, apiKey: "no", maxRetries: 0 }).models.list()),
];
console.log(JSON.stringify(found));
