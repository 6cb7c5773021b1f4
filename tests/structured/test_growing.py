"""A JSON object that is still being written: what shows is certain, and grows to the whole."""

import json
from typing import Any, cast

import pytest
from hypothesis import given
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
    ],
)
def test_shown_so_far(text: str, shown: dict[str, Any]) -> None:
    growing = GrowingObject()
    growing.feed(text)
    assert growing.value == shown
