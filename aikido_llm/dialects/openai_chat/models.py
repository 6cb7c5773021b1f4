"""Model lists: an array, alone or under `data` or `models`; what it says of sizes and prices differs by host."""

from typing import Any

from ...codecs import json
from ...types.response import ModelInfo
from .. import envelope, paths
from ..base import ModelPage, WireRequest
from ..lacking import listed_at
from ..values import as_count, as_id, as_list, as_number, as_object, as_text
from .quirks import Quirks
from .wire import Json

_CONTEXT = ("context_length", "max_model_len", "context_window", "max_context_length")
_OUTPUT = ("max_completion_tokens", "max_output_length", "max_output_tokens")
_INPUT_PRICES = ("prompt", "input")
_OUTPUT_PRICES = ("completion", "output")
_XAI_PRICE_UNIT = 1e-4  # its `*_text_token_price` counts US cents per 100 million tokens


def encode_models(cursor: str | None, quirks: Quirks) -> WireRequest:
    """cursor: the query of the next page."""
    path = listed_at(quirks.models_path)
    return WireRequest(f"{path.partition('?')[0]}?{paths.query(cursor)}" if cursor else path, method="GET")


def decode_models(body: bytes, quirks: Quirks) -> ModelPage:
    try:
        value = json.loads(body)
    except ValueError:
        raise envelope.no_models(body, quirks.error_words) from None
    listing = as_object(value)
    entries = as_list(value if isinstance(value, list) else listing.get("data") or listing.get("models"))
    if not isinstance(value, list) and not isinstance(listing.get("data", listing.get("models")), list):
        raise envelope.no_models(body, quirks.error_words)
    models = tuple(_model(id, as_object(entry), quirks) for entry in entries if (id := _id(entry)))
    if entries and not models:
        raise envelope.no_models(body, quirks.error_words)
    following = as_text(as_object(listing.get("links")).get("next")).partition("?")[2]
    return ModelPage(models, following or None)


def _id(value: Any) -> str:
    """What a model is called; some servers have another name for that, or say nothing else of it."""
    if isinstance(value, str):
        return value
    entry = as_object(value)
    return as_id(entry.get("id")) or as_text(entry.get("model")) or as_text(entry.get("name"))


def _model(id: str, entry: Json, quirks: Quirks) -> ModelInfo:
    meta, top = as_object(entry.get("meta")), as_object(entry.get("top_provider"))
    prices = as_object(entry.get("pricing"))
    contexts = [entry.get(key) for key in _CONTEXT] + [
        top.get("context_length"),
        meta.get("n_ctx"),
        meta.get("n_ctx_train"),
    ]
    outputs = [entry.get(key) for key in _OUTPUT] + [top.get("max_completion_tokens")]
    return ModelInfo(
        id=id,
        name=as_text(entry.get("name")) or as_text(entry.get("display_name")),
        context_length=_count(contexts),
        max_output_tokens=_count(outputs),
        input_price=_price(entry, prices, _INPUT_PRICES, "prompt_text_token_price", quirks),
        output_price=_price(entry, prices, _OUTPUT_PRICES, "completion_text_token_price", quirks),
        raw=entry,
    )


def _count(values: list[Any]) -> int | None:
    return next((count for value in values if (count := as_count(value))), None)


def _price(entry: Json, prices: Json, keys: tuple[str, ...], flat_key: str, quirks: Quirks) -> float | None:
    """US dollars per million tokens. A negative price means "it varies"."""
    for key in keys:
        number = as_number(prices.get(key))
        if number is not None:
            return round(number * quirks.price_scale, 9)  # 0.0000004 * 1e6 is not quite 0.4
    number = as_number(entry.get(flat_key))
    return None if number is None else number * _XAI_PRICE_UNIT
