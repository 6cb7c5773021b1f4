"""Recorded conversations: what their second request says of the first answer, ours says too."""

import json
from collections import defaultdict
from functools import cache
from itertools import takewhile
from typing import Any

import pytest
from attrs import frozen

import aikido_llm as llm
from aikido_llm.codecs import json as _json
from aikido_llm.dialects.openai_chat import OpenAIChat
from aikido_llm.providers import find, providers
from aikido_llm.providers.base import Provider
from tests.corpus.facts.base import objects
from tests.corpus.load import MISSING, Exchange, available, exchanges
from tests.corpus.said import KEYS, Said, is_the_models, said_by
from tests.wire import ANY_REQUEST, Road, error_of, response_of

pytestmark = pytest.mark.skipif(not available(), reason=MISSING)

ROAD = "test"  # the provider by which a Road marks its turns
ROWS = {
    "anthropic-messages": "anthropic",
    "openai-responses": "openai-responses",
    "gemini": "gemini",
    "cohere-v2": "cohere",
    "ollama-chat": "ollama",
}


@frozen
class Pair:
    """An answer, and what a later request of the same recording says behind the question that it answered."""

    answer: Exchange
    theirs: tuple[dict[str, Any], ...]


LEFT_OUT_BY_THEM = {
    "thought": "many clients send no reasoning back",
    "proof": "many clients send no reasoning back",
}
LEFT_OUT_BY_US = {
    "grok": ("thought", "the wire has no field for it; the service accepts and ignores it (xAI docs, read 2026-11)"),
    "openai-responses": ("thought", "of what is not stored only encrypted reasoning goes back"),
}
PLANS = "cohere"  # the plan before a call, which few clients send back, is text of the turn here

# Where a later request says something else than the answer that came before it.
OTHERWISE = {
    "openai-chat-10be47aa9f09378a": "the same question was asked twice, and they go on from the other answer",
    "openai-chat-66e068093be8f5c8": "they send a blank in place of the words before the calls",
    "openai-chat-d57fa9162456db8a": "they lost the first piece of the reasoning",
    "openai-chat-9ebd59f75c451ec3": "they write [empty string] for an answer of a line end",
    "openai-chat-6118993fb3ec69cb": "the answer was cut within its reasoning, and they say what it should have been",
    "openai-chat-d2b9834919408f33": "the answer was cut within its reasoning, and they say what it should have been",
    "ollama-chat-02e42580404c1899": "they take reasoning inside the text for reasoning; text stays text here",
    "openai-responses-cadcbe8d914715b6": "they leave out what the server's search for tools found",
    "openai-responses-590c8733105615d9": "they make ids of calls unique by the answer's",
    "openai-responses-6aae841c44249afc": "they make ids of calls unique by the answer's",
}


@cache
def pairs() -> tuple[Pair, ...]:
    recordings: dict[tuple[str, str], list[Exchange]] = defaultdict(list)
    for exchange in exchanges():
        if turns_of(exchange):
            recordings[exchange.protocol, exchange.source.partition("#")[0]].append(exchange)
    found = (_pair(answer, recording) for recording in recordings.values() for answer in recording)
    return tuple(pair for pair in found if pair is not None)


def turns_of(exchange: Exchange) -> list[dict[str, Any]]:
    return objects(exchange.request_json, KEYS[exchange.protocol])


def _pair(answer: Exchange, recording: list[Exchange]) -> Pair | None:
    """The shortest request that goes on from this answer."""
    asked = turns_of(answer)
    later = [turns[len(asked) :] for turns in map(turns_of, recording) if turns[: len(asked)] == asked]
    behind = [turns for turns in later if turns and is_the_models(answer.protocol, turns[0])]
    if answer.status != 200 or not behind:
        return None
    return Pair(answer, tuple(sorted(behind, key=len)[0]))


_NAMES = {"xai": "grok", "alibaba": "qwen", "vercel-gateway": "vercel"}  # the recordings' names -> ours


def row_of(pair: Pair) -> Provider:
    """Ours of that name and wire; else one that gives all reasoning back, in the spelling that they use there."""
    exchange = pair.answer
    if exchange.protocol in ROWS:
        return find(ROWS[exchange.protocol])
    name = _NAMES.get(exchange.provider, exchange.provider)
    if name in providers() and isinstance(find(name).dialect, OpenAIChat):
        return find(name)
    detailed = any("reasoning_details" in turn for turn in pair.theirs)
    return Provider("recorded", "", OpenAIChat(reasoning_replay="details" if detailed else "always"))


def message_of(exchange: Exchange, row: Provider) -> llm.Message | None:
    """Our turn for this answer; None where the answer is none (it broke off, or was refused)."""
    content_type = exchange.headers.get("content-type", "").partition(";")[0].strip().lower()
    road = Road(row.dialect, stream=exchange.stream, content_type=content_type)
    events = road.read(exchange.body)
    return response_of(events).message if error_of(events) is None else None


def ours(message: llm.Message, row: Provider, protocol: str) -> list[Said]:
    """What our next request says of the turn and its results; the results say what theirs do."""
    results = [llm.tool(call.id, "(a result)") for call in message.tool_calls]
    request = llm.Request([llm.user("(the question)"), message, *results], model=ANY_REQUEST.model)
    body = json.loads(_json.dumps(row.dialect.encode(request, stream=False, provider=ROAD).body))
    turns = body[KEYS[protocol]]
    return [said for turn in turns[1:] if is_the_models(protocol, turn) for said in said_by(protocol, turn)]


def theirs(pair: Pair) -> list[Said]:
    """The model's turn that opens what they said."""
    protocol = pair.answer.protocol
    opening = takewhile(lambda turn: is_the_models(protocol, turn), pair.theirs)
    return [said for turn in opening for said in said_by(protocol, turn)]


def says(all: list[Said], one: Said) -> bool:
    """A long value of a recorded request was cut when it was recorded, and says so."""
    kind, value = one
    start, cut, _ = value.partition("...[elided ")
    return any(kind == other and (text.startswith(start) if cut else text == value) for other, text in all)


def differences(pair: Pair) -> list[str]:
    """What one says and the other does not, without what is known of the kind and the host."""
    row, protocol = row_of(pair), pair.answer.protocol
    message = message_of(pair.answer, row)
    if message is None:
        return []
    sent, recorded = ours(message, row, protocol), theirs(pair)
    kind_left_out, _ = LEFT_OUT_BY_US.get(row.name, ("", ""))
    missing = [said for said in recorded if not says(sent, said) and said[0] != kind_left_out]
    cut = [said for said in recorded if "...[elided " in said[1]]
    more = [said for said in sent if said not in recorded and not any(says([said], one) for one in cut)]
    known = (*LEFT_OUT_BY_THEM, *(["text"] if row.name == PLANS else []))
    return [f"they alone: {said}" for said in missing] + [f"we alone: {s}" for s in more if s[0] not in known]


def test_a_second_request_says_of_the_first_answer_what_the_recorded_one_says() -> None:
    found = {pair.answer.id: differences(pair) for pair in pairs()}
    assert len(found) > 100
    assert {id: differ for id, differ in found.items() if differ and id not in OTHERWISE} == {}
    assert [id for id in OTHERWISE if id in found and not found[id]] == [], "these say the same by now"


def test_proofs_are_among_what_is_compared() -> None:
    """Signatures and encrypted reasoning are in the recorded requests, and so in ours."""
    proven = {pair.answer.protocol for pair in pairs() if any(kind == "proof" for kind, _ in theirs(pair))}
    assert proven >= {"anthropic-messages", "gemini", "openai-responses"}
