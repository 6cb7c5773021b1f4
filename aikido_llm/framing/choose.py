"""Which framer a 200 needs: by its media type where that says it, else by what was asked for."""

from . import Framer
from .ndjson import NDJSONFramer
from .sse import SSEFramer
from .whole import WholeBody

_DOCUMENTS = ("application/json", "text/html", "application/xml", "text/xml")


def sse_or_whole(content_type: str, *, stream: bool, event_bytes: int, body_bytes: int) -> Framer:
    """For wires that stream server-sent events. An HTML page is a whole body too: no JSON, and said to be none."""
    if content_type == "text/event-stream" or (stream and content_type not in _DOCUMENTS):
        return SSEFramer(event_bytes)
    return WholeBody(body_bytes)


def ndjson_or_whole(content_type: str, *, stream: bool, event_bytes: int, body_bytes: int) -> Framer:
    """For wires that stream JSON lines, in answer to any request at times. Proxies relabel them, so where a stream was
    asked for the media type decides only against HTML."""
    if content_type == "application/x-ndjson" or (stream and content_type != "text/html"):
        return NDJSONFramer(event_bytes)
    return WholeBody(body_bytes)
