"""The framer for a JSON list that is sent bit by bit: any cut gives the same frames, in time linear in the bytes."""

import json
import random
import time

import pytest

from aikido_llm.errors import TooLargeError
from aikido_llm.framing import STRAY, WHOLE, Frame
from aikido_llm.framing.json_array import JSONArrayFramer

MIB = 1024 * 1024


def framed(body: bytes, size: int | None = None, *, cap: int = MIB, body_cap: int = MIB) -> list[Frame]:
    framer = JSONArrayFramer(cap, body_cap)
    out: list[Frame] = []
    for at in range(0, len(body), size or max(len(body), 1)):
        framer.feed(body[at : at + (size or len(body))], out)
    framer.close(out)
    return out


ELEMENTS = [
    b'{"a": "}]{["}',
    b'{"a": "say \\"hi\\", \\\\"}',
    b'{"a": "\\\\\\\\", "b": [[], {"c": "\\\\\\""}]}',
    '{"a": "grüße \U0001f600 \u2028"}'.encode(),
    b"{}",
    b"[1, [2]]",
    b'{"long": "' + b"x" * 300 + b'\\"' + b"y" * 300 + b'"}',
]
LIST = b"[" + b"\n,\r\n".join(ELEMENTS) + b"\n]"


def test_each_element_is_a_frame() -> None:
    assert framed(LIST) == [("", element) for element in ELEMENTS]


def test_as_google_prints_it() -> None:
    body = b'[{\n  "a": 1\n}\n,\r\n{\n  "b": "]"\n}\n]'
    assert [json.loads(payload) for _, payload in framed(body)] == [{"a": 1}, {"b": "]"}]


@pytest.mark.parametrize("size", range(1, 40))
def test_pieces_of_any_size_give_the_same_frames(size: int) -> None:
    assert framed(LIST, size) == framed(LIST)


def test_cut_at_every_offset() -> None:
    whole = framed(LIST)
    for at in range(len(LIST)):
        framer = JSONArrayFramer(MIB, MIB)
        out: list[Frame] = []
        framer.feed(LIST[:at], out)
        framer.feed(LIST[at:], out)
        framer.close(out)
        assert out == whole, at


def test_an_unfinished_list_leaves_a_frame_that_is_no_json() -> None:
    for at in range(1, len(LIST)):
        *done, (name, rest) = framed(LIST[:at])
        assert name == ""
        assert rest.startswith(b"[")
        assert done == [("", element) for element in ELEMENTS[: len(done)]]
        with pytest.raises(ValueError, match=r"."):
            json.loads(rest)


def test_an_element_comes_out_with_its_last_bracket() -> None:
    framer = JSONArrayFramer(MIB, MIB)
    out: list[Frame] = []
    framer.feed(b'[{"a": 1}', out)
    assert out == [("", b'{"a": 1}')]


@pytest.mark.parametrize("size", [1, 3, None])
@pytest.mark.parametrize("body", [b'  {"error": {"code": 503}}\n', b"<html>[no]</html>", b'"text"', b"null"])
def test_a_body_that_is_no_list_is_one_whole_frame(body: bytes, size: int | None) -> None:
    assert framed(body, size) == [(WHOLE, body.lstrip())]


@pytest.mark.parametrize("body", [b"", b" \r\n", b"\xef\xbb"])
def test_nothing_is_a_whole_frame_without_an_answer(body: bytes) -> None:
    ((name, payload),) = framed(body, 1)
    assert name == WHOLE
    assert payload in (b"", body)


@pytest.mark.parametrize("size", [1, 2, None])
def test_a_byte_order_mark_and_blanks_in_front(size: int | None) -> None:
    assert framed(b"\xef\xbb\xbf \n[{}]", size) == [("", b"{}")]


@pytest.mark.parametrize("size", [1, 7, None])
def test_what_follows_the_list_is_stray(size: int | None) -> None:
    assert framed(b'[{}]\n{"error": {}}\n', size) == [("", b"{}"), (STRAY, b'{"error": {}}')]


@pytest.mark.parametrize("size", [1, 7, None])
def test_scalars_between_elements_are_passed_over(size: int | None) -> None:
    assert framed(b'[1, "a]b", null, {"a": 1}, true]', size) == [("", b'{"a": 1}')]


def test_the_caps() -> None:
    with pytest.raises(TooLargeError) as caught:
        framed(b'[{"a": "' + b"x" * 200, 50, cap=100)
    assert (caught.value.cap, caught.value.limit) == ("event_bytes", 100)
    with pytest.raises(TooLargeError) as caught:
        framed(b'{"a": "' + b"x" * 200, 50, body_cap=100)
    assert (caught.value.cap, caught.value.limit) == ("body_bytes", 100)
    assert len(framed(b"[" + b'{"a": "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"},' * 50 + b"{}]", 50, cap=100)) == 51


def test_random_json_in_random_pieces() -> None:
    rng = random.Random(5)
    for _ in range(200):
        elements = [{"k": ["".join(rng.choices('"\\{}[]a\u00e4\n', k=rng.randrange(30)))]} for _ in range(4)]
        body = json.dumps(elements, indent=rng.choice((None, 2)), ensure_ascii=rng.random() < 0.5).encode()
        frames = framed(body, rng.randrange(1, 20))
        assert [json.loads(payload) for _, payload in frames] == elements


@pytest.mark.parametrize("filler", [b"A", b'\\"', b"\\\\", b"\\n"], ids=repr)
def test_a_long_string_takes_linear_time(filler: bytes) -> None:
    """Twice the bytes take about twice the time; a framer that searches again would take four times."""

    def seconds(mib: int) -> float:
        body = b'[{"data": "' + filler * (mib * MIB // len(filler)) + b'"}]'
        best = 60.0
        for _ in range(3):
            start = time.process_time()
            assert len(framed(body, 16_384, cap=64 * MIB)) == 1
            best = min(best, time.process_time() - start)
        return best

    assert seconds(2) < 3.5 * seconds(1) + 0.01
