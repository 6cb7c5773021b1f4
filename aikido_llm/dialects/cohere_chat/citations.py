"""Citations and log probabilities (source: Cohere API reference, "Chat", Citation and LogprobItem, read 2026-11)."""

from typing import Any

from ...types.citations import Citation
from ...types.logprobs import TokenLogprob
from ..values import as_count, as_list, as_object, as_objects, as_text, beside

_WORDS = ("text", "snippet", "content")  # where documents and results of tools have their own words


def read_citation(value: dict[str, Any]) -> list[Citation]:
    """One for each source. Places count characters of the text; those in a plan or in thinking are none in it, and stay
    in provider_data, as do the words that are cited when their place is not told."""
    start, end = as_count(value.get("start")), as_count(value.get("end"))
    placed = start is not None and end is not None and value.get("type", "TEXT_CONTENT") == "TEXT_CONTENT"
    known = ("start", "end", "text", "type", "sources") if placed else ("sources",)
    rest = _rest(value, *known)
    place = (start, end) if placed else (None, None)
    sources: list[dict[str, Any]] = as_objects(value.get("sources")) or [{}]
    return [_citation(source, place, rest) for source in sources]


def _citation(source: dict[str, Any], place: tuple[int | None, int | None], rest: dict[str, Any]) -> Citation:
    kind = "document" if "document" in source else "tool_output"
    said = as_object(source.get(kind))
    words = next((name for name in _WORDS if isinstance(said.get(name), str)), "")
    id = as_text(source.get("id")) or as_text(said.get("id"))
    left = _rest(said, "url", "title", words, *(("id",) if said.get("id") == id else ()))
    own = _rest(source, "id", kind)
    return Citation(
        as_text(said.get("url")),
        as_text(said.get("title")),
        as_text(said.get(words)),
        id or as_text(said.get("title")),
        *place,
        provider_data=beside(rest, "citation", {**own, **({kind: left} if left else {})}),
    )


def read_logprobs(value: Any) -> tuple[list[TokenLogprob], list[dict[str, Any]]]:
    """One item or a list of them -> tokens, and what else each holds. An item of several tokens has one text: it is one
    TokenLogprob with the probability of all of them, and its numbers stay beside it."""
    tokens: list[TokenLogprob] = []
    left: list[dict[str, Any]] = []
    for item in as_objects(value if isinstance(value, list) else [value]):
        numbers = [float(number) for number in as_list(item.get("logprobs")) if isinstance(number, int | float)]
        tokens.append(TokenLogprob(as_text(item.get("text")), sum(numbers)))
        left.append(_rest(item, "text", *(("logprobs",) if len(numbers) == 1 else ())))
    return tokens, left


def _rest(value: dict[str, Any], *known: str) -> dict[str, Any]:
    return {name: item for name, item in value.items() if name not in known and item is not None}
