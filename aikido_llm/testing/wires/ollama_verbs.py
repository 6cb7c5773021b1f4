"""Ollama's vectors. Source: Ollama docs, "API", "Generate Embeddings", read 2026-11."""

from typing import Any

from ..answer import Answer
from ..vectors import DIMENSIONS, vector_of
from .base import Received, Route
from .pieces import model_of, write
from .rules import Refused, as_list, as_object, refusal

ROUTES = (Route("embed", "POST", "/api/embed"),)


def check(request: Received) -> str | None:
    return refusal(_check, request.body)


def _check(body: Any) -> None:
    asked = as_object(body) or {}
    if not asked.get("model"):
        raise Refused("model is required")
    if not all(isinstance(text, str) for text in as_list(asked.get("input")) or [None]):
        raise Refused("invalid input type")


def body(answer: Answer, request: Received) -> bytes:
    asked = as_object(request.body) or {}
    size = asked.get("dimensions") or DIMENSIONS
    vectors = [list(vector_of(text, size)) for text in as_list(asked.get("input")) or ()]
    took = {"total_duration": 14_143_917, "load_duration": 1_019_500}
    said = {"model": model_of(answer, request), "embeddings": vectors, **took}
    return write({**said, "prompt_eval_count": answer.usage.input_tokens}).encode()
