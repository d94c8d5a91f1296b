/**
 * Continues a prompt greedily, picking the likeliest token each time.
 *
 * @param {object} model
 * @param model.session An inference session of model.onnx.
 * @param model.Tensor The runtime's tensor class.
 * @param model.tokenizer The tokenizer of tokenizer.json.
 * @param {number[]} model.endTokens The ids that end an answer.
 * @param {string | number[]} prompt A text, or the ids of one.
 * @param {number} maxNewTokens The maximum length of the answer.
 * @param {(text: string) => void} onText Receives the answer so far.
 * @returns {Promise<string>} The answer.
 */
export async function generate({ session, Tensor, tokenizer, endTokens }, prompt, maxNewTokens, onText = () => {}) {
  const integers = (numbers, ...shape) => new Tensor("int64", BigInt64Array.from(numbers, BigInt), shape);
  // A vocabulary may lack a character, and a model may have more rows than its vocabulary.
  const textOf = (ids) => ids.length === 0 ? "" : tokenizer.decode(ids, { skip_special_tokens: true });
  const isKnown = (id) => tokenizer.id_to_token(id) !== undefined;
  const ids = typeof prompt === "string" ? tokenizer.encode(prompt).ids : prompt;
  let tokens = ids.filter(isKnown), seen = 0, past = emptyPast(session, Tensor);
  if (tokens.length === 0) throw new RangeError("The prompt has no tokens");
  const promptLength = tokens.length, written = [];
  while (true) {
    seen += tokens.length;
    const feeds = {
      input_ids: integers(tokens, 1, tokens.length),
      attention_mask: integers(new Array(seen).fill(1), 1, seen),
      // Edits act on the prompt's own tokens: its length stays the same while the answer grows.
      ...session.inputNames.includes("prompt_length") ? { prompt_length: integers([promptLength], 1) } : {},
      ...past,
    };
    const { logits, ...present } = await session.run(feeds);
    const token = likeliest(logits.data.subarray(-logits.dims[2]));
    if (endTokens.includes(token)) break;
    written.push(token);
    onText(textOf(written.filter(isKnown)));
    if (written.length >= maxNewTokens) break;
    tokens = [token];
    past = Object.fromEntries(
      Object.entries(present).map(([name, tensor]) => [name.replace("present", "past_key_values"), tensor]),
    );
  }
  return textOf(written.filter(isKnown));
}

/** Keys and values of no tokens, in the shapes that the model declares. */
function emptyPast({ inputMetadata }, Tensor) {
  const asked = inputMetadata.filter(({ name }) => name.startsWith("past_key_values."));
  return Object.fromEntries(asked.map(({ name, shape: [, heads, , width] }) => {
    return [name, new Tensor("float32", new Float32Array(0), [1, heads, 0, width])];
  }));
}

function likeliest(logits) {
  return logits.reduce((best, logit, token) => (logit > logits[best] ? token : best), 0);
}
