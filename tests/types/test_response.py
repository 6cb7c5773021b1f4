import pytest
from attrs import fields

from aikido_llm.types.messages import ThinkingPart, assistant
from aikido_llm.types.parts import AudioPart, ImagePart
from aikido_llm.types.response import FinishReason, ModelInfo, Response, with_facts
from aikido_llm.types.tools import ToolCall
from aikido_llm.types.usage import Usage


@pytest.mark.parametrize(
    ("usage", "total"),
    [
        (Usage(), None),
        (Usage(input_tokens=3), 3),
        (Usage(output_tokens=4), 4),
        (Usage(3, 4, 2, 1, 3), 7),
        (Usage(0, 0), 0),
    ],
)
def test_total_counts_caches_and_reasoning_once(usage: Usage, total: int | None) -> None:
    assert usage.total_tokens == total


def test_usage_has_the_other_names_too() -> None:
    usage = Usage(3, 4)
    assert (usage.prompt_tokens, usage.completion_tokens) == (3, 4)


def test_finish_reasons_are_the_promised_ones() -> None:
    assert [reason.value for reason in FinishReason] == [
        "stop",
        "tool_calls",
        "length",
        "content_filter",
        "paused",
        "error",
        "other",
    ]


def test_the_raw_body_is_not_compared() -> None:
    assert Response(text="a", raw={"x": 1}) == Response(text="a")
    assert Response(text="a") != Response(text="b")
    assert "raw=" not in repr(Response(raw={"x": 1}))


def test_the_message_to_append() -> None:
    call, image, sound = ToolCall("1", "f"), ImagePart(data=b"x"), AudioPart(data=b"y")
    message = Response("a", "t", (call,), (image,), (sound,), provider="acme", replay=({"b": 1},)).message
    assert (message.role, message.text, message.tool_calls) == ("assistant", "a", (call,))
    assert (message.images, message.audio) == ((image,), (sound,))
    assert message.thinking == (ThinkingPart("t", provider="acme"),)
    assert message.replay_for("acme") == ({"b": 1},)
    assert message.replay_for("other") == ()


def test_a_plain_answer_makes_a_plain_message() -> None:
    assert Response("a", provider="acme").message == assistant("a")


def test_two_models_do_not_share_their_raw_entry() -> None:
    assert ModelInfo("a").raw is not ModelInfo("b").raw


def test_the_state_that_a_service_wants_back_is_on_the_message() -> None:
    message = Response("a", provider="acme", wire="w", replay_state={"container": "c"}).message
    assert message.replay_for("acme") == ()
    assert message.state_for("acme", "w") == {"container": "c"}
    assert message.state_for("acme", "v") == {}


def test_other_facts_of_the_same_answer() -> None:
    response = Response("hello", usage=Usage(1, 2), headers={"a": "b"}, attempts=2)
    told = with_facts(response, attempts=3, cached=True)
    assert told == response
    assert (told.attempts, told.cached, told.headers) == (3, True, {"a": "b"})
    assert (response.attempts, response.cached) == (2, False)


def test_the_order_of_what_stands_without_a_name() -> None:
    """As it is promised; what came later is named."""
    named = [at for at in fields(Response) if at.kw_only]
    order = [at.alias for at in fields(Response) if not at.kw_only]
    assert (
        order
        == (
            "text thinking tool_calls images audio usage finish_reason raw_finish_reason id model provider request_id "
            "attempts raw provider_data replay"
        ).split()
    )
    assert len(named) + len(order) == len(fields(Response))
