"""Log probabilities (source: Ollama docs, "API", and the server's Logprob type, read 2026-11)."""

from typing import Any

from ...types.logprobs import TokenLogprob
from ..values import as_list, as_objects, as_text


def read(items: list[Any]) -> tuple[list[TokenLogprob], list[dict[str, Any]]]:
    """The tokens, each with the likeliest at its place; and what else each holds: bytes only where the text is not
    those (half a character)."""
    found = as_objects(items)
    tokens = [_token(item, tuple(_token(other) for other in as_objects(item.get("top_logprobs")))) for item in found]
    left = [_rest(item) for item in found]
    return tokens, left


def _token(item: dict[str, Any], others: tuple[TokenLogprob, ...] = ()) -> TokenLogprob:
    value = item.get("logprob")
    known = isinstance(value, int | float) and abs(value) < 1e300
    return TokenLogprob(as_text(item.get("token")), float(value) if known and value is not None else 0.0, others)


def _rest(item: dict[str, Any]) -> dict[str, Any]:
    rest = {name: value for name, value in item.items() if name not in ("token", "logprob", "bytes", "top_logprobs")}
    said = as_text(item.get("token")).encode("utf-8", "surrogatepass")
    if item.get("bytes") and as_list(item["bytes"]) != list(said):
        rest["bytes"] = item["bytes"]
    others = [_rest(other) for other in as_objects(item.get("top_logprobs"))]
    return {**rest, **({"top_logprobs": others} if any(others) else {})}
