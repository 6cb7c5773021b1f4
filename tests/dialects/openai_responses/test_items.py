"""Items are one thing each, however their events call them."""

from typing import Any

import pytest

from aikido_llm.errors import MalformedStream
from aikido_llm.types.response import FinishReason, Response
from aikido_llm.types.tools import ToolCall
from tests.dialects.openai_responses.test_decode import (
    DIALECT,
    REASONING,
    Json,
    added,
    answer,
    called,
    completed,
    created,
    done,
    event,
    said,
    sse,
    text,
)
from tests.wire import Road, error_of

pytestmark = pytest.mark.deep  # cut anywhere (tests/wire.py)

LOOK = called("look", '{"a": 1}')


def by_id(delta: str, id: str = "msg_1") -> Json:
    return event("output_text.delta", item_id=id, delta=delta)


def unplaced(kind: str, **item: Any) -> Json:
    return event(f"output_item.{kind}", item=item)


@pytest.mark.parametrize(
    "events",
    [
        [by_id("hello"), done(0, **said("hello"))],
        [by_id("hello"), added(0, type="message", id="msg_1"), done(0, **said("hello"))],
        [added(0, type="message", id="msg_1"), by_id("hel"), text("lo"), done(0, **said("hello"))],
        [by_id("hel"), {**text("lo"), "item_id": None}, done(0, **said("hello"))],
        [event("output_text.delta", delta="hello"), done(0, **said("hello"))],
        [event("output_text.delta", delta="hello"), unplaced("done", **said("hello"))],
        [text("hello"), unplaced("done", **said("hello"))],
        [by_id("hello"), done(0, **said("hello")), done(0, **said("hello"))],
        [by_id("hello"), done(0, **said("hello")), unplaced("done", **said("hello"))],
        [by_id("hello"), done(0, **said("hello")), done(0, **said("hello", id="another")), by_id("hello")],
    ],
)
@pytest.mark.parametrize("output", [[], [said("hello")], [said("hello", id="a third")]])
def test_an_item_that_is_called_in_different_ways_says_its_text_once(events: list[Json], output: list[Json]) -> None:
    assert answer(created(), *events, completed(output=output)).text == "hello"


def test_what_only_the_last_event_holds_is_filled_in() -> None:
    before = [added(0, type="message", id="msg_1"), text("I will look."), done(0, **said("I will look."))]
    response = answer(created(), *before, completed(output=[said("I will look."), LOOK]))
    assert response.text == "I will look."
    assert response.tool_calls == (ToolCall("call_1", "look", '{"a": 1}'),)
    assert response.finish_reason is FinishReason.tool_calls


def test_an_item_that_was_never_finished_is_completed_by_the_last_event() -> None:
    before = [added(0, type="message", id="msg_1"), text("Hel"), added(1, **called(arguments=""))]
    response = answer(created(), *before, completed(output=[said("Hello"), called()]))
    assert (response.text, response.tool_calls[0].arguments) == ("Hello", '{"a":1}')


def test_another_item_at_a_used_index_is_another_item() -> None:
    late = said("late text", id="other")
    response = answer(created(), unplaced("added", **called("look", "")), done(0, **LOOK), done(0, **late), completed())
    assert (response.text, response.tool_calls[0].name) == ("late text", "look")


def test_two_calls_at_one_index_are_never_glued() -> None:
    one, two = called("a", '{"x":1}', "c1"), {**called("b", '{"y":2}', "c2"), "id": "fc_2"}
    argue = "function_call_arguments.delta"
    response = answer(
        created(),
        added(0, **{**one, "arguments": ""}),
        added(0, **{**two, "arguments": ""}),
        event(argue, output_index=0, item_id="fc_2", delta='{"y"'),
        event(argue, output_index=0, item_id="fc_1", delta='{"x":1}'),
        event(argue, output_index=0, item_id="fc_2", delta=":2}"),
        done(0, **two),
        done(0, **one),
        completed(output=[one, two]),
    )
    assert response.tool_calls == (ToolCall("c1", "a", '{"x":1}'), ToolCall("c2", "b", '{"y":2}'))


def test_items_go_back_in_the_order_of_their_indexes() -> None:
    response = answer(created(), done(2, **called()), done(0, **REASONING), done(1, **said("Hm")), completed())
    assert [item["type"] for item in response.replay] == ["reasoning", "message", "function_call"]


def test_a_call_that_was_never_finished_goes_back_too() -> None:
    argue = event("function_call_arguments.delta", output_index=1, delta='{"a":1}')
    response = answer(created(), done(0, **REASONING), added(1, **called(arguments="")), argue, completed())
    assert response.replay[1] == {"type": "function_call", "call_id": "call_1", "name": "add", "arguments": '{"a":1}'}


def test_a_piece_that_never_came_is_told() -> None:
    for lost in (text("Hel"), text("there")):
        events = [created(), text("Hel"), text("lo "), text("there"), done(0, **said("Hello there")), completed()]
        left = [e for e in events if e != lost]
        if lost == text("there"):  # at its end the finished text makes up for it
            assert answer(*left).text == "Hello there"
        else:
            assert isinstance(error_of(Road(DIALECT).read(sse(left))), MalformedStream)


@pytest.mark.parametrize(
    "content",
    [
        "Hi",
        ["Hi"],
        {"type": "output_text", "text": "Hi"},
        [{"type": "text", "text": "Hi"}],
        [{"text": {"value": "Hi"}}],
    ],
)
def test_content_in_other_shapes_is_read(content: Any) -> None:
    assert answer(created(), done(0, **said("", content=content)), completed()).text == "Hi"
    assert answer(created(), completed(output=[said("", content=content)])).text == "Hi"


def test_deltas_in_other_shapes_are_read() -> None:
    assert answer(created(), text({"text": "Hi"}), completed()).text == "Hi"
    assert answer(created(), text(["H", {"text": "i"}]), completed()).text == "Hi"


def test_content_of_an_unknown_kind_is_no_empty_stop() -> None:
    odd = [created(), done(0, **said("", content=[{"type": "hologram", "data": 1}])), completed()]
    assert isinstance(error_of(Road(DIALECT).read(sse(odd))), MalformedStream)


@pytest.mark.parametrize("reasoning", ["think", ["think"], [{"type": "summary_text", "text": "think"}]])
def test_reasoning_in_other_shapes_is_read(reasoning: Any) -> None:
    def thought(**fields: Any) -> Response:
        return answer(created(), done(0, type="reasoning", id="rs_1", **fields), text("x", 1), completed())

    assert thought(summary=reasoning).thinking == thought(content=reasoning).thinking == "think"


def test_response_done_ends_the_answer() -> None:
    for status in ({"status": "completed"}, {}):
        last = event("done", response={"id": "resp_1", **status, "usage": {"input_tokens": 1, "output_tokens": 2}})
        response = answer(created(), text("hi"), last)
        assert (response.finish_reason, response.usage.output_tokens) == (FinishReason.stop, 2)


def test_a_part_that_only_its_end_holds_is_read() -> None:
    part = event("content_part.done", item_id="msg_1", output_index=0, content_index=0,
                 part={"type": "output_text", "text": "hello"})  # fmt: skip
    assert answer(created(), part, completed(output=[])).text == "hello"
    assert answer(created(), text("hel"), part, done(0, **said("hello")), completed(output=[])).text == "hello"


def test_a_call_whose_ids_are_new_on_every_event_is_one() -> None:
    names = [{**LOOK, "id": f"fc_{number}", "call_id": f"call_{number}"} for number in range(3)]
    piece = event("function_call_arguments.delta", output_index=0, item_id="fc_0", delta='{"a": 1}')
    events = [added(0, **{**names[0], "arguments": ""}), piece, done(0, **names[1])]
    (call,) = answer(created(), *events, completed(output=[names[2]])).tool_calls
    assert (call.id, call.parsed()) == ("call_0", {"a": 1})


def test_two_equal_calls_are_two() -> None:
    names = [{**LOOK, "id": f"fc_{number}", "call_id": f"call_{number}"} for number in range(2)]
    for index in (0, 1):
        events = [done(0, **names[0]), done(index, **names[1])]
        assert len(answer(created(), *events, completed(output=names)).tool_calls) == 2


def test_an_item_that_nobody_knows_is_no_empty_stop() -> None:
    strange = {"type": "hologram", "id": "h", "x": 1}
    response = answer(created(), done(0, **strange), completed(output=[strange]))
    assert response.finish_reason is FinishReason.other
    assert response.provider_data["items"] == [strange]
    beside = answer(created(), done(0, **strange), done(1, **said("hello")), completed(output=[strange, said("hello")]))
    assert (beside.finish_reason, beside.text) == (FinishReason.stop, "hello")
