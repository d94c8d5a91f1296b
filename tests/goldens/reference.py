"""Helpers of the scripts that make the goldens: pinned versions, and JSON in the layout of `deno fmt`."""

import json
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

WIDTH = 120


def found(name):
    try:
        return version(name)
    except PackageNotFoundError:
        return "absent"


def require(**pinned):
    """Refuses to run with versions other than those that the goldens were made with."""
    wrong = [f"{name} is {found(name)}, not {wanted}" for name, wanted in pinned.items() if found(name) != wanted]
    if wrong:
        raise SystemExit(f"these goldens need other versions: {'; '.join(wrong)}")


def number(x):
    """A number with 7 significant digits."""
    return float(f"{x:.7g}")


def lines(tensor):
    """A tensor's elements with 7 significant digits, eight a line."""
    elements = [number(x) for x in tensor.flatten().tolist()]
    return [elements[start : start + 8] for start in range(0, len(elements), 8)]


def render(value, column=0, indent=0):
    if isinstance(value, dict):
        inner = "  " * (indent + 1)
        members = [(f"{inner}{json.dumps(name)}: ", member) for name, member in value.items()]
        text = ",\n".join(key + render(member, len(key), indent + 1) for key, member in members)
        return "{\n" + text + "\n" + "  " * indent + "}"
    text = json.dumps(value, ensure_ascii=False)
    holds_object = isinstance(value, list) and any(isinstance(element, dict) for element in value)
    if not isinstance(value, list) or (column + len(text) < WIDTH and not holds_object):
        return text
    inner = "  " * (indent + 1)
    text = ",\n".join(inner + render(element, len(inner), indent + 1) for element in value)
    return "[\n" + text + "\n" + "  " * indent + "]"


def write_json(path, value):
    Path(path).write_text(render(value) + "\n", encoding="utf-8")
