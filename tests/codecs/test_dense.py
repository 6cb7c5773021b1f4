"""Large JSON of many small values: what nobody reads is left as its text, and nothing else is touched."""

import json
import tracemalloc
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aikido_llm.codecs import dense
from aikido_llm.codecs.dense import DenseError, bounded, is_dense, values
from aikido_llm.dialects.values import as_list, as_object
from tests.wire import lengths

MIB = 1 << 20
MOST = 64 * MIB
UNITS = (
    b"{},",
    b"[],",
    b"[[[1]]],",
    b'{"a":1},',
    b'"ab",',
    b"12,",
    b"1.5,",
    b'{"k": "\\"\\u00e9\\\\", "n": [1, 2]},',
    b"{},\n\t",
)


def filled(unit: bytes, size: int) -> bytes:
    return b"[" + unit * (size // len(unit)) + b"1]"


@pytest.mark.parametrize("unit", UNITS, ids=str)
def test_what_nobody_reads_is_left_as_text_and_takes_its_size(unit: bytes) -> None:
    value = filled(unit, 3 * MIB)
    data = b'{"id": "x", "z": ' + value + b', "read": {"list": [1, {"a": "b"}]}}'
    assert is_dense(values(data), len(data))
    tracemalloc.start()
    try:
        less = bounded(data, (), {"read"}, MOST)
        seen: dict[str, Any] = json.loads(less)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert seen["id"] == "x"
    assert seen["read"] == {"list": [1, {"a": "b"}]}
    assert seen["z"].keys() == {dense.UNBUILT}
    assert json.loads(seen["z"][dense.UNBUILT]) == json.loads(value)
    assert peak < 5 * len(data)


def test_what_is_read_is_whole_and_what_stands_inside_of_it_unread_is_not() -> None:
    inner = filled(b'{"a":1},', 2 * MIB)
    data = b'{"open": [{"read": ' + inner + b', "z": ' + inner * 1 + b'}, {"z": ' + filled(b"{},", 12 * MIB) + b"}]}"
    seen = json.loads(bounded(data, {"open"}, {"read"}, 400 * MIB))
    first, second = seen["open"]
    assert first["read"] == json.loads(inner)
    assert first["z"] == json.loads(inner), "there is room for so much"
    assert second["z"].keys() == {dense.UNBUILT}


def test_what_is_read_has_a_bound_too() -> None:
    data = b'{"read": ' + filled(b"{},", 8 * MIB) + b"}"
    with pytest.raises(DenseError):
        bounded(data, (), {"read"}, MOST)
    assert bounded(data, (), {"read"}, 1024 * MIB) is data


def test_texts_are_not_values() -> None:
    text = json.dumps({"read": "a, b, [c], {d}, " * MIB, "z": "x, y, " * MIB}).encode()
    assert is_dense(values(text), len(text))
    assert bounded(text, (), {"read"}, MOST) is text


def test_what_is_small_or_not_dense_needs_nothing() -> None:
    assert not is_dense(1 << 20, MIB)
    assert not is_dense(1000, 64 * MIB)
    assert is_dense(8 * MIB, 8 * MIB)


@pytest.mark.parametrize(
    "broken", [b'{"z": [', b'{"z": [{},', b'{"z" 1}', b"", b"  ", b'{"z": [NaN, 1]}', b"[1]]", b"[" * 5000]
)
def test_what_is_no_json_is_for_the_reader_to_say(broken: bytes) -> None:
    assert bounded(broken, (), (), MOST) is broken


def test_a_large_one_that_is_no_json_is_not_parsed_in_vain() -> None:
    for begin in (b'{"z": [', b'{"n": NaN, "z": ['):
        with pytest.raises(DenseError):
            bounded(begin + b"{}," * (8 * MIB // 3), (), (), MOST)


def test_many_members_are_not_looked_at_one_by_one() -> None:
    members = b",".join(b'"k%d":{}' % n for n in range(600_000))
    with pytest.raises(DenseError):
        bounded(b"{" + members + b"}", (), (), MIB)
    assert bounded(b"{" + members + b"}", (), (), 1024 * MIB)[-1:] == b"}"


# ---------------------------------------------------------------- counted while it comes


def counted(pieces: list[bytes]) -> int:
    counter = dense.Counter()
    return sum(counter.feed(piece) for piece in pieces)


def outside(value: Any) -> int:
    """Objects, lists, and what stands behind a comma."""
    items = [*as_object(value).values(), *as_list(value)]
    return isinstance(value, dict | list) + max(0, len(items) - 1) + sum(outside(item) for item in items)


JSON_VALUES = st.recursive(
    st.none() | st.integers(0, 99) | st.text('",[{}\\\n\r\t aé\0', max_size=30),
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(st.text('",[{\\b', max_size=5), inner, max_size=4),
    max_leaves=20,
)


@given(JSON_VALUES, st.lists(st.integers(0, 40), max_size=30), st.booleans())
def test_no_value_is_missed_however_the_bytes_are_cut(value: Any, sizes: list[int], pretty: bool) -> None:
    text = json.dumps(value, indent=1 if pretty else None).encode()
    for before in (b"", b"\n", b'data: "half\ndata: ', b'\0"'):
        data = before + text
        assert outside(value) <= counted(list(lengths(data, sizes))) <= values(data)


@pytest.mark.parametrize("text", ["a, b, {c}, [d]. ", 'she said "no, [no]", ', "\\, ", '\\", ', "{'a': 1,\n"])
def test_what_fills_a_piece_and_is_one_text_does_not_count(text: str) -> None:
    data = json.dumps({"z": [{}, {}, text * 20_000]}).encode()
    pieces = list(lengths(data, [1000] * (len(data) // 1000)))
    assert counted(pieces) <= 4 + values(pieces[0]) + values(pieces[-1])


def test_bytes_that_are_no_text_all_count_and_so_do_those_behind_what_nobody_saw() -> None:
    counter = dense.Counter()
    counter.lost()
    assert counter.feed(b"x, y, z") == 2
    assert counter.feed(b'"') == 0
    assert counter.feed(b"x, y, z") == 2
    assert counter.feed(b'\n{"a":"') == 1
    assert counter.feed(b"x, y, z") == 0
    assert counter.feed(b"\0") == 0
    assert counter.feed(b'\n{"a":"') == 1
    assert counter.feed(b"x, y, z") == 2
