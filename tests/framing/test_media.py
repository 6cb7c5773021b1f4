"""The road of large media against the plain one: whatever the document, its escapes and the cuts, they say the same."""

import base64
import json
import random
import re
import tracemalloc
from collections.abc import Callable, Iterator
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aikido_llm.codecs import base64 as _base64
from aikido_llm.codecs import json as _json
from aikido_llm.errors import TooLargeError
from aikido_llm.framing import Frame, Framer
from aikido_llm.framing.json_array import JSONArrayFramer
from aikido_llm.framing.media import MediaFramer
from aikido_llm.framing.ndjson import NDJSONFramer
from aikido_llm.framing.places import Places
from aikido_llm.framing.sse import SSEFramer
from aikido_llm.framing.whole import WholeBody
from tests import deep

MIB = 1024 * 1024
PLACES = Places(["url", "parts[].data", "images[]", "item?type=picture.result", "[].data", "deep.url.url"])
_a_mark = re.compile(r"<\d+ bytes [0-9a-f]{16}\.\d+>")

Wire = tuple[Callable[[int], Framer], Callable[[list[bytes]], bytes]]
WIRES: dict[str, Wire] = {
    "sse": (SSEFramer, lambda docs: b"".join(b"data: %b\n\n" % doc for doc in docs)),
    "sse with names": (SSEFramer, lambda docs: b"".join(b"event: e\r\ndata:%b\r\n\r\n" % doc for doc in docs)),
    "ndjson": (NDJSONFramer, b"\n".join),
    "list": (lambda cap: JSONArrayFramer(cap, cap), lambda docs: b"[%b]" % b",\n".join(docs)),
    "whole": (WholeBody, lambda docs: b"[%b]" % b" , ".join(docs)),
}


def cut(body: bytes, rng: random.Random, most: int) -> list[bytes]:
    pieces: list[bytes] = []
    at = 0
    while at < len(body):
        size = rng.randint(1, most)
        pieces.append(body[at : at + size])
        at += size
    return pieces


def plain(framer: Framer, pieces: list[bytes]) -> list[Frame]:
    out: list[Frame] = []
    for piece in pieces:
        framer.feed(piece, out)
    framer.close(out)
    return out


def by_media(framer: Framer, pieces: list[bytes], long: int = 16) -> tuple[list[Frame], list[bytes]]:
    """The frames with the text put back for each mark, and the bytes that had arrived."""
    media = MediaFramer(framer, PLACES, long)
    frames: list[Frame] = []
    arrived: list[bytes] = []
    for piece in (*pieces, None):
        out: list[Frame] = []
        if piece is None:
            media.close(out)
        else:
            media.feed(piece, out)
        for name, payload in out:
            for mark, found in media.arrived.items():
                text = found.text()
                assert found.take() == _base64.decode(text[len(found.head) :])
                payload = payload.replace(found.head + mark.encode(), text.encode())
                arrived.append(found.data)
            frames.append((name, payload))
    return frames, arrived


def parsed(frames: list[Frame]) -> list[tuple[str, Any]]:
    found: list[tuple[str, Any]] = []
    for name, payload in frames:
        try:
            found.append((name, _json.loads(payload)))
        except ValueError:
            found.append((name, None))
    return found


def check(body: bytes, wire: Wire, pieces: list[bytes], long: int = 16) -> list[bytes]:
    """Both roads say the same; the bytes that took the new one."""
    frames, arrived = by_media(wire[0](MIB), pieces, long)
    expected = plain(wire[0](MIB), [body])
    assert parsed(frames) == parsed(expected)
    return arrived


# ---------------------------------------------------------------- documents

data = st.binary(max_size=90)
base64_text = st.one_of(
    data.map(lambda b: base64.b64encode(b).decode()),
    data.map(lambda b: base64.urlsafe_b64encode(b).decode()),
    data.map(lambda b: base64.b64encode(b).decode().rstrip("=")),
    data.map(lambda b: base64.encodebytes(b).decode()),
    st.tuples(data, data).map(
        lambda two: base64.b64encode(two[0]).decode() + base64.urlsafe_b64encode(two[1]).decode()
    ),
    st.text("AQgw+/=-_", max_size=60),
    st.text('AQgw+/=-_\\"\n é\u2028', max_size=60),
    st.tuples(data, st.text(max_size=8)).map(lambda two: base64.b64encode(two[0]).decode() + two[1]),
)
head = st.sampled_from(
    ["", "", "data:image/png;base64,", "DATA:;Base64,", "data:image/png,", "data:a/b;x=y;base64,", "https://h/"]
)
string = st.one_of(st.tuples(head, base64_text).map("".join), st.text(max_size=40))
key = st.sampled_from(
    ["url", "data", "images", "parts", "item", "result", "type", "deep", 'x"url', "\\url", "text", "u\u0072l"]
)
value: st.SearchStrategy[Any] = st.recursive(
    st.one_of(string, string, st.sampled_from(["picture", 1, None, True, 1.5])),
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(key, inner, max_size=4)),
    max_leaves=12,
)


def shape(number: int, texts: list[str], kind: str) -> Any:
    """A document with texts at places, and at one that depends on its kind."""
    first = texts[0] if texts else ""
    shapes: list[Any] = [
        {"url": first},
        {"deep": {"url": {"url": first}}},
        {"images": texts},
        {"parts": [{"data": text} for text in texts]},
        {"item": {"type": kind, "result": first}},
        {"item": {"result": first, "type": kind}},
    ]
    return shapes[number]


shaped = st.one_of(
    st.builds(shape, st.integers(0, 5), st.lists(string, max_size=4), st.sampled_from(["picture", "other"])), value
)


class Writer:
    """JSON with escapes and blanks where a writer may put them."""

    def __init__(self, rng: random.Random) -> None:
        self._rng = rng
        self._often = rng.choice([0.0, 0.05, 0.5])

    def write(self, value: Any) -> str:
        if isinstance(value, str):
            return '"' + "".join(self._character(c) for c in value) + '"'
        if isinstance(value, dict):
            items = cast("dict[str, Any]", value).items()
            inner = [f"{self.write(k)}{self._blank()}:{self._blank()}{self.write(v)}" for k, v in items]
            return "{" + self._blank() + f"{self._blank()},{self._blank()}".join(inner) + self._blank() + "}"
        if isinstance(value, list):
            return (
                "["
                + self._blank()
                + f"{self._blank()},{self._blank()}".join(map(self.write, cast("list[object]", value)))
                + "]"
            )
        return json.dumps(value)

    def _blank(self) -> str:
        return self._rng.choice(["", "", "", " ", "  \t"])

    def _character(self, c: str) -> str:
        if self._rng.random() < self._often:
            if c == "/":
                return self._rng.choice(["\\/", "\\u002f", "\\u002F"])
            if ord(c) < 0x10000:
                return f"\\u{ord(c):04{self._rng.choice('xX')}}"
        return json.dumps(c, ensure_ascii=False)[1:-1]


@deep.examples(600)
@given(st.lists(shaped, min_size=1, max_size=3), st.integers(0, 2**32), st.sampled_from(sorted(WIRES)))
def test_any_document_in_any_pieces_reads_the_same(docs: list[Any], seed: int, wire: str) -> None:
    rng = random.Random(seed)
    body = WIRES[wire][1]([Writer(rng).write(doc).encode() for doc in docs])
    for most in (1, 7, 60, 4000):
        check(body, WIRES[wire], cut(body, rng, most), rng.choice([8, 16, 40]))


@deep.examples(200)
@given(st.lists(shaped, min_size=1, max_size=2), st.integers(0, 2**32), st.sampled_from(sorted(WIRES)))
def test_a_body_that_breaks_off_or_is_broken_reads_the_same(docs: list[Any], seed: int, wire: str) -> None:
    rng = random.Random(seed)
    body = WIRES[wire][1]([Writer(rng).write(doc).encode() for doc in docs])
    cut_off = body[: rng.randrange(len(body) + 1)]
    check(cut_off, WIRES[wire], cut(cut_off, rng, 20))
    at = rng.randrange(len(body))
    broken = body[:at] + rng.choice([b'"', b"\\", b"}", b"\n", b"\xff", b"\r\n\r\n"]) + body[at + 1 :]
    check(broken, WIRES[wire], cut(broken, rng, 20))


# ---------------------------------------------------------------- one by one

PICTURE = bytes(range(256)) * 3
TEXT = base64.b64encode(PICTURE).decode()
URL_SAFE = TEXT.replace("+", "-").replace("/", "_")


def every_cut(body: bytes) -> Iterator[list[bytes]]:
    for at in range(len(body) + 1):
        yield [body[:at], body[at:]]
        yield [body[:at], body[at : at + 1], body[at + 1 :]]
    yield [body[i : i + 1] for i in range(len(body))]


@pytest.mark.deep
@pytest.mark.parametrize(
    "doc",
    [
        {"url": f"data:image/png;base64,{TEXT}"},
        {"url": TEXT},
        {"parts": [{"mime": "x", "data": TEXT}]},
        {"images": ["small", "x"], "url": URL_SAFE},
        {"images": [TEXT, TEXT, URL_SAFE]},
        {"item": {"type": "picture", "result": TEXT.rstrip("=")}},
        {"item": {"result": TEXT + "QQ==", "type": "picture"}},
    ],
)
@pytest.mark.parametrize("wire", sorted(WIRES))
def test_cut_anywhere_it_arrives_as_bytes(doc: Any, wire: str) -> None:
    body = WIRES[wire][1]([json.dumps(doc).encode()])
    cuts = [*every_cut(body)]
    for pieces in deep.share(cuts, 6, body):
        check(body, WIRES[wire], pieces)
    in_the_middle = check(body, WIRES[wire], cuts[len(body)])
    assert all(piece.startswith(PICTURE) for piece in in_the_middle)


def with_text(doc: str, text: str = TEXT) -> str:
    """doc with text for each @."""
    return doc.replace("@", text)


def arrived_of(doc: str | bytes, long: int = 16) -> list[bytes]:
    """The bytes that took the new road, of one line in small pieces."""
    body = doc if isinstance(doc, bytes) else doc.encode()
    return check(body, WIRES["ndjson"], cut(body, random.Random(1), 50), long)


def test_what_takes_the_road() -> None:
    assert arrived_of(with_text('{"url":"data:image/png;base64,@"}')) == [PICTURE]
    assert arrived_of(with_text('{ "url"  :\t"@"}')) == [PICTURE]
    assert arrived_of(with_text('{"images": [ "@" , "#","@"]}').replace("#", URL_SAFE)) == [PICTURE] * 3
    assert arrived_of(with_text('{"url":"@"}', TEXT.replace("/", "\\/"))) == [PICTURE]
    assert arrived_of(with_text('{"url":"@"}', TEXT.replace("/", "\\u002F").replace("+", "\\u002b"))) == [PICTURE]
    assert arrived_of(with_text('{"url":"data:image\\/png;base64,@QQ\\u003d\\u003d"}')) == [PICTURE + b"A"]
    assert arrived_of(with_text('{"url":"@QR=="}')) == [PICTURE + b"A"], "bits that mean nothing"
    assert arrived_of(with_text('{"url":"@QQ"}')) == [PICTURE + b"A"], "padding left out"


def test_what_looks_like_media_and_is_text_stays_text() -> None:
    for doc in (
        '{"text":"@"}',  # another key
        '{"args":{"url":"@"}}',  # the key somewhere else
        '{"text":"{\\"url\\":\\"@\\"}"}',  # JSON in a string
        '{"x\\"url":"@"}',  # a key that ends like it
        '{"url":["@"]}',
        '{"item":{"type":"other","result":"@"}}',
        '{"url":"@","url":"short"}',  # said again
        '{"url":"@!"}',
        '{"url":"@==="}',
        '{"url":"@A"}',  # one character too many
        '{"url":"@\\n"}',
        '{"url":"QQ==@"}',
        '{"url":"+-+-@"}',  # two alphabets in one place
        '{"url":"data:text/plain,@"}',
    ):
        assert arrived_of(with_text(doc)) == [], doc


def test_a_line_that_ends_inside_of_a_string_is_over_at_once() -> None:
    media = MediaFramer(SSEFramer(MIB), PLACES, 16)
    out: list[Frame] = []
    for piece in (b'data: {"url":"', TEXT.encode(), b"\n\n"):
        media.feed(piece, out)
    assert out == [("", b'{"url":"' + TEXT.encode())]


def test_a_mark_of_the_server_s_own_is_text() -> None:
    doc = '{"url":"@","text":"<768 bytes 0123456789abcdef.0>"}'
    assert arrived_of(with_text(doc)) == [PICTURE]


def test_the_frame_shows_how_many_bytes_there_were() -> None:
    media = MediaFramer(NDJSONFramer(MIB), PLACES, 16)
    out: list[Frame] = []
    for piece in cut(b'{"url":"data:image/png;base64,%b","n":1}\n' % TEXT.encode(), random.Random(1), 50):
        media.feed(piece, out)
    ((_, payload),) = out
    (mark,) = media.arrived
    assert _a_mark.fullmatch(mark)
    assert mark.startswith("<768 bytes ")
    assert _json.loads(payload) == {"url": f"data:image/png;base64,{mark}", "n": 1}


def test_a_picture_sent_twice_is_kept_once() -> None:
    framer = MediaFramer(NDJSONFramer(MIB), PLACES, 16)
    found: list[bytes] = []
    other = base64.b64encode(PICTURE[:700] + b"another end").decode()
    for text in (TEXT, TEXT, TEXT[:-4], other, TEXT + "QUJD"):
        for piece in cut(b'{"url":"%b"}\n' % text.encode(), random.Random(2), 60):
            out: list[Frame] = []
            framer.feed(piece, out)
            if out:
                found += [media.take() for media in framer.arrived.values()]
                assert [media.text() for media in framer.arrived.values()] == [text]
    assert found == [PICTURE, PICTURE, PICTURE[:-3], PICTURE[:700] + b"another end", PICTURE + b"ABC"]
    assert found[0] is found[1]


@pytest.mark.parametrize("wire", sorted(WIRES))
@pytest.mark.parametrize("escape", [False, True])
def test_the_cap_counts_the_bytes_that_came(wire: str, escape: bool) -> None:
    text = (TEXT * 4).replace("/", "\\/" if escape else "/")
    for tail in ('"}', '!"}', '","text":"%s"}' % ("long " * 300)):
        doc = b'{"url":"%b%b' % (text.encode(), tail.encode())
        body = WIRES[wire][1]([b'{"n":1}', doc, b'{"n":2}'])
        size = len(body) if wire == "whole" else len(doc)
        limits = range(size - 3, size + (100 if wire.startswith("sse") else 4))  # each line of an event counts for more
        for limit in limits:
            assert fails(body, WIRES[wire], limit, media=True) == fails(body, WIRES[wire], limit, media=False), limit
        assert fails(body, WIRES[wire], limits[0], media=True)
        assert not fails(body, WIRES[wire], limits[-1], media=True)


def fails(body: bytes, wire: Wire, limit: int, *, media: bool) -> bool:
    try:
        pieces = cut(body, random.Random(3), 1 if isinstance(wire[0](limit), JSONArrayFramer) else 90)
        frames = by_media(wire[0](limit), pieces)[0] if media else plain(wire[0](limit), pieces)
    except TooLargeError:
        return True
    assert len(frames) == (1 if wire[0] is WholeBody else 3)
    return False


def test_memory_is_the_decoded_size_and_a_little() -> None:
    size = 8 * MIB
    piece = base64.b64encode(bytes(range(256)) * 768)  # 192 KiB
    pieces = [b'{"url":"data:image/png;base64,', *[piece] * (size // (192 * 1024)), b'"}\n']
    media = MediaFramer(NDJSONFramer(64 * MIB), PLACES)
    out: list[Frame] = []
    tracemalloc.start()
    try:
        for data in pieces:
            media.feed(data, out)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    (found,) = media.arrived.values()
    assert len(found.data) == len(pieces[1]) * (len(pieces) - 2) * 3 // 4
    assert peak <= 1.3 * len(found.data)
