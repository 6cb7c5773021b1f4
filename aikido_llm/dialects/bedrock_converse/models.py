"""The model list: `GET /foundation-models` of the control plane, which is another host than the runtime's.

source: Amazon Bedrock API reference, "ListFoundationModels", read 2026-11.
"""

from ...codecs import json
from ...types.response import ModelInfo
from .. import envelope
from ..base import ModelPage, WireRequest
from ..lacking import listed_at
from ..values import as_objects, as_text, is_list
from ..words import NO_WORDS, Words
from .quirks import Quirks


def encode_models(quirks: Quirks) -> WireRequest:
    return WireRequest(listed_at(quirks.models_path), method="GET")


def decode_models(body: bytes, words: Words = NO_WORDS) -> ModelPage:
    """All in one page. Raises the error that came instead, MalformedStream when this is no model list."""
    try:
        found = json.loads_object(body).get("modelSummaries")
    except ValueError:
        found = None
    if not is_list(found):
        raise envelope.no_models(body, words)
    return ModelPage(
        tuple(
            ModelInfo(entry["modelId"], name=as_text(entry.get("modelName")), raw=entry)
            for entry in as_objects(found)
            if as_text(entry.get("modelId"))
        )
    )
