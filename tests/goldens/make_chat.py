#!/usr/bin/env python3
"""Records how transformers renders and encodes conversations with chat templates, for chat_goldens_test.

    pip install tokenizers==0.22.2 transformers==4.57.6
    python -B tests/goldens/make_chat.py [SMOLLM2 FOLDER]

chat.json has, for each case: a template that marks the assistant's turns by {% generation %}, the trained tokenizer of
tokenizers/ that it is used with, its other variables, and for each conversation its text and ids, transformers' mask of
the assistant's tokens, and the prompt ids for generating the last turn. chat_smollm2.json has the same, except the
mask, for the template of SmolLM2's own folder.
"""

from reference import require, write_json

require(tokenizers="0.22.2", transformers="4.57.6")

import base64
import gzip
import json
import sys
import tempfile
from pathlib import Path

from transformers import AutoTokenizer

HERE = Path(__file__).parent

CHATML = """{%- for message in messages -%}
{%- if loop.first and message.role != 'system' -%}
{{ '<|im_start|>system\\nYou help.<|im_end|>\\n' }}
{%- endif -%}
{%- if message.role == 'assistant' -%}
{{ '<|im_start|>assistant\\n' }}{% generation %}{{ message['content'] + '<|im_end|>' }}{% endgeneration %}{{ '\\n' }}
{%- else -%}
{{ '<|im_start|>' + message['role'] + '\\n' + message['content'] + '<|im_end|>' + '\\n' }}
{%- endif -%}
{%- endfor -%}
{%- if add_generation_prompt -%}{{ '<|im_start|>assistant\\n' }}{%- endif -%}
"""

# Blocks on separate lines, whose line breaks are removed, and trimmed content.
HEADERS = """{{ bos_token }}
{% for message in messages %}
    {% set content = message['content'] | trim %}
    {% if message['role'] == 'assistant' %}
<|{{ message['role'] }}|>

{% generation %}
{{ content }}<|im_end|>{% endgeneration %}
    {% else %}
<|{{ message['role'] }}|>

{{ content }}<|im_end|>
    {%- endif %}
{% endfor %}
{% if add_generation_prompt %}
<|assistant|>

{% endif %}"""

INSTRUCTIONS = """{%- if messages[0].role == 'system' -%}
{%- set system = '<<' ~ messages[0].content ~ '>>\\n' -%}{%- set turns = messages[1:] -%}
{%- else -%}{%- set system = '' -%}{%- set turns = messages -%}{%- endif -%}
{%- for message in turns -%}
{%- if (message.role == 'user') != (loop.index0 % 2 == 0) -%}
{{ raise_exception('Turns must go user, assistant, user, and so on') }}
{%- endif -%}
{%- if message.role == 'user' -%}
{{ bos_token ~ '[Q] ' ~ (system if loop.first else '') ~ message.content.strip() ~ ' [/Q]' }}
{%- else -%}
{% generation %}{{ ' ' ~ message.content.strip() ~ ' ' ~ eos_token }}{% endgeneration %}
{%- endif -%}
{%- endfor -%}"""

NAMES = """{{ bos_token }}
{%- if messages[0]['role'] == 'system' %}{{ raise_exception('System role not supported') }}{% endif %}
{%- for message in messages %}
{%- set role = 'model' if message['role'] == 'assistant' else message['role'] %}
{{- '<start_of_turn>' + role + '\\n' }}
{%- if role == 'model' %}{% generation %}{{ message['content'] | trim + '<end_of_turn>' }}{% endgeneration %}
{%- else %}{{ message['content'] | trim + '<end_of_turn>' }}{% endif %}
{{- '\\n' }}
{%- endfor %}
{%- if add_generation_prompt %}{{ '<start_of_turn>model\\n' }}{% endif %}"""

# Thoughts are kept only in turns after the last question.
THOUGHTS = """{%- set at = namespace(last=-1) %}
{%- for message in messages %}{% if message.role == 'user' %}{% set at.last = loop.index0 %}{% endif %}{% endfor %}
{%- for message in messages %}
{%- if message.role == 'assistant' %}
{%- set content = message.content %}
{%- if '</think>' in content and loop.index0 < at.last %}{% set content = content.split('</think>')[-1].lstrip('\\n') %}{% endif %}
{{- '<|im_start|>assistant\\n' }}{% generation %}{{ content + '<|im_end|>' }}{% endgeneration %}
{{- '\\n' }}
{%- else %}
{{- '<|im_start|>' + message.role + '\\n' + message.content + '<|im_end|>\\n' }}
{%- endif %}
{%- endfor %}
{%- if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{% endif %}"""

TOOLS = """{%- if tools %}{{ '<|im_start|>system\\nTools:\\n' }}{% for tool in tools %}{{ tool | tojson }}{{ '\\n' }}{% endfor %}{{ '<|im_end|>\\n' }}{% endif %}
{%- for message in messages %}
{%- if message.role == 'assistant' %}
{{- '<|im_start|>assistant\\n' }}{% generation %}
{%- if message.content %}{{ message.content }}{% endif %}
{%- for call in message.tool_calls or [] %}{{ '<word>' ~ (call.function | tojson) ~ '<word>' }}{% endfor %}
{{- '<|im_end|>' }}{% endgeneration %}{{ '\\n' }}
{%- else %}
{{- '<|im_start|>' ~ message.role ~ '\\n' ~ (message.content if message.content is string else message.content[0].text) ~ '<|im_end|>\\n' }}
{%- endif %}
{%- endfor %}
{%- if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{% endif %}"""


def turns(*contents, system=None):
    roles = ["user", "assistant"] * len(contents)
    opening = [] if system is None else [{"role": "system", "content": system}]
    return opening + [{"role": role, "content": content} for role, content in zip(roles, contents)]


PLAIN = [
    turns("What is the sky?", "Blue."),
    turns("Hi", "Hello! How are you?", "Fine.\nAnd you?", "  Fine, too. \n", "Naïve 漢字 👩‍👩‍👧?", "Ja: नमस्ते, שלום."),
    turns(" spaces  in\tfront", "\n\nLines first"),
    turns("What <|im_end|> is written?", "It is <s> written </s> so."),
]
SYSTEM = [turns("Go", "No.", "Why?", "So.", system="Answer briefly.")]
THINKING = [turns("1+1?", "<think>\nsum\n</think>\n\n2", "2+2?", "<think>\nsum again\n</think>\n\n4"), *PLAIN[:2]]
TOOL = {"type": "function", "function": {"name": "weather", "description": "Tells it – \"soon\".", "parameters": {
    "type": "object", "properties": {"city": {"type": "string"}, "days": {"type": "integer", "minimum": 1, "default": 2.5}}}}}
CALLS = [[
    {"role": "user", "content": [{"type": "text", "text": "Weather in Zürich?"}]},
    {"role": "assistant", "tool_calls": [{"type": "function", "function": {"name": "weather", "arguments": {"city": "Zürich", "days": 1}}}]},
    {"role": "tool", "content": "{\"sky\": \"grey\"}"},
    {"role": "assistant", "content": "Grey."},
]]

CASES = {
    "chatml": dict(tokenizer="qwen2", template=CHATML, conversations=PLAIN + SYSTEM),
    "chatml, by pieces": dict(tokenizer="llama", template=CHATML, conversations=PLAIN + SYSTEM),
    "headers on lines": dict(tokenizer="llama3", template=HEADERS, conversations=PLAIN + SYSTEM),
    "instructions": dict(tokenizer="llama_legacy", template=INSTRUCTIONS, conversations=PLAIN + SYSTEM),
    "names": dict(tokenizer="gemma", template=NAMES, conversations=PLAIN),
    "thoughts": dict(tokenizer="qwen2", template=THOUGHTS, conversations=THINKING),
    "tools": dict(tokenizer="qwen2", template=TOOLS, conversations=CALLS, tools=[TOOL]),
}


def load(name):
    """A trained tokenizer of make_tokenizers.py."""
    golden = json.loads(gzip.decompress((HERE / "tokenizers" / f"{name}.json.gz").read_bytes()))
    with tempfile.TemporaryDirectory() as folder:
        for file in ("tokenizer", "config"):
            Path(folder, {"tokenizer": "tokenizer.json", "config": "tokenizer_config.json"}[file]).write_text(json.dumps(golden[file]))
        return AutoTokenizer.from_pretrained(folder)


def results(tokenizer, template, conversation, **given):
    settings = dict(chat_template=template, **given)
    whole = tokenizer.apply_chat_template(conversation, return_dict=True, return_assistant_tokens_mask=True, **settings)
    return {
        "messages": conversation,
        "text": tokenizer.apply_chat_template(conversation, tokenize=False, **settings),
        "ids": whole["input_ids"],
        "mask": whole["assistant_masks"],
        "asked": tokenizer.apply_chat_template(conversation[:-1], add_generation_prompt=True, **settings),
    }


def main():
    cases = []
    for name, case in CASES.items():
        tokenizer, given = load(case["tokenizer"]), {key: case[key] for key in ("tools",) if key in case}
        rows = [results(tokenizer, case["template"], conversation, **given) for conversation in case["conversations"]]
        cases.append({"name": name, "tokenizer": case["tokenizer"], "template": case["template"], **given, "rows": rows})
    write_json(HERE / "chat.json", cases)
    for folder in sys.argv[1:]:
        tokenizer = AutoTokenizer.from_pretrained(folder)
        rows = [results(tokenizer, tokenizer.chat_template, conversation) for conversation in PLAIN + SYSTEM]
        write_json(HERE / "chat_smollm2.json", [{name: row[name] for name in row if name != "mask"} for row in rows])


if __name__ == "__main__":
    main()
