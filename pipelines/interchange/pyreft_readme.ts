/** The README of a folder written for pyreft: its content, and a program that uses it. @module */
import type { JsonObject } from "../common/files.ts";

/** What a README says about an export. */
interface Exported {
  /** The base model, as the pipeline named it. */
  readonly base: string;
  /** As intervention.json lists them. */
  readonly interventions: readonly JsonObject[];
}

/** The README of an export. */
export function pyreftReadme({ base, interventions }: Exported): string {
  const listed = interventions.map(({ kind, block, site, rank, positions, side }, at) => {
    const end = side === "both" || side === undefined ? "" : `, its ${side}`;
    return `| ${at} | ${kind} | ${block} | ${site} | ${rank ?? ""} | ${positions ?? "chosen by a function"}${end} |`;
  });
  return `# An intervention for pyreft

Trained with Refract on \`${base}\`. The weights are float32. pyreft takes the positions with each call: a list for each
intervention, in this order, which is that of \`config.json\`.

| | kind | block | site | rank | positions |
|-|------|-------|------|------|-----------|
${listed.join("\n")}

With pyreft 0.1.0, transformers 4.45.1 and the model in float32 or bfloat16:

\`\`\`python
import os, sys
import torch
from pyreft import ReftModel
from transformers import AutoModelForCausalLM, AutoTokenizer

folder = os.path.dirname(os.path.abspath(__file__))
name, prompt = sys.argv[1], sys.argv[2]  # the base model's name or folder, and the prompt
dtype = getattr(torch, sys.argv[3] if len(sys.argv) > 3 else "bfloat16")  # or float32
model = AutoModelForCausalLM.from_pretrained(name, torch_dtype=dtype)
tokenizer = AutoTokenizer.from_pretrained(name)
reft = ReftModel.load(folder, model)

# pyreft creates its linear layers in bfloat16, whatever the model's type is: convert them and load their weights again.
for key, held in reft.interventions.items():
    intervention = held[0] if isinstance(held, (list, tuple)) else held
    for layer in intervention.modules():
        if isinstance(layer, torch.nn.Linear):
            layer.to(dtype)
    with torch.no_grad():
        intervention.load_state_dict(torch.load(os.path.join(folder, f"intkey_{key}.bin"), weights_only=True))

def ends(first, last, count):
    """The first and last tokens of a prompt; one that is too short for both is split in half."""
    if first and last:
        first, last = min(first, count // 2), min(last, (count + 1) // 2)
    return [*range(min(first, count)), *range(max(0, count - last), count)]

given = tokenizer(prompt, return_tensors="pt", return_token_type_ids=False)
count = given["input_ids"].shape[-1]
places = [
${interventions.map((each) => `    ${placesOf(each)},`).join("\n")}
]
_, answer = reft.generate(
    given,
    unit_locations={"sources->base": (None, [[each] for each in places])},
    intervene_on_prompt=True,
    max_new_tokens=32,
    do_sample=False,
)
print(tokenizer.decode(answer[0][count:], skip_special_tokens=True))
\`\`\`

Put it into this folder as \`generate.py\`: \`python generate.py MODEL "a prompt" float32\`. The prompt must be
formatted as the training's template did.
`;
}

/** A Python expression for the tokens that an intervention edits. */
function placesOf({ positions, side }: JsonObject): string {
  if (positions === "all") return "list(range(count))";
  const ends = typeof positions === "string" ? /^(?:f(\d+))?\+?(?:l(\d+))?$/.exec(positions) : null;
  if (ends === null || (ends[1] === undefined && ends[2] === undefined)) {
    return `[]  # the indices of the tokens that ${positions ?? "the function"} chooses`;
  }
  const [, first = "0", last = "0"] = ends, both = `ends(${first}, ${last}, count)`;
  if (first === "0" || last === "0" || (side !== "prefix" && side !== "suffix")) return both;
  // Each side of an untied edit has its part of the tokens.
  const inFirst = `min(${first}, count // 2)`;
  return side === "prefix" ? `${both}[:${inFirst}]` : `${both}[${inFirst}:]`;
}
