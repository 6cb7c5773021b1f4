"""Shapes are told by the class and the field, and a value is never repeated."""

from typing import Any

import pytest
from attrs import field, frozen

from aikido_llm.errors import InvalidRequestError
from aikido_llm.types.checks import at_least, each, listed, mapping, of, one_of, strings


@frozen
class Shape:
    text: Any = field(default="", validator=of(str))
    number: Any = field(default=None, validator=of(float, type(None)))
    count: Any = field(default=None, validator=at_least(2))
    word: Any = field(default="a", validator=one_of("a", "b", None))
    items: Any = field(default=(), validator=each(int))


@pytest.mark.parametrize(
    "fields",
    [{"text": "x"}, {"number": 1}, {"number": 1.5}, {"number": None}, {"count": 2}, {"word": None}, {"items": (1, 2)}],
)
def test_what_fits_is_taken(fields: dict[str, Any]) -> None:
    assert Shape(**fields)


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({"text": b"x"}, "Shape.text takes text, not bytes"),
        ({"number": True}, "Shape.number takes a number or None, not True or False"),
        ({"number": float("inf")}, "Shape.number takes a finite number"),
        ({"count": 1}, "Shape.count is a whole number from 2 on"),
        ({"count": 2.0}, "Shape.count takes an int or None, not a number"),
        ({"word": "c"}, "Shape.word is one of a, b, None, not 'c'"),
        ({"word": 1}, "Shape.word is one of a, b, None, not int"),
        ({"items": ("x",)}, "Shape.items takes a list of an int, not an item that is text"),
    ],
)
def test_what_does_not_fit_is_told(fields: dict[str, Any], told: str) -> None:
    with pytest.raises(InvalidRequestError) as caught:
        Shape(**fields)
    assert caught.value.message == told


def test_the_value_is_not_repeated() -> None:
    with pytest.raises(InvalidRequestError) as caught:
        Shape(number="sk-a-key-in-the-wrong-place")
    assert "sk-a" not in str(caught.value)


def test_lists_and_mappings() -> None:
    assert listed(None, "x") == ()
    assert listed([1], "x") == (1,)
    assert strings("a", "x") == ("a",)
    assert mapping(None, "x") == {}
    wrongs: tuple[Any, ...] = ("text", b"bytes", {"a": 1}, 5)
    for wrong in wrongs:
        with pytest.raises(InvalidRequestError, match="x takes a list"):
            listed(wrong, "x")
