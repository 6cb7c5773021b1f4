"""Request -> the body of `POST /v1/messages/count_tokens`.

source: Anthropic API reference, "Count tokens in a Message", read 2026-11.
"""

from attrs import evolve

from ...types.request import Request
from .. import counting
from ..base import WireRequest
from .encode import encode
from .quirks import Quirks

_READ = (
    *("model", "messages", "system", "tools", "tool_choice", "thinking", "output_config"),
    *("mcp_servers", "context_management", "anthropic_version"),
)


def encode_count(request: Request, quirks: Quirks, *, provider: str, wire: str) -> WireRequest:
    """The model is in the body, wherever an answer has it."""
    place = evolve(quirks, path=quirks.count_path, stream_path="")
    asked = encode(request, place, stream=False, provider=provider, wire=wire)
    return WireRequest(quirks.count_path, counting.fields(asked.body or {}, _READ), asked.headers)


def decode_count(body: bytes, quirks: Quirks) -> int:
    return counting.decode(body, ("input_tokens",), own=quirks.error_words)
