"""Values that are filled without checks are what the class itself makes of the same parts."""

import copy
import pickle
from typing import Any

import pytest
from attrs import evolve, exceptions, field, frozen

import aikido_llm as llm
from aikido_llm.types.request import with_messages
from aikido_llm.types.response import with_facts
from aikido_llm.types.unchecked import Unchecked
from aikido_llm.types.usage import USAGES

RESPONSE = llm.Response("hi", model="m", raw={"a": 1}, headers={"x": "y"}, usage=llm.Usage(1, 2))


@frozen
class Point:
    x: int = field(default=0)
    _y: int = 0


def test_it_is_what_the_class_makes() -> None:
    made = Unchecked(Point).of((1, 2))
    assert type(made) is Point
    assert made == Point(1, 2)
    assert hash(made) == hash(Point(1, 2))
    assert repr(made) == repr(Point(1, 2))
    assert pickle.loads(pickle.dumps(with_facts(RESPONSE, id="1"))) == evolve(RESPONSE, id="1")
    assert copy.copy(USAGES.of((1, 2, None, None, None, None, None))) == llm.Usage(1, 2)


def test_it_is_frozen() -> None:
    made: Any = Unchecked(Point).of((1, 2))
    for name in ("x", "z"):
        with pytest.raises(exceptions.FrozenInstanceError):
            setattr(made, name, 3)
    with pytest.raises(exceptions.FrozenInstanceError):
        del made.x


def test_the_same_with_other_facts() -> None:
    other = with_facts(RESPONSE, route=(llm.Hop("a"),), _headers={"z": "1"})
    assert other == RESPONSE, "== leaves out both"
    assert (other.route, other.headers, other.raw, other.text) == ((llm.Hop("a"),), {"z": "1"}, {"a": 1}, "hi")
    assert (RESPONSE.route, RESPONSE.headers) == ((), {"x": "y"})
    asked = llm.Request("hi", model="m", max_tokens=3)
    assert with_messages(asked, (llm.user("ho"),)) == llm.Request("ho", model="m", max_tokens=3)


def test_by_name_as_the_class_takes_them() -> None:
    made = Unchecked(llm.Response).by(text="hi", model="m", raw={"a": 1}, headers={"x": "y"}, usage=llm.Usage(1, 2))
    assert type(made) is llm.Response
    assert (made, made.raw, made.headers) == (RESPONSE, {"a": 1}, {"x": "y"})
    one, other = Unchecked(llm.Response).by(), Unchecked(llm.Response).by()
    assert one == llm.Response()
    assert one.provider_data is not other.provider_data
    with pytest.raises(TypeError, match="text"):
        Unchecked(llm.TextPart).by()
    with pytest.raises(TypeError, match="off"):
        Unchecked(Point).by(off=1)


@pytest.mark.parametrize("values", [(1,), (1, 2, 3)])
def test_all_values_or_none(values: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="values to unpack"):
        Unchecked(Point).of(values)


def test_it_has_nothing_else() -> None:
    assert not hasattr(Unchecked(Point), "off")
