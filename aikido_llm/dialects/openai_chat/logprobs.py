"""`logprobs` of a choice -> TokenLogprob, in the shapes that hosts send it."""

from typing import Any

from ...types.logprobs import TokenLogprob
from ..values import as_list, as_object, as_objects, is_list, is_object, object_in
from .wire import Json


def read_logprobs(said: Any, into: list[TokenLogprob], provider_data: Json) -> None:
    """What tells of the text's tokens goes into `into`; what tells of anything else is kept as it came.

    Three shapes: OpenAI's object with `content` (and `refusal`, for text that stands there), the older one with three
    lists side by side (Together), and a list of tokens.
    """
    if is_list(said):
        into += _tokens(said)
        _rests(said, provider_data)
    elif not is_object(said):
        provider_data["logprobs"] = said  # one number for the whole answer, seen behind a router
    elif "token_logprobs" in said:
        into += _side_by_side(said)
    else:
        for key, value in said.items():
            if key in ("content", "refusal"):
                into += _tokens(value)
                _rests(value, provider_data)
            elif value:
                _more(provider_data, key, value)


def _more(provider_data: Json, key: str, value: Any) -> None:
    """Tokens of the reasoning, and whatever else stands there; lists go on from chunk to chunk."""
    kept = object_in(provider_data, "logprobs")
    before = kept.get(key)
    if is_list(before) and is_list(value):
        before.extend(value)
    else:
        kept[key] = list(value) if is_list(value) else value


def _rests(entries: Any, provider_data: Json) -> None:
    """What hosts say of a token beside its text and its number (its id, its place), in the order of the tokens."""
    rests = [rest for entry in as_objects(entries) if (rest := _rest(entry))]
    if rests:
        _more(provider_data, "tokens", rests)


def _rest(entry: Json) -> Json:
    if _token(entry) is None:  # it has no number, so that no field of ours holds it
        return entry
    rest = {key: value for key, value in entry.items() if key not in _TOLD and value is not None}
    others = [_rest(other) for other in as_objects(entry.get("top_logprobs"))]
    if any(others):
        rest["top_logprobs"] = others
    return rest


_TOLD = frozenset(("token", "logprob", "bytes", "top_logprobs"))


def _tokens(entries: Any) -> list[TokenLogprob]:
    found = (_token(entry, entry.get("top_logprobs")) for entry in as_objects(entries))
    return [token for token in found if token is not None]


def _token(entry: Json, others: Any = None) -> TokenLogprob | None:
    token, logprob = entry.get("token"), entry.get("logprob")
    if not isinstance(token, str) or isinstance(logprob, bool) or not isinstance(logprob, int | float):
        return None
    top = (_token(other) for other in as_objects(others))
    return TokenLogprob(token, float(logprob), tuple(other for other in top if other is not None))


def _side_by_side(said: Json) -> list[TokenLogprob]:
    tokens, numbers, tops = (as_list(said.get(key)) for key in ("tokens", "token_logprobs", "top_logprobs"))
    tops += [None] * (len(tokens) - len(tops))
    found = (
        _token({"token": token, "logprob": number}, _alternatives(top))
        for token, number, top in zip(tokens, numbers, tops, strict=False)
    )
    return [token for token in found if token is not None]


def _alternatives(top: Any) -> Any:
    """A list as elsewhere, or an object of token -> logprob."""
    if is_object(top):
        return [{"token": token, "logprob": logprob} for token, logprob in as_object(top).items()]
    return top
