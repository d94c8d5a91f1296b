// npm install onnxruntime-node @huggingface/tokenizers
// node example.mjs "a prompt" [most new tokens]
import { Tokenizer } from "@huggingface/tokenizers";
import { readFile } from "node:fs/promises";
import { argv, env } from "node:process";
import { fileURLToPath } from "node:url";
import { generate } from "./generate.mjs";

// ONNX Runtime would send what it is used for to Microsoft; it asks this as it loads.
env.ORT_DISABLE_TELEMETRY = "1";
const { InferenceSession, Tensor } = await import("onnxruntime-node");

const path = (name) => fileURLToPath(new URL(name, import.meta.url));
const json = async (name) => JSON.parse(await readFile(path(name), "utf8"));
const [, , prompt = "", maxNewTokens = "64"] = argv;

const session = await InferenceSession.create(path("model.onnx"));
const tokenizer = new Tokenizer(await json("tokenizer.json"), await json("tokenizer_config.json"));
const { eos_token_id: endTokens } = await json("generation_config.json");
console.log(await generate({ session, Tensor, tokenizer, endTokens }, prompt, Number(maxNewTokens)));
