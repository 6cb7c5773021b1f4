"""Request -> the body of `CountTokens`, in its form for Converse.

source: Amazon Bedrock API reference, "CountTokens" and "ConverseTokensRequest", read 2026-11.
"""

from ...types.request import Request
from .. import counting
from ..base import WireRequest
from ..paths import segment
from .encode import encode
from .quirks import Quirks

_READ = ("messages", "system", "toolConfig", "additionalModelRequestFields")


def encode_count(request: Request, quirks: Quirks, *, provider: str, wire: str) -> WireRequest:
    asked = encode(request, quirks, stream=False, provider=provider, wire=wire)
    said = counting.fields(asked.body or {}, _READ)
    path = f"/model/{segment(request.model or '', 'a model')}/count-tokens"
    return WireRequest(path, {"input": {"converse": said}})


def decode_count(body: bytes, quirks: Quirks) -> int:
    return counting.decode(body, ("inputTokens",), own=quirks.error_words)
