// npm install onnxruntime-node @huggingface/tokenizers @huggingface/jinja
// node example.mjs "a prompt" [max new tokens] [--plain]
// A chat model gets the prompt as a user's message, or, with --plain, as it is.
import { Tokenizer } from "@huggingface/tokenizers";
import { readFile } from "node:fs/promises";
import { argv, env } from "node:process";
import { fileURLToPath } from "node:url";
import { generate } from "./generate.mjs";

// ONNX Runtime would otherwise send usage data to Microsoft; it reads this variable when it loads.
env.ORT_DISABLE_TELEMETRY = "1";
const { InferenceSession, Tensor } = await import("onnxruntime-node");

const path = (name) => fileURLToPath(new URL(name, import.meta.url));
const read = (name) => readFile(path(name), "utf8");
const json = async (name) => JSON.parse(await read(name));
const isPlain = argv.includes("--plain");
const [, , prompt = "", maxNewTokens = "64"] = argv.filter((argument) => argument !== "--plain");

const session = await InferenceSession.create(path("model.onnx")), config = await json("tokenizer_config.json");
const tokenizer = new Tokenizer(await json("tokenizer.json"), config);
const { eos_token_id: endTokens } = await json("generation_config.json");
const isChat = !isPlain && typeof config.chat_template === "string";
const asked = isChat ? await conversation() : prompt;
console.log(await generate({ session, Tensor, tokenizer, endTokens }, asked, Number(maxNewTokens)));

async function conversation() {
  const { conversationIds } = await import("./conversation.mjs");
  return conversationIds(tokenizer, config, [{ role: "user", content: prompt }]);
}
