"""Request -> the body of `InvokeModel`: that of Messages, but for what stands in its path and its headers there.

source: Amazon Bedrock User Guide, "Anthropic Claude Messages API: request and response", read 2026-11.
"""

from ...types.checks import strings
from ...types.request import Request
from ..anthropic_messages import encode as messages
from ..base import WireRequest
from .quirks import Quirks

BETAS = "anthropic_beta"
LISTS = messages.LISTS | {(BETAS,)}


def encode(request: Request, quirks: Quirks, *, stream: bool, provider: str, wire: str) -> WireRequest:
    """The whole request. Raises UnsupportedFeatureError, InvalidRequestError."""
    asked = messages.encode(request, quirks, stream=stream, provider=provider, wire=wire)
    body = dict(asked.body or {})
    body.pop("stream", None)  # the path says it
    in_headers = [value for name, value in request.extra_headers.items() if name.lower() == messages.BETA]
    lists = [quirks.betas, *in_headers, asked.headers.get(messages.BETA, "")]
    listed = [word.strip() for words in lists for word in words.split(",") if word.strip()]
    betas = dict.fromkeys((*listed, *strings(body.pop(BETAS, None), f"extra: {BETAS}")))
    if betas:
        body[BETAS] = list(betas)
    return WireRequest(asked.path, body)
