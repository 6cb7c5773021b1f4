"""Vectors by InvokeModel, in the body of each model's maker.

Source: Amazon Bedrock User Guide, "Amazon Titan Embeddings G1 - Text", "Cohere Embed v4", "Nova Multimodal Embeddings",
read 2026-11; recorded exchanges.
"""

from typing import Any
from urllib.parse import unquote

from ..answer import Answer
from ..vectors import DIMENSIONS, vector_of
from .base import Received, Route
from .pieces import made_uuid, write
from .rules import Refused, as_list, as_object, refusal, unknown_keys

ROUTES = (Route("embed", "POST", "/model/[^/]*embed[^/]*/invoke"),)
_TITAN = ("inputText", "dimensions", "normalize", "embeddingTypes")
_COHERE = (
    *("input_type", "texts", "images", "inputs", "truncate", "embedding_types", "output_dimension", "max_tokens"),
)
_NOVA = ("embeddingPurpose", "embeddingDimension", "text")
_TYPES = ("search_document", "search_query", "classification", "clustering", "image")
_MOST_TEXTS = 96


def check(request: Received) -> str | None:
    model = unquote(request.path)
    rules = _check_cohere if "cohere." in model else _check_nova if "nova" in model else _check_titan
    return refusal(rules, request.body)


def _known(body: Any, allowed: tuple[str, ...]) -> dict[str, Any]:
    asked = as_object(body) or {}
    for key in unknown_keys(asked, allowed):
        raise Refused(
            f"Malformed input request: #: extraneous key [{key}] is not permitted, please reformat your input"
        )
    return asked


def _check_titan(body: Any) -> None:
    if not isinstance(_known(body, _TITAN).get("inputText"), str):
        raise Refused("Malformed input request: #: required key [inputText] not found, please reformat your input")


def _check_cohere(body: Any) -> None:
    asked = _known(body, _COHERE)
    if asked.get("input_type") not in _TYPES:
        raise Refused("Malformed input request: #: required key [input_type] not found, please reformat your input")
    if not 0 < len(as_list(asked.get("texts")) or ()) <= _MOST_TEXTS:
        raise Refused(f"Malformed input request: #/texts: expected minimum item count: 1, maximum: {_MOST_TEXTS}")


def _check_nova(body: Any) -> None:
    said = as_object(_known(body, ("taskType", "singleEmbeddingParams")).get("singleEmbeddingParams")) or {}
    asked = _known(said, _NOVA)
    if not isinstance((as_object(asked.get("text")) or {}).get("value"), str):
        raise Refused("Malformed input request: #/singleEmbeddingParams: required key [text] not found")


def body(answer: Answer, request: Received) -> bytes:
    asked = as_object(request.body) or {}
    tokens = answer.usage.input_tokens
    if "inputText" in asked:
        vector = list(vector_of(asked["inputText"], asked.get("dimensions") or DIMENSIONS))
        said = {"embedding": vector, "embeddingsByType": {"float": vector}, "inputTextTokenCount": tokens}
        return write(said).encode()
    if "singleEmbeddingParams" in asked:
        one = asked["singleEmbeddingParams"]
        vector = list(vector_of(one["text"]["value"], one.get("embeddingDimension") or DIMENSIONS))
        return write({"embeddings": [{"embeddingType": "TEXT", "embedding": vector}]}).encode()
    size, texts = asked.get("output_dimension") or DIMENSIONS, as_list(asked.get("texts")) or []
    vectors: Any = [list(vector_of(text, size)) for text in texts]
    kinds = {"response_type": "embeddings_floats"}
    if asked.get("embedding_types"):
        vectors, kinds = {"float": vectors}, {"response_type": "embeddings_by_type"}
    return write({"id": made_uuid(answer, request), "texts": texts, "embeddings": vectors, **kinds}).encode()
