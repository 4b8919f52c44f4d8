"""The functions that Gradio's page would compile from text, as a script that has them compiled already.

Without it the content security policy would have to allow `unsafe-eval`.
"""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

_SCRIPT = (Path(__file__).parent / "precompiled.js").read_text(encoding="utf-8")
# The parameters that Gradio gives the script of an HTML component.
_ON_LOAD = ("element", "trigger", "props", "server", "upload", "watch")


def precompiled_script(config: Mapping[str, Any]) -> str:
    """Return the script, which belongs before Gradio's; `config` is that of the page.

    Raises:
        ValueError: a script of the page holds the tag that would end it.
    """
    functions = ",\n".join(dict.fromkeys(_functions(config)))
    if "</script" in functions.lower():
        raise ValueError("a script of the page holds </script; write it in two parts")
    return f"(() => {{\n{_SCRIPT.replace('FUNCTIONS', f'[{functions}]', 1)}}})();"


def _functions(config: Mapping[str, Any]) -> Iterator[str]:
    """Yield, as JavaScript, each text that Gradio compiles with the function that it means."""
    for component in config["components"]:
        if body := component["props"].get("js_on_load"):
            yield f"[{_literal(*_ON_LOAD, body)}, function ({', '.join(_ON_LOAD)}) {{\n{body}\n}}]"
    for event in config["dependencies"]:
        if isinstance(event["js"], str):
            body = f"return (\n{event['js'].strip().rstrip(';')}\n);"
            yield f"[{_literal(body)}, async function () {{\n{body}\n}}]"


def _literal(*texts: str) -> str:
    return json.dumps(texts).replace("<", "\\u003c")
