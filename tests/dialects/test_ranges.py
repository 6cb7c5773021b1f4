"""Numbers of a Request: one rule for all wires."""

from itertools import product

import pytest

import aikido_llm as llm
from aikido_llm.dialects.ranges import effort_of, nearest
from aikido_llm.providers import find
from tests.each import each


@pytest.mark.parametrize(("value", "sent"), [(None, None), (0, 0), (0.4, 0.4), (1, 1), (1.2, 1.0), (-1, 0.0)])
def test_the_nearest_number_that_the_wire_takes(value: float | None, sent: float | None) -> None:
    assert nearest("temperature", value, 0.0, 1.0) == sent


def test_what_is_no_number_is_refused() -> None:
    with pytest.raises(llm.InvalidRequestError, match="top_p is not a number"):
        nearest("top_p", float("nan"), 0.0, 1.0)


@pytest.mark.parametrize(
    ("budget", "effort"), [(0, "none"), (1, "low"), (2048, "low"), (8192, "medium"), (9000, "high")]
)
def test_a_budget_on_a_wire_of_efforts(budget: int, effort: str) -> None:
    assert effort_of(llm.ThinkingConfig.by_budget(budget)) == effort


def test_an_effort_stays() -> None:
    assert effort_of(llm.ThinkingConfig.by_effort("low")) == "low"


THOUGHT = (None, llm.ThinkingConfig.by_effort("high"), llm.ThinkingConfig.by_budget(5000))


@each(lambda: [*product([name for name in llm.providers() if name != "echo"], (0, 0.7, 1.0, 1.9), THOUGHT)])
def test_every_wire_takes_any_temperature_and_any_way_to_ask_for_thinking(
    case: tuple[str, float, llm.ThinkingConfig | None],
) -> None:
    provider, temperature, thinking = case
    if thinking is not None and not find(provider).dialect.features["thinking"]:
        with pytest.raises(llm.UnsupportedFeatureError, match="no switch for thinking"):
            find(provider).dialect.encode(
                llm.Request("hi", model="m", thinking=thinking), stream=True, provider=provider
            )
        return
    budget = thinking is not None and thinking.budget_tokens
    dialect = find(provider).dialect
    sampled = None if dialect.name == "anthropic_messages" and budget else temperature  # budgets exclude one there
    request = llm.Request([llm.user("hi")], model="m", temperature=sampled, thinking=thinking)
    body = dialect.encode(request, stream=True, provider=provider).body
    assert body is not None
    places = (body, *(body.get(name, {}) for name in ("options", "generationConfig", "inferenceConfig")))
    sent = next((place["temperature"] for place in places if "temperature" in place), None)
    most = 1.0 if dialect.name in ("anthropic_messages", "cohere_chat", "bedrock_converse") else 2.0
    assert sent == (None if sampled is None else min(temperature, most))
