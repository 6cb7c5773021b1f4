import pytest

from aikido_llm.framing.choose import ndjson_or_whole, sse_or_whole
from aikido_llm.framing.ndjson import NDJSONFramer
from aikido_llm.framing.sse import SSEFramer
from aikido_llm.framing.whole import WholeBody


@pytest.mark.parametrize(
    ("content_type", "stream", "expected"),
    [
        ("text/event-stream", True, SSEFramer),
        ("text/event-stream", False, SSEFramer),
        ("", True, SSEFramer),
        ("text/plain", True, SSEFramer),
        ("application/octet-stream", True, SSEFramer),
        ("application/json", True, WholeBody),
        ("text/html", True, WholeBody),
        ("text/xml", True, WholeBody),
        ("application/json", False, WholeBody),
        ("", False, WholeBody),
        ("text/plain", False, WholeBody),
    ],
)
def test_server_sent_events(content_type: str, stream: bool, expected: type) -> None:
    assert type(sse_or_whole(content_type, stream=stream, event_bytes=1, body_bytes=1)) is expected


@pytest.mark.parametrize(
    ("content_type", "stream", "expected"),
    [
        ("application/x-ndjson", True, NDJSONFramer),
        ("application/x-ndjson", False, NDJSONFramer),
        ("application/json", True, NDJSONFramer),
        ("", True, NDJSONFramer),
        ("text/html", True, WholeBody),
        ("application/json", False, WholeBody),
        ("", False, WholeBody),
    ],
)
def test_json_lines(content_type: str, stream: bool, expected: type) -> None:
    assert type(ndjson_or_whole(content_type, stream=stream, event_bytes=1, body_bytes=1)) is expected
