"""Objects over objects: the one merge of `extra`."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aikido_llm.codecs.plain import OMIT
from aikido_llm.errors import InvalidRequestError
from aikido_llm.types.extra import EACH, layered, merged

TOOLS = frozenset({("tools",), ("tools", EACH, "functions"), ("include",)})

jsons: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text("ab", max_size=1), inner, max_size=3),
    max_leaves=10,
)
objects = st.dictionaries(st.text("ab", max_size=2), jsons, max_size=4)


OBJECTS: list[tuple[Any, Any, Any]] = [
    ({"a": {"b": {"c": 1}}}, {"a": {"b": {"d": 2}}}, {"a": {"b": {"c": 1, "d": 2}}}),
    ({"a": {"b": 1}}, {"a": 2}, {"a": 2}),
    ({"a": 1}, {"a": {"b": 2}}, {"a": {"b": 2}}),
    ({"a": 1}, {"a": None}, {"a": None}),
    ({"a": [1]}, {"a": [2]}, {"a": [2]}),
    ({"a": 1, "b": 2}, {"a": OMIT}, {"b": 2}),
    ({"a": {"b": 1, "c": 2}}, {"a": {"b": OMIT}}, {"a": {"c": 2}}),
    ({"a": {"b": 1}}, {"a": {"b": OMIT}}, {"a": {}}),
    ({}, {"a": OMIT}, {}),
    ({}, {"a": {"b": OMIT}, "c": {}}, {"c": {}}),
    ({}, {"a": {"b": OMIT, "c": [{"d": OMIT}]}}, {"a": {"c": [{}]}}),
    ({"a": 1}, {"a": {"b": OMIT}}, {"a": 1}),
]


@pytest.mark.parametrize(("body", "extra", "sent"), OBJECTS)
def test_objects_key_by_key(body: dict[str, Any], extra: dict[str, Any], sent: dict[str, Any]) -> None:
    assert merged(body, extra) == sent


LISTS: list[tuple[Any, Any, Any]] = [
    ([{"name": "f"}], [{"type": "search"}], [{"name": "f"}, {"type": "search"}]),
    ([{"name": "f", "a": 1}], [{"name": "f", "b": 2}], [{"name": "f", "b": 2}]),
    ([{"type": "search", "a": 1}], [{"type": "search"}], [{"type": "search"}]),
    ([{"type": "search", "name": "x"}], [{"type": "search", "name": "y"}], None),
    ([{"type": "function", "function": {"name": "f"}}], [{"type": "function", "function": {"name": "g"}}], None),
    (
        [{"type": "function", "function": {"name": "f", "a": 1}}, {"name": "g"}],
        [{"type": "function", "function": {"name": "f"}}],
        [{"type": "function", "function": {"name": "f"}}, {"name": "g"}],
    ),
    ([{"functions": [{"name": "f"}]}], [{"search": {}}], None),
    (
        [{"functions": [{"name": "f"}]}],
        [{"functions": [{"name": "g"}]}],
        [{"functions": [{"name": "f"}, {"name": "g"}]}],
    ),
    ([{"name": "f"}], [{"name": "g", "strict": OMIT}], [{"name": "f"}, {"name": "g"}]),
    (({"name": "f"},), ({"name": "g"},), [{"name": "f"}, {"name": "g"}]),
    ([{"name": "f"}], [3, [4]], [{"name": "f"}, 3, [4]]),
    ([{"name": "f"}], "all", "all"),
    ([{"name": "f"}], [], [{"name": "f"}]),
]


@pytest.mark.parametrize(("below", "above", "joined"), LISTS)
def test_lists_join_where_the_dialect_says_so(below: Any, above: Any, joined: Any) -> None:
    """None: both, one behind the other."""
    both = [*below, *above] if joined is None else joined
    assert merged({"tools": below}, {"tools": above}, TOOLS) == {"tools": both}
    assert merged({"elsewhere": below}, {"elsewhere": [1]}, TOOLS) == {"elsewhere": [1]}


def test_words_join_once() -> None:
    assert merged({"include": ["a", "b"]}, {"include": ["b", "c"]}, TOOLS) == {"include": ["a", "b", "c"]}


def test_omit_is_no_entry_of_a_list() -> None:
    for extra in ({"tools": [OMIT]}, {"a": {"b": [[OMIT]]}}):
        with pytest.raises(InvalidRequestError, match="OMIT takes out a field of an object"):
            merged({"tools": []}, extra, TOOLS)


def test_what_is_nested_too_deep() -> None:
    endless: dict[str, Any] = {}
    endless["a"] = endless
    for merge in (merged, layered):
        with pytest.raises(InvalidRequestError, match="nested too deep"):
            merge(endless, endless)


def test_a_layer_keeps_omit_for_what_comes_under_both() -> None:
    client = {"stream_options": OMIT, "a": {"b": OMIT, "c": 1}}
    both = layered(client, {"a": {"c": OMIT}})
    assert both == {"stream_options": OMIT, "a": {"b": OMIT, "c": OMIT}}
    assert merged({"stream_options": {}, "a": {"b": 1, "c": 2, "d": 3}}, both) == {"a": {"d": 3}}
    assert layered(client, {"stream_options": {"x": 1}})["stream_options"] == {"x": 1}


@given(objects, objects)
def test_a_merge_changes_nothing_and_is_done_once(body: Any, extra: Any) -> None:
    before = repr((body, extra))
    once = merged(body, extra)
    assert merged(once, extra) == once
    assert merged(body, {}) == body
    assert merged({}, body) == body
    assert repr((body, extra)) == before
