import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aikido_llm.dialects.restated import grows
from aikido_llm.dialects.toolcalls import (
    ToolCalls,
    arguments_json,
    arguments_object,
    arguments_text,
    made_id,
    whole_arguments,
)
from aikido_llm.errors import MalformedStream
from aikido_llm.types.events import Event, ToolCallDelta, ToolCallEvent, ToolCallStart
from aikido_llm.types.response import FinishReason
from aikido_llm.types.tools import ToolCall
from tests.wire import check_calls

# (key, id, name, arguments) as they come
Fragment = tuple[int | None, str | None, str | None, str | None]


def assembled(*fragments: Fragment, cut: bool = False, seed: str = "seed") -> list[tuple[str, str, str]]:
    """(id, name, arguments) of the finished calls; the events must obey the grammar."""
    calls, out = feed(*fragments, seed=seed)
    calls.finish(out, cut=cut)
    check_calls(out, may_be_open=cut)
    return [(call.id, call.name, call.arguments) for call in calls.finished]


def feed(*fragments: Fragment, seed: str = "seed") -> tuple[ToolCalls, list[Event]]:
    calls = ToolCalls(seed)
    out: list[Event] = []
    for key, id, name, arguments in fragments:
        calls.delta(out, key, id, name, arguments)
    return calls, out


def test_the_normal_shape_start_pieces_end() -> None:
    calls, out = feed((0, "a", "f", ""), (0, None, None, '{"x"'), (0, None, None, ":1}"))
    assert out == [ToolCallStart(0, "a", "f"), ToolCallDelta(0, '{"x"'), ToolCallDelta(0, ":1}")]
    calls.finish(out)
    assert out[-1] == ToolCallEvent(0, ToolCall("a", "f", '{"x":1}'))


def test_a_whole_call_in_one_delta() -> None:
    assert assembled((0, "a", "f", '{"x":1}'), (1, "b", "g", "{}")) == [("a", "f", '{"x":1}'), ("b", "g", "{}")]


def test_no_index_the_id_tells_else_the_latest() -> None:
    assert assembled((None, "a", "f", '{"x"'), (None, None, None, ":1}")) == [("a", "f", '{"x":1}')]
    assert assembled((None, "a", "f", "{"), (None, "b", "g", "{"), (None, "a", None, "}"), (None, "b", None, "}")) == [
        ("a", "f", "{}"),
        ("b", "g", "{}"),
    ]


def test_an_index_is_an_opaque_key_that_may_start_anywhere_and_have_gaps() -> None:
    assert assembled((1, "a", "f", "{"), (7, "b", "g", "{"), (1, None, None, "}"), (7, None, None, "}")) == [
        ("a", "f", "{}"),
        ("b", "g", "{}"),
    ]


def test_a_new_id_on_a_known_index_is_a_new_call() -> None:
    assert assembled((0, "a", "f", '{"x":1}'), (0, "b", "f", '{"x":'), (0, None, None, "2}")) == [
        ("a", "f", '{"x":1}'),
        ("b", "f", '{"x":2}'),
    ]


def test_an_id_wins_over_an_index_that_is_always_the_same() -> None:
    assert assembled((0, "a", "f", "{"), (0, "b", "g", "{"), (0, "a", None, "}"), (0, "b", None, "}")) == [
        ("a", "f", "{}"),
        ("b", "g", "{}"),
    ]


@pytest.mark.parametrize("absent", [None, ""])
def test_null_and_empty_are_absent(absent: str | None) -> None:
    assert assembled((0, "a", "f", absent), (0, absent, absent, '{"x":'), (0, absent, absent, "1}")) == [
        ("a", "f", '{"x":1}')
    ]


def test_a_repeated_id_and_a_repeated_name_are_the_same_call_and_names_are_never_joined() -> None:
    assert assembled((0, "a", "f", "{"), (0, "a", "f", '"x":'), (0, "a", "f", "1}")) == [("a", "f", '{"x":1}')]
    assert assembled((None, "a", "f", "{"), (None, "a", "f", "}")) == [("a", "f", "{}")]


TOOLS = ("look", "look_up", "read_file")


@pytest.mark.parametrize(
    ("fragments", "name"),
    [
        ([(0, "a", "re", ""), (0, None, "ad_", ""), (0, None, "file", ""), (0, None, None, '{"x":1}')], "read_file"),
        ([(0, "a", "read", ""), (0, "a", "_file", '{"x":1}')], "read_file"),
        ([(0, "a", "read", ""), (0, "a", "read_file", '{"x":1}')], "read_file"),
        ([(0, "a", "read", '{"x"'), (0, None, "_file", ":1}")], "read_file"),
        ([(None, "a", "loo", None), (None, None, "k", '{"x":1}')], "look"),
        ([(0, "a", "look", ""), (0, None, "_up", ""), (0, None, None, '{"x":1}')], "look_up"),
        ([(0, "a", "look", ""), (0, None, None, '{"x":1}')], "look"),
        ([(0, "a", "look", '{"x"'), (0, "a", "look", ":1}")], "look"),
        ([(0, "a", "read", '{"x":1}')], "read"),
    ],
)
def test_a_declared_name_in_pieces_is_one_name(fragments: list[Fragment], name: str) -> None:
    calls, out = ToolCalls("seed", TOOLS), list[Event]()
    for key, id, said, arguments in fragments:
        calls.delta(out, key, id, said, arguments)
    calls.finish(out)
    check_calls(out, may_be_open=False)
    assert [(call.id, call.name, call.arguments) for call in calls.finished] == [("a", name, '{"x":1}')]
    assert [event.name for event in out if isinstance(event, ToolCallStart)] == [name]


def test_declared_names_one_behind_the_other_are_two_calls() -> None:
    for key in (0, None):
        calls, out = ToolCalls("seed", TOOLS), list[Event]()
        for name in ("look", "read_file", "look"):
            calls.delta(out, key, None, name, '{"x":1}')
        calls.finish(out)
        assert [call.name for call in calls.finished] == ["look", "read_file", "look"]


def test_a_missing_id_is_made_the_same_for_the_same_answer() -> None:
    (first, _, _), (second, _, _) = assembled((0, None, "f", "{}"), (1, "", "f", "{}"))
    assert first.startswith("call_")
    assert first != second
    assert assembled((0, "null", "f", "{}"))[0][0] == first, "the text null is no id"
    assert assembled((0, None, "f", "{}"), seed="other")[0][0] != first
    assert assembled((0, None, "f", "{}"), seed="")[0][0] != assembled((0, None, "f", "{}"), seed="")[0][0]


def test_duplicate_ids_are_made_unique_and_their_pieces_still_find_them() -> None:
    (first, _, one), (second, _, two) = assembled(
        (0, "a", "f", '{"x":'), (1, "a", "f", '{"y":'), (0, "a", None, "1}"), (1, "a", None, "2}")
    )
    assert (first, one, two) == ("a", '{"x":1}', '{"y":2}')
    assert second.startswith("call_")


def test_an_id_that_comes_late_belongs_to_the_call_that_has_begun() -> None:
    calls = assembled((0, None, "f", "{"), (0, "late", None, '"x":1'), (0, "late", None, "}"), (0, None, None, ""))
    assert [(name, arguments) for _, name, arguments in calls] == [("f", '{"x":1}')]


def test_arguments_wait_for_the_name() -> None:
    calls, out = feed((0, "a", None, '{"x"'), (0, None, None, ":"))
    assert out == []
    calls.delta(out, 0, None, "f", "1}")
    assert out == [ToolCallStart(0, "a", "f"), ToolCallDelta(0, '{"x":'), ToolCallDelta(0, "1}")]


def test_a_call_that_never_gets_a_name_is_no_answer_and_a_stub_is_no_call() -> None:
    with pytest.raises(MalformedStream, match="no name"):
        assembled((0, "a", None, "{}"), (1, "b", "g", "{}"))
    assert assembled((0, "a", None, '{"x"'), (1, "b", "g", "{}"), cut=True) == [("b", "g", "{}")]
    assert assembled((0, None, None, ""), (1, "b", "g", "{}")) == [("b", "g", "{}")]


LOOK = '{"at": "sea"}'


@pytest.mark.parametrize(
    "said",
    [
        (LOOK[:5], LOOK[5:], LOOK),  # pieces, and the whole behind them
        (LOOK, LOOK),
        (LOOK + LOOK,),
        (LOOK + "\n" + LOOK + "\n" + LOOK,),
        ("{}", LOOK),
        ('{"at": "s"}', '{"at": "se"}', LOOK),  # ever longer objects
        ('{"at": null}', LOOK),
        (LOOK[:1], LOOK[:4], LOOK[:9], LOOK),  # ever longer texts
        (LOOK[:4], LOOK[4:9], LOOK[:11], LOOK[11:]),
        (LOOK[:4], LOOK[4:9], LOOK[:9], LOOK[9:]),
    ],
)
def test_what_is_said_again_is_said_once(said: tuple[str, ...]) -> None:
    call = [("a", "f", LOOK)]
    assert [(i, n, a.strip()) for i, n, a in assembled((0, "a", "f", ""), *((0, None, None, s) for s in said))] == call
    assert [(i, n, a.strip()) for i, n, a in assembled(*((0, "a", "f", s) for s in said))] == call
    cut = assembled((0, "a", "f", ""), *((0, None, None, s) for s in said), cut=True)
    assert [(i, n, a.strip()) for i, n, a in cut] == call


@pytest.mark.parametrize(
    ("earlier", "later"),
    [
        ({"n": 1}, {"n": 12}),
        ({"a": [1]}, {"a": [1, 2]}),
        ({}, {"a": 1}),
        ({"a": {"b": ""}}, {"a": {"b": "c"}, "d": True}),
    ],
)
def test_a_value_grows(earlier: object, later: object) -> None:
    assert grows(earlier, later)
    assert not grows(later, earlier)


@pytest.mark.parametrize("said", [('{"x":1}', '{"x":2}'), ('{"x":1}{"y":1}',), ('{"x":1}', '{"x":')])
def test_objects_that_do_not_agree_are_never_glued(said: tuple[str, ...]) -> None:
    fragments: list[Fragment] = [(0, "a", "f", ""), *((0, None, None, piece) for piece in said)]
    with pytest.raises(MalformedStream, match="several objects"):
        assembled(*fragments)
    assert assembled(*fragments, cut=True) == []


def test_the_same_call_said_again_under_its_index_is_one_and_without_an_index_two() -> None:
    assert [call[1:] for call in assembled((0, None, "f", LOOK), (0, None, "f", LOOK))] == [("f", LOOK)]
    assert [call[1:] for call in assembled((0, None, "f", '{"at": "s"}'), (0, None, "f", LOOK))] == [("f", LOOK)]
    assert [call[1:] for call in assembled((0, None, "f", '{"x":1}'), (0, None, "f", '{"x":2}'))] == [
        ("f", '{"x":1}'),
        ("f", '{"x":2}'),
    ]
    assert [call[1:] for call in assembled((None, None, "f", LOOK), (None, None, "f", LOOK))] == [("f", LOOK)] * 2


@pytest.mark.parametrize(
    "rest",
    [
        [(1, None, None, '{"at": '), (1, None, None, '"sea"}')],  # an index of its own
        [(1, "a", None, '{"at": '), (2, "a", None, '"sea"}')],
        [(0, "b", None, '{"at": '), (0, "c", None, '"sea"}')],  # an id of its own
        [(None, "b", None, '{"at": '), (None, "c", None, '"sea"}')],
        [(None, None, None, '{"at": '), (7, None, None, '"sea"}')],
    ],
)
def test_a_piece_that_names_no_call_goes_on_with_the_one_that_is_not_whole(rest: list[Fragment]) -> None:
    assert assembled((0, "a", "f", ""), *rest) == [("a", "f", LOOK)]


def test_a_name_on_every_piece_and_a_new_id_on_each() -> None:
    assert assembled((0, "a", "f", '{"at": '), (0, "b", "f", '"sea'), (0, "c", "f", '"}')) == [("a", "f", LOOK)]
    assert assembled((0, "a", "f", '{"at": '), (1, "a", "f", '"sea"}')) == [("a", "f", LOOK)]


def test_arguments_behind_a_whole_call_that_belong_to_none_are_no_answer() -> None:
    with pytest.raises(MalformedStream):
        assembled((0, "a", "f", LOOK), (1, "b", None, LOOK))


@pytest.mark.parametrize(
    ("reason", "ends"),
    [
        (FinishReason.stop, FinishReason.tool_calls),
        (FinishReason.tool_calls, FinishReason.tool_calls),
        (FinishReason.length, FinishReason.length),
        (FinishReason.other, FinishReason.other),
        (FinishReason.paused, FinishReason.paused),
        (None, FinishReason.other),
    ],
)
def test_how_an_answer_with_calls_ends(reason: FinishReason | None, ends: FinishReason) -> None:
    calls, out = feed((0, "a", "f", LOOK))
    assert calls.end(out, reason) is ends
    assert len(calls.finished) == 1


@pytest.mark.parametrize("reason", [None, *FinishReason])
def test_how_an_answer_without_calls_ends(reason: FinishReason | None) -> None:
    calls, out = feed()
    if reason is FinishReason.tool_calls:
        with pytest.raises(MalformedStream, match="has none"):
            calls.end(out, reason)
    else:
        assert calls.end(out, reason) is (reason or FinishReason.other)


@pytest.mark.parametrize(("reason", "handed_out"), [(None, 0), (FinishReason.other, 1), (FinishReason.stop, 1)])
def test_a_call_without_arguments_is_whole_when_the_answer_says_that_it_ends(
    reason: FinishReason | None, handed_out: int
) -> None:
    calls, out = feed((0, "a", "f", None))
    calls.end(out, reason)
    assert len(calls.finished) == handed_out


def test_free_text_is_kept_as_it_came_and_is_whole_only_when_the_next_call_tells() -> None:
    calls, out = ToolCalls("seed"), list[Event]()
    for key, piece in ((0, "a"), (0, "{}"), (1, "b")):
        calls.delta(out, key, f"id{key}", "write", piece, kind="custom")
    calls.finish(out, cut=True)
    assert calls.finished == [ToolCall("id0", "write", "a{}", kind="custom")]


def test_empty_free_text_stays_empty() -> None:
    calls, out = ToolCalls("seed"), list[Event]()
    calls.delta(out, 0, "a", "write", "", kind="custom")
    calls.finish(out)
    assert calls.finished == [ToolCall("a", "write", "", kind="custom")]


def test_another_name_is_another_call_when_nothing_else_tells() -> None:
    assert [call[1:] for call in assembled((None, None, "f", '{"x":1}'), (None, None, "g", '{"y":2}'))] == [
        ("f", '{"x":1}'),
        ("g", '{"y":2}'),
    ]
    assert [call[1:] for call in assembled((0, "a", "f", "{}"), (0, "a", "g", "{}"))] == [("f", "{}"), ("g", "{}")]


def test_a_second_whole_call_of_the_same_tool_is_not_glued_to_the_first() -> None:
    assert [call[1:] for call in assembled((None, None, "f", '{"x":1}'), (None, None, "f", '{"x":2}'))] == [
        ("f", '{"x":1}'),
        ("f", '{"x":2}'),
    ]


@pytest.mark.parametrize("arguments", [None, "", " ", "null"])
def test_no_arguments_are_an_empty_object(arguments: str | None) -> None:
    assert assembled((0, "a", "f", arguments)) == [("a", "f", "{}")]


def test_an_empty_object_before_the_real_one_is_dropped() -> None:
    assert assembled((0, "a", "f", "{}"), (0, None, None, '{"x":'), (0, None, None, "1} ")) == [("a", "f", '{"x":1} ')]
    assert whole_arguments('{} {"x":1}') == '{"x":1}'
    assert whole_arguments('{}, {"x":1}') == '{}, {"x":1}', "what a model wrote wrong is its own"
    assert whole_arguments('{"x":1}') == '{"x":1}'
    assert whole_arguments('null{"x":1} ') == '{"x":1} '


@pytest.mark.parametrize("nothing", ["{}", " { }", "null", '""', "{}{}", ' {} "" '])
def test_what_holds_nothing_behind_whole_arguments_is_dropped(nothing: str) -> None:
    assert whole_arguments('{"x":1}' + nothing) == '{"x":1}'
    assert whole_arguments('{"x":1} {"x":1,"y":2}' + nothing) == '{"x":1,"y":2}'
    assert assembled((0, "a", "f", '{"x":'), (0, None, None, "1}"), (0, None, None, nothing)) == [("a", "f", '{"x":1}')]


@pytest.mark.parametrize("wrong", ['{"x":1}[]', '{"x":1}""1'])
def test_what_a_model_wrote_wrong_behind_them_stays(wrong: str) -> None:
    assert whole_arguments(wrong) == wrong


def test_a_call_is_not_finished_because_its_arguments_parse() -> None:
    calls, out = feed((0, "a", "f", '{"x":1}'), (0, None, None, " "))
    assert not any(isinstance(event, ToolCallEvent) for event in out)
    calls.finish(out)
    assert [event for event in out if isinstance(event, ToolCallEvent)] == [
        ToolCallEvent(0, ToolCall("a", "f", '{"x":1} '))
    ]


@pytest.mark.parametrize("id", ["functions.add:0", "fc_1-2", "toolu_bdrk_1", "call-uuid-0"])
def test_odd_ids_are_kept(id: str) -> None:
    assert assembled((0, id, "f", "{}")) == [(id, "f", "{}")]


@pytest.mark.parametrize("arguments", ['{"x":', "", None, '{"x":1', "  "])
def test_a_call_that_the_token_limit_cut_is_left_out(arguments: str | None) -> None:
    assert assembled((0, "a", "f", '{"x":1}'), (1, "b", "g", arguments), cut=True) == [("a", "f", '{"x":1}')]


def test_arguments_that_are_no_json_are_the_model_s_own_and_kept() -> None:
    assert assembled((0, "a", "f", "x = 1")) == [("a", "f", "x = 1")]


def test_data_of_the_wire_is_kept_with_the_call() -> None:
    calls, out = feed((0, "a", "f", "{}"))
    calls.delta(out, 0, data={"signature": "s"})
    calls.delta(out, 0, data={"item": "i"})
    calls.finish(out)
    assert calls.finished[0].provider_data == {"signature": "s", "item": "i"}


def test_finished_calls_are_finished_once() -> None:
    calls, out = feed((0, "a", "f", "{}"))
    assert calls
    calls.finish(out)
    calls.finish(out)
    assert len(calls.finished) == 1
    assert not calls


@pytest.mark.parametrize(
    ("value", "text"), [(None, ""), ("", ""), ('{"a":1}', '{"a":1}'), ({"a": 1}, '{"a":1}'), ({}, "{}")]
)
def test_arguments_as_text_or_as_an_object(value: object, text: str) -> None:
    assert arguments_text(value) == text


def test_half_a_surrogate_pair_in_a_name_is_no_failure() -> None:
    assert made_id("\ud83d", 0, "\ud83d").startswith("call_")


@settings(max_examples=200, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.none() | st.integers(0, 2),
            st.sampled_from([None, "", "a", "b", "null"]),
            st.sampled_from([None, "", "f", "g"]),
            st.sampled_from([None, "", "{}", "{", '"x":1', "}", '{"x":1}', " ", "null"]),
        ),
        max_size=12,
    ),
    st.booleans(),
)
def test_any_fragments_keep_the_grammar_and_lose_no_argument(fragments: list[Fragment], cut: bool) -> None:
    calls, out = feed(*fragments)
    sent = "".join(sorted("".join(event.arguments for event in out if isinstance(event, ToolCallDelta))))
    if all(name for _, _, name, _ in fragments):
        assert sent == "".join(sorted("".join(arguments or "" for *_, arguments in fragments)))
    try:
        calls.finish(out, cut=cut)
    except MalformedStream:
        cut = True
    check_calls(out, may_be_open=cut)


@pytest.mark.parametrize(
    ("text", "value"),
    [("{}", {}), ('{"a": 1}', {"a": 1}), ("[1]", {"input": [1]}), ('{"lev', {"input": '{"lev'}), ("", {"input": ""})],
)
def test_arguments_that_go_back_are_an_object(text: str, value: object) -> None:
    assert arguments_object(text) == value
    assert json.loads(arguments_json(text)) == value


def test_arguments_that_are_an_object_go_back_as_they_were_written() -> None:
    assert arguments_json('{ "a" :1}') == '{ "a" :1}'
