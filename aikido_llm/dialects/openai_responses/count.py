"""Request -> the body of `POST /responses/input_tokens`.

source: OpenAI API reference, "Get input token counts", read 2026-11.
"""

from ...types.request import Request
from .. import counting
from ..base import WireRequest
from .encode import encode
from .quirks import Quirks

_READ = (
    *("model", "input", "instructions", "tools", "tool_choice", "parallel_tool_calls", "reasoning", "text"),
    *("previous_response_id", "conversation", "truncation"),
)


def encode_count(request: Request, quirks: Quirks, *, provider: str, wire: str) -> WireRequest:
    asked = encode(request, quirks, stream=False, provider=provider, wire=wire)
    return WireRequest(quirks.count_path, counting.fields(asked.body or {}, _READ))


def decode_count(body: bytes, quirks: Quirks) -> int:
    return counting.decode(body, ("input_tokens",), own=quirks.error_words)
