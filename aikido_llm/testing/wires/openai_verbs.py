"""Vectors, rankings and counts as the hosts of OpenAI's wires have them.

Source: OpenAI API reference, "Create embeddings" and "Get input token counts"; llama.cpp's server; Kimi API docs; the
hosts' references on `/rerank`; recorded exchanges; read 2026-11.
"""

from typing import Any

from ...codecs.base64 import encode
from ...codecs.float32 import to_bytes
from ...types.embeddings import Vector
from ..answer import Answer
from ..vectors import DIMENSIONS, ranked, vector_of
from . import openai_rules, responses_rules
from .base import Received, Route
from .openai_hosts import host
from .pieces import model_of, write
from .rules import Refused, as_list, as_object, refusal, unknown_keys

_CHAT_COUNT = ".*/(?:chat/completions/input_tokens|tokenizers/estimate-token-count)"
_COMMON = (
    Route("embed", "POST", "(?!/v2/).*/embeddings"),
    Route("rerank", "POST", "(?!/v2/).*/rerank"),
)
CHAT = (*_COMMON, Route("count", "POST", _CHAT_COUNT))
RESPONSES = (Route("count", "POST", "(?:/openai)?/v1/responses/input_tokens"), *_COMMON)

_EMBED = {"model", "input", "encoding_format", "dimensions", "user"}
_RERANK = ("query", "documents", "model")


def check(request: Received) -> str | None:
    match request.verb:
        case "embed":
            return refusal(lambda body: _check_embed(body, request), request.body)
        case "rerank":
            return refusal(_check_rerank, request.body)
        case _:
            rules = responses_rules.check if "/responses/" in request.path else _check_chat
            return refusal(rules, request.body)


def _check_chat(body: Any) -> None:
    openai_rules.check(body, strict=False, needs_model=False)


def _check_embed(body: Any, request: Received) -> None:
    asked, kind = as_object(body) or {}, host(request.provider)
    if kind.fingerprints:
        for key in unknown_keys(asked, _EMBED):
            raise Refused(f"Unrecognized request argument supplied: {key}")
    if kind.needs_model and not asked.get("model"):
        raise Refused("you must provide a model parameter")
    texts = as_list(asked.get("input"))
    if not texts or not all(isinstance(text, str) and text for text in texts):
        raise Refused("'$.input' is invalid. Please check the API reference.")
    if len(texts) > kind.most_texts:
        raise Refused("Too many inputs in request, split into more batches.")
    if asked.get("encoding_format", "float") not in ("float", "base64"):
        raise Refused("encoding_format is float or base64")


def _check_rerank(body: Any) -> None:
    asked = as_object(body) or {}
    for key in _RERANK:
        if not asked.get(key):
            raise Refused(f'"{key}" must be provided')
    if not all(isinstance(document, str) for document in as_list(asked["documents"]) or [None]):
        raise Refused('"documents" must be a non-empty string array')


def body(answer: Answer, request: Received) -> bytes:
    asked = as_object(request.body) or {}
    match request.verb:
        case "embed":
            return write(_embedded(answer, request, asked)).encode()
        case "rerank":
            return write(_ranked(answer, request, asked)).encode()
        case _:
            return write(_counted(answer, request)).encode()


def _embedded(answer: Answer, request: Received, asked: dict[str, Any]) -> dict[str, Any]:
    """int8 hosts write a byte for each number; all others float32, or lists where base64 was not asked for."""
    size = asked.get("dimensions") or asked.get("output_dimension") or DIMENSIONS
    vectors = [vector_of(text, size) for text in as_list(asked.get("input")) or ()]
    kind = "int8" if host(request.provider).int8 else asked.get("encoding_format", "float")
    data = [
        {"object": "embedding", "index": index, "embedding": _numbers(vector, kind)}
        for index, vector in enumerate(vectors)
    ]
    usage = {"prompt_tokens": answer.usage.input_tokens, "total_tokens": answer.usage.input_tokens}
    return {"object": "list", "data": data, "model": model_of(answer, request), "usage": usage}


def _numbers(vector: Vector, kind: str) -> str | list[float]:
    if kind == "int8":
        return encode(bytes(round(number * 127) % 256 for number in vector))
    return encode(to_bytes(vector)) if kind == "base64" else list(vector)


def _ranked(answer: Answer, request: Received, asked: dict[str, Any]) -> dict[str, Any]:
    found = ranked(asked["query"], as_list(asked.get("documents")) or [])[: asked.get("top_n")]
    results = [{"index": place, "relevance_score": score} for place, score in found]
    usage = {"prompt_tokens": answer.usage.input_tokens, "total_tokens": answer.usage.input_tokens}
    return {"object": "list", "results": results, "model": model_of(answer, request), "usage": usage}


def _counted(answer: Answer, request: Received) -> dict[str, Any]:
    if request.path.endswith("/estimate-token-count"):
        return {"code": 0, "data": {"total_tokens": answer.usage.input_tokens}, "status": True}
    kind = {"object": "response.input_tokens"} if "/responses/" in request.path else {}
    return {**kind, "input_tokens": answer.usage.input_tokens}
