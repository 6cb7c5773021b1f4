"""Vectors and counts of the Gemini API and of the enterprise API.

Source: Gemini API reference, "models.batchEmbedContents" and "models.countTokens", v1beta; Vertex AI docs, "Get text
embeddings" and "Count tokens"; recorded exchanges; read 2026-11.
"""

import re
from typing import Any

from ..answer import Answer
from ..vectors import DIMENSIONS, vector_of
from . import gemini_rules
from .base import Received, Route
from .pieces import write
from .rules import Refused, as_list, as_object, refusal, unknown_keys

_PATH = r".*/(models/[^/:]+):(?:%s)"
_COUNT = re.compile(_PATH % "countTokens")
ROUTES = (
    Route("embed", "POST", _PATH % "batchEmbedContents|predict"),
    Route("count", "POST", _COUNT),
)
_MOST_TEXTS = 100


def check(request: Received) -> str | None:
    if request.verb == "count":
        return refusal(lambda body: _check_count(body, request), request.body)
    return refusal(_check_predict if request.path.endswith(":predict") else _check_batch, request.body)


def _check_count(body: Any, request: Received) -> None:
    asked = as_object(body) or {}
    inner = as_object(asked.get("generateContentRequest"))
    found = _COUNT.fullmatch(request.path)
    model = found[1] if found else ""
    if inner is not None and inner.get("model") != model:
        raise Refused("* GenerateContentRequest.model: must match the model in the path")
    content = asked if inner is None else {key: value for key, value in inner.items() if key != "model"}
    if (reason := gemini_rules.refusal_of(content, model.partition("/")[2], stream=False)) is not None:
        raise Refused(reason)


def _check_batch(body: Any) -> None:
    requests = [as_object(one) or {} for one in as_list((as_object(body) or {}).get("requests")) or ()]
    if not requests or len(requests) > _MOST_TEXTS:
        raise Refused(f"* BatchEmbedContentsRequest.requests: at most {_MOST_TEXTS} requests can be in one batch")
    for one in requests:
        if not str(one.get("model", "")).startswith("models/"):
            raise Refused("* BatchEmbedContentsRequest.requests[0].model: unexpected model name format")
        for key in unknown_keys(one, ("model", "content", "taskType", "title", "outputDimensionality")):
            raise Refused(f"Invalid JSON payload received. Unknown name \"{key}\" at 'requests[0]': Cannot find field.")


def _check_predict(body: Any) -> None:
    instances = as_list((as_object(body) or {}).get("instances")) or []
    if len(instances) != 1:
        raise Refused("Only one instance is supported per request.")


def body(answer: Answer, request: Received) -> bytes:
    asked = as_object(request.body) or {}
    tokens = answer.usage.input_tokens
    if request.verb == "count":
        details = [{"modality": "TEXT", "tokenCount": tokens}]
        return write({"totalTokens": tokens, "promptTokensDetails": details}).encode()
    if request.path.endswith(":predict"):
        size = (as_object(asked.get("parameters")) or {}).get("outputDimensionality") or DIMENSIONS
        statistics = {"token_count": tokens, "truncated": False}
        made = [
            {"embeddings": {"statistics": statistics, "values": list(vector_of(instance["content"], size))}}
            for instance in as_list(asked.get("instances")) or ()
        ]
        return write({"predictions": made, "metadata": {"billableCharacterCount": 1}}).encode()
    values = [_values(one) for one in as_list(asked.get("requests")) or ()]
    return write({"embeddings": values, "usageMetadata": {"promptTokenCount": tokens}}).encode()


def _values(one: dict[str, Any]) -> dict[str, Any]:
    text = "".join(part.get("text", "") for part in one["content"]["parts"])
    return {"values": list(vector_of(text, one.get("outputDimensionality") or DIMENSIONS))}
