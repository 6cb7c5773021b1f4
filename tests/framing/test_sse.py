import re
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aikido_llm.errors import TooLargeError
from aikido_llm.framing import STRAY, Frame
from aikido_llm.framing.sse import SSEFramer
from tests.wire import bytewise, lengths

BOM = b"\xef\xbb\xbf"


def read(pieces: list[bytes], framer: SSEFramer | None = None) -> list[Frame]:
    framer = framer or SSEFramer(10_000)
    out: list[Frame] = []
    for piece in pieces:
        framer.feed(piece, out)
    framer.close(out)
    return out


def frames(body: bytes) -> list[Frame]:
    """Read whole and byte by byte, which must agree."""
    whole = read([body])
    assert read(list(bytewise(body))) == whole
    return whole


# ---------------------------------------------------------------- the standard's rules, one each


@pytest.mark.parametrize("end", [b"\n", b"\r", b"\r\n"])
def test_each_line_end(end: bytes) -> None:
    assert frames(b"data: a" + end + end + b"data: b" + end + end) == [("", b"a"), ("", b"b")]


def test_mixed_line_ends() -> None:
    assert frames(b"data: a\r\n\ndata: b\r\r\ndata: c\n\r\n") == [("", b"a"), ("", b"b"), ("", b"c")]


def test_a_crlf_split_between_pieces_makes_no_blank_line() -> None:
    assert read([b"data: a\r", b"\ndata: b\r", b"\n\r", b"\n"]) == [("", b"a\nb")]


def test_an_event_is_handed_out_with_the_cr_that_ends_it() -> None:
    out: list[Frame] = []
    SSEFramer(100).feed(b"data: a\r\r", out)
    assert out == [("", b"a")]


def test_data_lines_are_joined_by_line_feeds() -> None:
    assert frames(b"data: a\ndata: b\ndata:\ndata: c\n\n") == [("", b"a\nb\n\nc")]


def test_comments_are_ignored() -> None:
    assert frames(b": hello\n\n:\n\ndata: a\n: in between\n:data: x\n\n") == [("", b"a")]


def test_a_byte_order_mark_at_the_start_is_dropped() -> None:
    assert frames(BOM + b"data: a\n\n") == [("", b"a")]


@pytest.mark.parametrize("cut", [0, 1, 2, 3])
def test_a_byte_order_mark_split_between_pieces(cut: int) -> None:
    body = BOM + b"data: a\n\n"
    assert read([body[:cut], b"", body[cut:]]) == [("", b"a")]


def test_part_of_a_byte_order_mark_is_no_byte_order_mark() -> None:
    assert frames(b"\xef\xbbdata: a\n\n") == [(STRAY, b"\xef\xbbdata: a")]
    assert frames(b"\xef\xbb") == [(STRAY, b"\xef\xbb")]
    assert frames(b"data: a\n\n" + BOM + b"data: b\n\n") == [("", b"a"), (STRAY, BOM + b"data: b")]


def test_the_event_field_names_the_event_the_last_one_wins() -> None:
    assert frames(b"event: one\nevent: two\ndata: a\n\ndata: b\n\n") == [("two", b"a"), ("", b"b")]


def test_an_event_without_data_is_dropped_with_its_name() -> None:
    assert frames(b"event: x\nid: 1\n\ndata: a\n\n") == [("", b"a")]


def test_the_id_is_kept_over_events_and_an_empty_one_resets_it() -> None:
    framer = SSEFramer(100)
    read([b"id: 7\ndata: a\n\ndata: b\n\n"], framer)
    assert framer.last_event_id == "7"
    read([b"id\ndata: c\n\n"], framer)
    assert framer.last_event_id == ""


def test_an_id_with_a_nul_is_ignored() -> None:
    framer = SSEFramer(100)
    read([b"id: 7\nid: 8\x009\ndata: a\n\n"], framer)
    assert framer.last_event_id == "7"


@pytest.mark.parametrize(
    ("value", "expected"),
    [(b"1500", 1500), (b"0", 0), (b"", 5), (b"-1", 5), (b"1.5", 5), (b"1e3", 5), (b"12a", 5), ("\u0663".encode(), 5)],
)
def test_retry_takes_ascii_digits_only(value: bytes, expected: int) -> None:
    framer = SSEFramer(100)
    read([b"retry: 5\nretry: " + value + b"\ndata: a\n\n"], framer)
    assert framer.retry_ms == expected


def test_a_retry_of_thousands_of_digits_is_ignored() -> None:
    framer = SSEFramer(10_000)
    assert read([b"retry: " + b"9" * 5000 + b"\ndata: a\n\n"], framer) == [("", b"a")]
    assert framer.retry_ms is None


def test_unicode_line_separators_are_text() -> None:
    text = "a\u2028b\u2029c\u0085d".encode()
    assert frames(b"data: " + text + b"\n\n") == [("", text)]


def test_a_field_without_a_colon_has_an_empty_value() -> None:
    assert frames(b"data\ndata\n\n") == [("", b"\n")]
    assert frames(b"event: x\nevent\ndata: a\n\n") == [("", b"a")]


def test_one_space_behind_the_colon_is_optional_and_only_one_is_dropped() -> None:
    assert frames(b"data:a\n\ndata:  b\n\ndata:\tc\n\nevent:x\ndata: d\n\n") == [
        ("", b"a"),
        ("", b" b"),
        ("", b"\tc"),
        ("x", b"d"),
    ]


def test_empty_data_is_an_event_with_nothing_in_it() -> None:
    assert frames(b"data:\n\ndata: \n\n") == [("", b""), ("", b"")]


def test_field_names_are_exact() -> None:
    assert frames(b"Data: a\n\n data: b\n\n") == [(STRAY, b"Data: a"), (STRAY, b" data: b")]


def test_blank_lines_alone_are_nothing() -> None:
    assert frames(b"\n\n\r\n\r\r") == []
    assert frames(b"") == []


def test_a_character_cut_in_half_is_whole_again() -> None:
    text = "\U0001f600\u00e9".encode()
    assert frames(b"event: " + text + b"\ndata: " + text + b"\n\n") == [(text.decode(), text)]


# ---------------------------------------------------------------- two additions for language models


def test_unknown_fields_are_kept_as_one_stray_frame_in_their_place() -> None:
    assert frames(b'{"error": 1}\n\n') == [(STRAY, b'{"error": 1}')]
    stray = (STRAY, b'{\n"error": 1\n}')
    assert frames(b'{\n"error": 1\n}\ndata: a\n\ndata: b\n\n') == [stray, ("", b"a"), ("", b"b")]
    assert frames(b'data: a\n{\n"error": 1\n}\n\ndata: b\n\n') == [("", b"a"), stray, ("", b"b")]


def test_the_value_of_a_field_called_error_is_stray() -> None:
    assert frames(b'error: {"code": 5}\n\n') == [(STRAY, b'{"code": 5}')]
    assert frames(b"error\n\n") == [(STRAY, b"error")]


def test_an_unterminated_last_event_comes_out_on_close() -> None:
    assert frames(b"data: a") == [("", b"a")]
    assert frames(b"data: a\n") == [("", b"a")]
    assert frames(b"event: x\ndata: a\ndat") == [("x", b"a"), (STRAY, b"dat")]
    assert frames(b'{"error"') == [(STRAY, b'{"error"')]


def test_a_flood_of_stray_lines_is_cut_and_costs_no_memory() -> None:
    out: list[Frame] = []
    framer = SSEFramer(1 << 30)
    for _ in range(100):
        framer.feed(b"junk\n" * 1000, out)
    framer.close(out)
    assert len(out) == 1
    assert 0 < len(out[0][1]) < 64 * 1024


# ---------------------------------------------------------------- any cut, any bytes


fields = st.sampled_from([b"data", b"event", b"id", b"retry", b"error", b"x", b"12", b"\xff", BOM, b"\0"])
marks = st.sampled_from([b":", b" ", b"\n", b"\r", b"\n\n", b"\r\n", b"\r\n\r\n", b"\r\r"])
events = st.sampled_from(
    [
        b"data: a\n\n",
        b"data: b\ndata: c\n\n",
        b"event: x\ndata: d\n\n",
        b"event: yy\ndata: e\n\n",
        b"data: f\r\n\r\n",
        b"event: x\ndata: g\r\n\r\n",
        b"data: ",
        b"\n\ndata: ",
        b"event: x\ndata: ",
        b"{stray}\n",
        b": ping\n\n",
    ]
)
bodies = st.lists(fields | marks | events | events, max_size=40).map(b"".join)


def by_the_book(body: bytes) -> list[Frame]:
    """The standard's rules and our two additions, written down without a thought for speed."""
    frames: list[Frame] = []
    name, data, stray, first = "", list[bytes](), list[bytes](), False
    lines = re.split(b"\r\n|\r|\n", body.removeprefix(BOM))
    for number, line in enumerate([*lines, b""]):
        field, colon, value = line.partition(b":")
        value = value.removeprefix(b" ")
        if not line and number != len(lines) - 1:
            event = [(name, b"\n".join(data))] if data else []
            others = [(STRAY, b"\n".join(stray))] if stray else []
            frames += others + event if first else event + others
            name, data, stray, first = "", [], [], False
        elif field == b"data":
            data.append(value)
        elif field == b"event":
            name = value.decode("utf-8", "replace")
        elif field and field not in (b"id", b"retry"):
            first = first or not (stray or data)
            stray.append(value if field == b"error" and colon else line)
    return frames


def outcome(pieces: list[bytes], max_bytes: int) -> tuple[list[Frame], str, str, int | None]:
    framer = SSEFramer(max_bytes)
    out: list[Frame] = []
    failure = ""
    try:
        for piece in pieces:
            framer.feed(piece, out)
        framer.close(out)
    except TooLargeError as error:
        failure = str(error)
    return out, failure, framer.last_event_id, framer.retry_ms


@settings(max_examples=300, deadline=None)
@given(bodies, st.lists(st.integers(0, 12), max_size=40))
def test_any_cut_of_any_bytes_gives_the_same_frames(body: bytes, sizes: list[int]) -> None:
    whole = outcome([body], 10_000)
    assert whole[0] == by_the_book(body)
    assert outcome(list(lengths(body, sizes)), 10_000) == whole
    assert outcome(list(bytewise(body)), 10_000) == whole


@settings(max_examples=300, deadline=None)
@given(bodies, st.lists(st.integers(0, 12), max_size=40), st.integers(0, 300))
def test_the_cap_holds_alike_however_the_bytes_are_cut(body: bytes, sizes: list[int], cap: int) -> None:
    whole = outcome([body], cap)
    assert outcome(list(lengths(body, sizes)), cap)[:2] == whole[:2]
    assert outcome(list(bytewise(body)), cap)[:2] == whole[:2]


# ---------------------------------------------------------------- size and time


def test_an_unfinished_line_over_the_cap_fails_and_the_frames_before_it_are_out() -> None:
    framer = SSEFramer(200)
    out: list[Frame] = []
    with pytest.raises(TooLargeError) as caught:
        framer.feed(b"data: a\n\ndata: b\n\ndata: " + b"x" * 200, out)
    assert (caught.value.cap, caught.value.limit) == ("event_bytes", 200)
    assert out == [("", b"a"), ("", b"b")]


def test_the_cap_counts_a_line_and_the_lines_of_an_event_with_what_they_cost() -> None:
    line = b"data: " + b"x" * 136  # 136 bytes and 64 to keep them
    assert read([line, b"\n\n"], SSEFramer(200)) == [("", b"x" * 136)]
    with pytest.raises(TooLargeError):
        read([line + b"x", b"\n\n"], SSEFramer(200))
    with pytest.raises(TooLargeError):
        read([line + b"x\n\n"], SSEFramer(200))


def test_a_flood_of_tiny_data_lines_without_a_blank_line_meets_the_cap() -> None:
    framer = SSEFramer(100_000)
    out: list[Frame] = []
    framer.feed(b"data\n" * 1500, out)  # 7,500 bytes, and 64 more to keep each line
    with pytest.raises(TooLargeError):
        framer.feed(b"data\n" * 100, out)
    assert out == []


def test_an_event_under_the_cap_after_many_others_is_no_failure() -> None:
    assert len(read([b"data: 0123456789\n\n" * 1000], SSEFramer(200))) == 1000


LONG = b"x" * 100_000


@pytest.mark.parametrize("end", [b"\n", b"\r", b"\r\n"])
@pytest.mark.parametrize("size", [1_000, 30_000, 66_000])
@pytest.mark.parametrize(
    "lines",
    [
        (b"data: " + LONG, b""),
        (b"data:" + LONG, b""),
        (b"data:  " + LONG, b""),
        (b"data" + LONG[:50_000], b""),
        (b": " + LONG, b"data: a", b""),
        (b"event: e", b"data: " + LONG, b"data: b", b"", b"data: c", b""),
        (b"data: a", b"data: " + LONG, b"data: " + LONG, b"id: 7", b"", b"event: e", b"data: " + LONG, b""),
        (b"data: a", b"", b"data: " + LONG),
    ],
    ids=range(8),
)
def test_long_lines_are_the_same_in_any_pieces(lines: tuple[bytes, ...], size: int, end: bytes) -> None:
    body = end.join(lines) + (b"" if lines[-1] else end)
    for cap in (500_000, 150_000, 100_007, 100_006, 100_005, 99_999):
        expected = outcome([body], cap)
        assert outcome(list(lengths(body, [size] * (len(body) // size))), cap) == expected
    assert read([body], SSEFramer(500_000)) == by_the_book(body)


def test_a_long_line_counts_as_unfinished_data_as_soon_as_it_is_some() -> None:
    for field, counts in ((b"data: ", True), (b"data:", True), (b": ", False)):
        framer, out = SSEFramer(500_000), list[Frame]()
        for piece in (field + LONG, LONG, LONG):
            framer.feed(piece, out)
        assert framer.unfinished == (len(field) + 3 * len(LONG) if counts else 0)


def test_a_line_of_64_mib_in_small_pieces_takes_linear_time() -> None:
    """10 ms or so; a framer that searched its buffer again for each piece would need many minutes."""
    framer = SSEFramer(128 << 20)
    out: list[Frame] = []
    piece = b"x" * (16 << 10)
    began = time.process_time()
    framer.feed(b"data: ", out)
    for _ in range(4096):
        framer.feed(piece, out)
    framer.feed(b"\n\n", out)
    assert time.process_time() - began < 5
    assert len(out[0][1]) == 64 << 20


def test_an_event_of_many_lines_takes_linear_time() -> None:
    framer = SSEFramer(1 << 30)
    out: list[Frame] = []
    began = time.process_time()
    for _ in range(100_000):
        framer.feed(b"data: x\n", out)
    framer.feed(b"\n", out)
    assert time.process_time() - began < 5
    assert out[0][1].count(b"x") == 100_000


@pytest.mark.parametrize("end", [b"\n", b"\r", b"\r\n"])
def test_the_cap_counts_lines_whatever_ends_them(end: bytes) -> None:
    body = b"data" + end
    assert outcome([body * 40], 300) == outcome(list(bytewise(body * 40)), 300)
    assert outcome([body * 40], 300)[1], "40 lines cost more than 300 bytes"
