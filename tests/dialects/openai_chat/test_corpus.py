"""Every recorded exchange of this wire: whole, in pieces, cut off; held against facts that a separate reader took."""

import re
from bisect import bisect_left
from functools import cache

import pytest

from aikido_llm.dialects.base import ErrorReply
from aikido_llm.dialects.openai_chat import OpenAIChat
from aikido_llm.errors import LLMError
from aikido_llm.providers import cerebras, deepseek, grok, groq, llamacpp, mistral, openai, openrouter, together
from aikido_llm.types.messages import user
from aikido_llm.types.request import Request
from aikido_llm.types.tools import ToolDef
from tests import deep
from tests.corpus import load
from tests.corpus.facts import facts_of
from tests.facts_check import check_against_facts
from tests.wire import Road, cuts, error_of, response_of

pytestmark = pytest.mark.skipif(not load.available(), reason=load.MISSING)

ROWS = {
    "openai": openai, "openrouter": openrouter, "xai": grok, "mistral": mistral, "llamacpp": llamacpp, "groq": groq,
    "deepseek": deepseek, "together": together, "cerebras": cerebras,
}  # fmt: skip

NOT_SUPPORTED: dict[str, str] = {}


def dialect_of(exchange: load.Exchange) -> OpenAIChat:
    row = ROWS.get(exchange.provider)
    if row is not None:
        assert isinstance(row.PROVIDER.dialect, OpenAIChat)
        return row.PROVIDER.dialect
    return OpenAIChat()


def road_of(exchange: load.Exchange) -> Road:
    body = exchange.request_json or {}
    tools = tuple(ToolDef(tool["function"]["name"]) for tool in body.get("tools") or () if "function" in tool)
    audio = {"audio": body["audio"]} if isinstance(body.get("audio"), dict) else {}
    return Road(
        dialect_of(exchange),
        stream=exchange.stream,
        content_type=exchange.headers.get("content-type", "").partition(";")[0].strip().lower(),
        request=Request(messages=(user("hi"),), model=exchange.model or "m", tools=tools, extra=audio),
    )


def recorded() -> list[load.Exchange]:
    return [*load.exchanges("openai-chat"), *load.further("openai-chat")]


@cache
def answers() -> tuple[load.Exchange, ...]:
    if not load.available():
        return ()
    return tuple(e for e in recorded() if e.status == 200 and e.id not in NOT_SUPPORTED)


def refusals() -> list[load.Exchange]:
    if not load.available():
        return []
    return [e for e in recorded() if e.status != 200 and e.id not in NOT_SUPPORTED]


@load.recorded(lambda: [*answers()])
def test_recorded_answer(exchange: load.Exchange) -> None:
    road = road_of(exchange)
    events = road.read_every_way(exchange.body, small=1500)
    facts = facts_of(exchange)
    check_against_facts(events, facts)
    response = response_of(events)
    assert (response.id, response.model) == (facts.id, facts.model or road.request.model)


@pytest.mark.deep
@pytest.mark.parametrize("part", range(4))
def test_every_prefix_of_a_stream_is_an_error(part: int) -> None:
    tried = 0
    for exchange in deep.share(answers()[part::4], 2):
        if exchange.stream and exchange.body.lstrip()[:1] not in (b"{", b"["):
            road = road_of(exchange)
            end = whole_from(exchange, road)
            most = 50 if len(exchange.body) < 100_000 else 6
            tried += road.check_prefixes(exchange.body, end, cuts(exchange.body, small=700, most=most))
    assert tried > 300, tried


def whole_from(exchange: load.Exchange, road: Road) -> int:
    """How many bytes hold the end: the finish reason, or [DONE] where there is none."""
    body = exchange.body
    ends = [mark.end() for mark in re.finditer(rb"\r?\n\r?\n", body)]
    if error_of(road.read(body)):  # an error may come behind the end of an answer that was whole
        mark = re.search(rb'"finish_reason": ?"[^"]', body)
        return len(body) if mark is None else len(body[: next(e for e in ends if e > mark.start())].rstrip())
    first = ends[bisect_left(ends, True, key=lambda end: error_of(road.read(body[:end])) is None)]
    low = len(body[:first].rstrip())  # the last event needs no blank line
    response = response_of(road.read(body))
    if response.raw_finish_reason is not None:
        assert response.raw_finish_reason.encode() in body[:low], "success before the finish reason was there"
    elif not response.audio:
        assert b"[DONE]" in body[:low], "success before the end mark was there"
    return low


@load.recorded(refusals)
def test_recorded_refusal(exchange: load.Exchange) -> None:
    error = dialect_of(exchange).decode_error(ErrorReply(exchange.status, exchange.headers, exchange.body))
    assert type(error).__name__ == facts_of(exchange).error, f"{error!r} {error}"
    assert isinstance(error, LLMError)
    assert error.status == exchange.status
    assert error.message
