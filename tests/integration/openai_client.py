"""Prints a server's responses to OpenAI's client as JSON. Arguments: base URL, key, and an edited model's name."""
import json
import sys

import openai

base_url, key, edited = sys.argv[1:]
client = openai.OpenAI(base_url=base_url, api_key=key, max_retries=0)
messages = [{"role": "user", "content": "Name a colour."}]
found = {"models": [model.id for model in client.models.list()]}

written = client.completions.create(
    model="base", prompt="The capital of France is", max_tokens=6, temperature=0, logprobs=2, echo=True
)
found["completion"] = written.choices[0].text
found["tokens"] = written.choices[0].logprobs.tokens
found["usage"] = written.usage.total_tokens

chat = {"messages": messages, "max_tokens": 8, "temperature": 0}
for name, model in (("chat", "base"), ("edited", edited)):
    found[name] = client.chat.completions.create(model=model, **chat).choices[0].message.content
    parts = client.chat.completions.create(model=model, stream=True, **chat)
    found[f"{name}Stream"] = "".join(part.choices[0].delta.content or "" for part in parts)
half = client.chat.completions.create(model=edited, extra_body={"edit_strength": 0}, **chat)
found["strength0"] = half.choices[0].message.content

drawn = {**chat, "temperature": 1.2, "seed": 5, "n": 2}
found["drawn"] = [
    [choice.message.content for choice in client.chat.completions.create(model="base", **drawn).choices] for _ in "ab"
]
rated = client.chat.completions.create(model="base", logprobs=True, top_logprobs=2, **chat)
found["rated"] = len(rated.choices[0].logprobs.content)

# What newer clients send.
developer = {"role": "developer", "content": [{"type": "text", "text": "Answer in French."}]}
for name, first in (("developer", developer), ("system", {"role": "system", "content": "Answer in French."})):
    asked = {"messages": [first, *messages], "temperature": 0, "max_completion_tokens": 8}
    found[name] = client.chat.completions.create(model="base", **asked).choices[0].message.content
for part in client.chat.completions.create(model="base", stream=True, stream_options={"include_usage": True}, **chat):
    found["streamed"] = part.usage and part.usage.completion_tokens


def refused(call):
    try:
        call()
    except openai.APIStatusError as error:
        return [type(error).__name__, error.status_code, error.body["message"]]


found["errors"] = [
    refused(lambda: client.completions.create(model="none", prompt="x")),
    refused(lambda: client.completions.create(model="base", prompt="x", max_tokens=-1)),
    refused(lambda: client.responses.create(model="base", input="x")),
    refused(lambda: client.embeddings.create(model="base", input="x")),
    refused(lambda: client.chat.completions.create(model="base", response_format={"type": "json_object"}, **chat)),
    refused(lambda: openai.OpenAI(base_url=base_url, api_key="no", max_retries=0).models.list()),
]
print(json.dumps(found))
