"""What every script asks of its SDK, and how it tells what it saw. Standard library only: each SDK's Python runs it."""

import json
import sys
from collections.abc import Callable
from functools import partial
from typing import Any, Protocol

QUESTION = "What is the weather?"
TOOL_NAME, TOOL_ABOUT = "look", "Look at the weather"
TOOL_PARAMETERS: dict[str, Any] = {
    "type": "object",
    "properties": {"city": {"type": "string"}},
    "required": ["city"],
}
RESULT = "21 degrees"
ERRORS = ("404", "400", "429", "500", "overloaded")


class SDK(Protocol):
    """One SDK on one wire. The model's name is the scenario, by which the server knows what to answer."""

    def ask(self, model: str, key: str | None = None) -> dict[str, Any]:
        """A plain answer: {"text", "usage": [input, output]}."""
        ...

    def stream(self, model: str) -> dict[str, Any]:
        """The same, streamed."""
        ...

    def call(self, model: str, *, stream: bool) -> dict[str, Any]:
        """A tool's call, and the answer to its result: {"calls": [[name, arguments]], "then": text}."""
        ...

    def models(self) -> list[str]: ...


def told() -> dict[str, str]:
    """url: the base URL for the wire; root: the server's; wire; key."""
    arguments: dict[str, str] = json.loads(sys.argv[1])
    return arguments


def run(sdk: SDK) -> None:
    """Play every scenario and write what was seen."""
    seen: dict[str, Any] = {
        "complete": _seen(partial(sdk.ask, "complete")),
        "stream": _seen(partial(sdk.stream, "stream")),
        "call": _seen(partial(sdk.call, "call", stream=False)),
        "call streamed": _seen(partial(sdk.call, "call", stream=True)),
        "models": _seen(sdk.models),
        "401": _seen(partial(sdk.ask, "complete", "wrong-key")),
    }
    for name in ERRORS:
        seen[name] = _seen(partial(sdk.ask, name))
        seen[f"{name} streamed"] = _seen(partial(sdk.stream, name))
    seen["cut"] = _seen(partial(sdk.stream, "cut"))
    seen["error inside"] = _seen(partial(sdk.stream, "inside"))
    json.dump(seen, sys.stdout)


def _seen(ask: Callable[[], Any]) -> Any:
    try:
        return ask()
    except Exception as error:
        found = (getattr(error, name, None) for name in ("status_code", "status", "code"))
        known = next((status for status in found if isinstance(status, int)), None)
        return {"error": type(error).__name__, "status": known, "said": str(error)[:300]}
