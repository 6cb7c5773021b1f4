"""A value that is made when it is first asked for."""

import copy
import pickle

from aikido_llm import serialize
from aikido_llm.types.response import Response
from aikido_llm.types.unread import Unread, value_of


def test_it_is_made_once_and_only_when_asked_for() -> None:
    made: list[int] = []

    def make() -> list[int]:
        made.append(1)
        return made

    held = Unread(make)
    assert made == []
    assert value_of(held) is value_of(held) is made
    assert made == [1]
    assert value_of("plain") == "plain"


def test_a_response_that_holds_one_is_copied_and_pickled_as_any_other() -> None:
    response = Response("a", raw=Unread(lambda: {"b": 1}))
    assert pickle.loads(pickle.dumps(response)).raw == {"b": 1}
    assert copy.deepcopy(response).raw == {"b": 1}
    assert Response("a", raw={"b": 1}).raw == {"b": 1}
    assert Response("a").raw is None


def test_it_equals_what_it_will_be() -> None:
    """So that what is the default is left out where it is written."""
    assert Unread(dict[str, str]) == {}
    assert Unread(lambda: {"a": 1}) == Unread(lambda: {"a": 1})
    assert Unread(lambda: {"a": 1}) != {"a": 2}
    assert "headers" not in serialize.to_dict(Response("x", headers=Unread(dict[str, str])))
