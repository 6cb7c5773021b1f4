"""logprobsResult -> token log probabilities (source: Gemini API reference, LogprobsResult, v1beta, read 2026-11)."""

from typing import Any

from ...types.logprobs import TokenLogprob
from ..values import as_object, as_objects, as_text


def read(result: dict[str, Any]) -> tuple[list[TokenLogprob], dict[str, Any]]:
    """The tokens, each with the likeliest at its place; and what else the object holds (the tokens' ids, their sum)."""
    tops = as_objects(result.get("topCandidates"))
    chosen = as_objects(result.get("chosenCandidates"))
    tokens: list[TokenLogprob] = []
    for n, item in enumerate(chosen):
        others = as_objects(tops[n].get("candidates")) if n < len(tops) else []
        tokens.append(_token(item, tuple(_token(other) for other in others)))
    left = {name: item for name, item in result.items() if name not in ("chosenCandidates", "topCandidates")}
    ids: dict[str, list[Any]] = {
        "chosenCandidates": [_rest(item) for item in chosen],
        "topCandidates": [[_rest(item) for item in as_objects(as_object(top).get("candidates"))] for top in tops],
    }
    return tokens, {**left, **{name: item for name, item in ids.items() if any(item)}}


def _token(item: dict[str, Any], others: tuple[TokenLogprob, ...] = ()) -> TokenLogprob:
    value = item.get("logProbability", 0.0)  # JSON leaves out what is 0: the token was certain
    return TokenLogprob(as_text(item.get("token")), _number(value), others)


def _number(value: Any) -> float:
    return float(value) if isinstance(value, int | float) and value == value and abs(value) < 1e300 else 0.0


def _rest(item: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in item.items() if name not in ("token", "logProbability")}
