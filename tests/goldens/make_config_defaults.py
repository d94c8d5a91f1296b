#!/usr/bin/env python3
"""Records the defaults of transformers' config classes for fields that a config.json omits, for config_defaults_test.

    pip install transformers==4.57.1
    python -B tests/goldens/make_config_defaults.py

config_defaults.json: for each model_type the fields of its class and their defaults.
"""

from reference import require, write_json

require(transformers="4.57.1")

import inspect
import json
from pathlib import Path

from transformers import CONFIG_MAPPING

FAMILIES = """llama mistral mixtral qwen2 qwen3 smollm3 granite gemma gemma2 gemma3_text phi phi3 gpt2 gpt_neo gpt_neox gptj
opt falcon stablelm olmo olmo2 cohere cohere2 starcoder2 bloom bert roberta xlm-roberta camembert distilbert modernbert
deberta-v2 t5""".split()


def defaults_of(kind):
    """The defaults of the class's own parameters, before it derives anything from them."""
    parameters = inspect.signature(kind.__init__).parameters.values()
    found = {p.name: p.default for p in parameters if p.default is not inspect.Parameter.empty}
    # Where a class lacks this one, the base class has it.
    found.setdefault("tie_word_embeddings", kind().tie_word_embeddings)
    return json.loads(json.dumps(found))


def main():
    write_json(
        Path(__file__).with_name("config_defaults.json"),
        {family: defaults_of(CONFIG_MAPPING[family]) for family in FAMILIES},
    )


if __name__ == "__main__":
    main()
