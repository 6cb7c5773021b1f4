from collections.abc import Callable

import pytest

from aikido_llm.errors import TooLargeError
from aikido_llm.framing import STRAY, WHOLE, Frame, Framer
from aikido_llm.framing.choose import beginning, ndjson_or_whole, sse_or_whole
from tests.wire import bytewise, cuts

BOM = b"\xef\xbb\xbf"
OBJECT = b'{"a": 1}'
INDENTED = b'{\n  "a": 1\n}'
EVENT = b'data: {"a": 1}\n\n'
LINES = b'{"a": 1}\n{"b": 2}\n'
LABELS = ["", "text/plain", "text/event-stream", "application/json", "text/html", "application/x-ndjson"]


def sse(body: bytes, content_type: str = "", *, stream: bool = True, lists: bool = False) -> list[Frame]:
    return read(body, lambda: sse_or_whole(content_type, stream=stream, event_bytes=99, body_bytes=99, lists=lists))


def ndjson(body: bytes, content_type: str = "", *, stream: bool = True) -> list[Frame]:
    return read(body, lambda: ndjson_or_whole(content_type, stream=stream, event_bytes=99, body_bytes=99))


def read(body: bytes, make: Callable[[], Framer]) -> list[Frame]:
    """The frames of a body, in any pieces the same ones."""
    whole = _feed([body], make())
    assert _feed(list(bytewise(body)), make()) == whole
    for at in cuts(body):
        assert _feed([body[:at], body[at:]], make()) == whole
    return whole


def _feed(pieces: list[bytes], framer: Framer) -> list[Frame]:
    out: list[Frame] = []
    for piece in pieces:
        framer.feed(piece, out)
    framer.close(out)
    return out


@pytest.mark.parametrize("stream", [True, False])
@pytest.mark.parametrize("label", LABELS)
def test_how_a_body_begins_says_more_than_its_label(label: str, stream: bool) -> None:
    for document in (OBJECT, INDENTED, b"<html>no</html>", BOM + OBJECT, b"\r\n \n" + OBJECT):
        plain = document.removeprefix(BOM).lstrip()
        assert sse(document, label, stream=stream) == [(WHOLE, plain)]
    for events in (EVENT, b": hi\n\n" + EVENT, b"\n" + EVENT, b"id: 1\n" + EVENT, BOM + EVENT):
        assert sse(events, label, stream=stream) == ndjson(events, label, stream=stream) == [("", OBJECT)]
    assert sse(LINES, label, stream=stream) == [(STRAY, LINES.rstrip())]
    assert ndjson(LINES, label, stream=stream) == [("", OBJECT), ("", b'{"b": 2}')]
    assert ndjson(INDENTED, label, stream=stream) == [(WHOLE, INDENTED)]


def test_one_object_on_a_line_is_a_line_where_lines_were_asked_for() -> None:
    assert ndjson(OBJECT) == [("", OBJECT)]
    assert ndjson(OBJECT, "application/json", stream=False) == [(WHOLE, OBJECT)]


def test_a_list_comes_bit_by_bit_where_the_wire_has_it() -> None:
    assert sse(b"[{},\n{}]", lists=True) == [("", b"{}"), ("", b"{}")]
    assert sse(b"[{},\n{}]", lists=True, stream=False) == sse(b"[{},\n{}]") == [(WHOLE, b"[{},\n{}]")]


def test_what_begins_as_nothing_known_is_read_by_its_label() -> None:
    assert sse(b"sorry\n\n", "text/plain") == sse(b"sorry", "text/event-stream", stream=False) == [(STRAY, b"sorry")]
    assert sse(b"sorry", "application/json") == sse(b"sorry", stream=False) == [(WHOLE, b"sorry")]
    assert ndjson(b"sorry", "text/html") == [(WHOLE, b"sorry")]
    assert ndjson(b"sorry") == [("", b"sorry")]


def test_an_empty_body_is_an_empty_document_or_no_event() -> None:
    assert sse(b"", stream=False) == ndjson(b"", stream=False) == [(WHOLE, b"")]
    assert sse(b" \n") == sse(b"") == ndjson(b"\n\n") == []


def test_garbage_behind_a_document_leaves_it_one() -> None:
    assert sse(OBJECT + b"garbage") == [(WHOLE, OBJECT + b"garbage")]
    assert sse(OBJECT + b"\n\0") == [(WHOLE, OBJECT + b"\n\0")]


def test_blanks_that_never_end_are_not_kept() -> None:
    framer = sse_or_whole("", stream=True, event_bytes=99, body_bytes=99)
    out: list[Frame] = []
    for _ in range(20_000):
        framer.feed(b" \n" * 50, out)
    framer.feed(b"{" + b" " * 90, out)
    assert framer.whole
    assert framer.unfinished == 91


def test_a_few_bytes_may_be_too_few_to_tell() -> None:
    assert {beginning(head) for head in (b"", b" ", b"\xef", b"d", b"data", b"{", b"{ ", b"\n")} == {""}
    assert beginning(b"date") == "other"


@pytest.mark.parametrize("blank", [b" ", b"\t", b"\r\n"])
def test_blanks_before_a_document_count_against_its_cap(blank: bytes) -> None:
    framer = sse_or_whole("application/json", stream=False, event_bytes=100, body_bytes=100)
    framer.feed(blank * (100 // len(blank)), [])
    with pytest.raises(TooLargeError, match="body_bytes"):
        framer.feed(blank, [])


def test_blank_lines_before_a_stream_may_go_on_but_no_line_may_be_endless() -> None:
    framer = sse_or_whole("text/event-stream", stream=True, event_bytes=100, body_bytes=100)
    for _ in range(500):
        framer.feed(b"   \n", [])
    with pytest.raises(TooLargeError, match="event_bytes"):
        for _ in range(3):
            framer.feed(b" " * 50, [])


def test_marks_of_byte_order_without_end_are_no_blanks() -> None:
    framer = sse_or_whole("text/event-stream", stream=True, event_bytes=100, body_bytes=100)
    with pytest.raises(TooLargeError):
        for _ in range(100):
            framer.feed(b"\xef\xbb\xbf", [])
