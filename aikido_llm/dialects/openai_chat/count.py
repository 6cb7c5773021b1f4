"""Request -> the body that a host counts without answering it; where, is a quirk (`count_path`).

source: llama.cpp's server, "/v1/chat/completions/input_tokens"; Kimi API docs, "Estimate tokens"; read 2026-11.
"""

from ...types.request import Request
from .. import counting
from ..base import WireRequest
from .encode import encode
from .quirks import Quirks

_READ = (
    *("model", "messages", "tools", "tool_choice", "parallel_tool_calls", "response_format"),
    *("chat_template_kwargs", "reasoning_effort"),
)
_PLACES = (("input_tokens",), ("data", "total_tokens"))


def encode_count(request: Request, quirks: Quirks, *, provider: str, wire: str) -> WireRequest:
    asked = encode(request, quirks, stream=False, provider=provider, wire=wire)
    return WireRequest(quirks.count_path, counting.fields(asked.body or {}, _READ))


def decode_count(body: bytes, quirks: Quirks) -> int:
    return counting.decode(body, *_PLACES, own=quirks.error_words)
