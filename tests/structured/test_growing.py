"""A JSON object that is still being written: what shows is certain, and grows to the whole."""

import json
from typing import Any, cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aikido_llm.structured.growing import GrowingObject

values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
    max_leaves=12,
)


def is_part_of(part: object, whole: object) -> bool:
    """Strings are prefixes (in UTF-16, where a surrogate pair may be cut), the rest is equal as far as it goes."""
    if isinstance(part, dict) and isinstance(whole, dict):
        inner, outer = cast("dict[str, object]", part), cast("dict[str, object]", whole)
        return all(key in outer and is_part_of(value, outer[key]) for key, value in inner.items())
    if isinstance(part, list) and isinstance(whole, list):
        items, others = cast("list[object]", part), cast("list[object]", whole)
        return len(items) <= len(others) and all(map(is_part_of, items, others))
    if isinstance(part, str) and isinstance(whole, str):
        return utf16(whole).startswith(utf16(part))
    return part == whole


def utf16(text: str) -> bytes:
    return text.encode("utf-16-be", "surrogatepass")


@given(st.dictionaries(st.text(max_size=5), values, max_size=4), st.booleans(), st.sampled_from([None, 2]))
def test_what_shows_is_part_of_the_whole_and_becomes_it(whole: dict[str, Any], ascii: bool, indent: int | None) -> None:
    growing = GrowingObject()
    for char in json.dumps(whole, ensure_ascii=ascii, indent=indent):
        growing.feed(char)
        assert is_part_of(growing.value, whole)
    assert growing.value == whole


@settings(deadline=None)
@given(st.dictionaries(st.text(max_size=5), values, max_size=4), st.lists(st.integers(1, 40), min_size=1, max_size=9))
def test_pieces_of_any_length_give_the_same(whole: dict[str, Any], cuts: list[int]) -> None:
    text = json.dumps(whole)
    growing, letter_by_letter, seen = GrowingObject(), GrowingObject(), 0
    for length in cuts * (len(text) // sum(cuts) + 1):
        piece = text[seen : seen + length]
        growing.feed(piece)
        for char in piece:
            letter_by_letter.feed(char)
        seen += length
        assert growing.value == letter_by_letter.value
    assert growing.value == whole


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("", {}),
        ('{"a": "hel', {"a": "hel"}),
        ('{"a": "x\\', {"a": "x"}),
        ('{"a": "x\\u00e', {"a": "x"}),
        ('{"a": 12', {}),
        ('{"a": 12,', {"a": 12}),
        ('{"a": tru', {}),
        ('{"a": [1, {"b": "c', {"a": [1, {"b": "c"}]}),
        ('{"a": 1, "b', {"a": 1}),
        ('{"a": 1, "b": ', {"a": 1}),
        ("no JSON at all", {}),
        ('["a", "list"]', {}),
        ('{"a": 1} and more', {"a": 1}),
        ('{"a": 1, "a": [2', {"a": []}),
        ('{"a": {"b": 1, "c" 2}, "d": 3}', {"a": {"b": 1}}),
        ('{"a": "\\ud83d\\ude00\\ud83d', {"a": "\U0001f600"}),
        ('{"a": "x\\q", "b": 1}', {"a": "x"}),
        ('{"a": "1" "2"}', {"a": "1"}),
        ('{"a": [1], ]', {"a": [1]}),
        ('{"a\\u0041\\"": 1, "b', {'aA"': 1}),
        ('{"a": ' + "[" * 2000, None),
    ],
)
def test_shown_so_far(text: str, shown: dict[str, Any] | None) -> None:
    growing = GrowingObject()
    growing.feed(text)
    assert shown is None or growing.value == shown
    letter_by_letter = GrowingObject()
    for char in text:
        letter_by_letter.feed(char)
    assert letter_by_letter.value == growing.value


def test_each_partial_object_is_its_own_and_shares_what_is_whole() -> None:
    growing = GrowingObject()
    growing.feed('{"a": [{"b": "c"}, {"d": "')
    first = growing.partial()
    growing.feed('e"}, 1')
    second = growing.partial()
    assert first == {"a": [{"b": "c"}, {"d": ""}]}
    assert second == {"a": [{"b": "c"}, {"d": "e"}]}
    assert first is not None
    assert second is not None
    assert first["a"][0] is second["a"][0]
    assert growing.partial() is None, "nothing has come since"
    growing.feed(" ")
    assert growing.partial() == {"a": [{"b": "c"}, {"d": "e"}, 1]}


def test_of_a_long_list_not_every_growth_is_copied_and_the_last_one_is() -> None:
    growing = GrowingObject()
    growing.feed('{"a": [')
    shown = [partial for number in range(5000) for partial in _fed(growing, f"{number}, ")]
    growing.feed("5000")
    growing.feed("]}")
    assert 300 < len(shown) < 2000
    assert [len(partial["a"]) for partial in shown[:200]] == list(range(1, 201))
    assert growing.partial(last=True) == {"a": list(range(5001))}


def _fed(growing: GrowingObject, text: str) -> list[dict[str, Any]]:
    growing.feed(text)
    partial = growing.partial()
    return [] if partial is None else [partial]
