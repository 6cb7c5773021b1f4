"""Request -> the body of `:countTokens`.

source: Gemini API reference, "models.countTokens", v1beta; Vertex AI REST reference, "countTokens"; read 2026-11.
"""

from typing import Any

from ...types.request import Request
from .. import counting
from ..base import WireRequest
from .encode import encode
from .names import model_path
from .quirks import Quirks

_READ = ("contents", "systemInstruction", "tools", "generationConfig")


def encode_count(request: Request, quirks: Quirks, *, provider: str, wire: str) -> WireRequest:
    """The whole request inside of another, or some of its fields, as the host has it (`count_form`)."""
    asked = encode(request, quirks, stream=False, provider=provider, wire=wire).body or {}
    path = model_path(request.model or "")
    if quirks.count_form == "fields":
        body: dict[str, Any] = counting.fields(asked, _READ)
    else:
        body = {"generateContentRequest": {"model": path.removeprefix("/"), **asked}}
    return WireRequest(f"{path}:countTokens", body)


def decode_count(body: bytes, quirks: Quirks) -> int:
    return counting.decode(body, ("totalTokens",), own=quirks.error_words)
