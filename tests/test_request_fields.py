"""What a caller asks for is sent, refused, or a hint that this wire has no place for: nothing is dropped in silence.

Every field of Request is set on every row, and what would go over the socket is compared with the same request
without it.
"""

from typing import Any, NoReturn

import pytest
from attrs import evolve, fields

import aikido_llm as llm
from aikido_llm.providers import find, providers
from aikido_llm.providers.base import PLACE
from aikido_llm.transport.base import HTTPRequest

TOOL = llm.ToolDef("look", "Look", {"type": "object", "properties": {"at": {"type": "string"}}})
ASKED = llm.Request([llm.user("hi")], model="some-model")
WITH_TOOL = evolve(ASKED, tools=[TOOL])
DRAWING = evolve(ASKED, modalities=("text", "image"))

SCHEMA = {
    "type": "object",
    "properties": {"at": {"type": "string"}},
    "required": ["at"],
    "additionalProperties": False,
}

# Field of Request -> (a request without it, values of it that mean different things).
SAMPLES: dict[str, tuple[llm.Request, list[Any]]] = {
    "messages": (ASKED, [[llm.user("something else")], [llm.system("Be short."), *ASKED.messages]]),
    "model": (ASKED, ["another-model"]),
    "tools": (ASKED, [[TOOL], [llm.CustomTool("note")], [llm.ServerTool("web_search")]]),
    "tool_choice": (WITH_TOOL, ["none", "required", "look"]),
    "max_tokens": (ASKED, [77]),
    "temperature": (ASKED, [0.0, 0.25]),
    "top_p": (ASKED, [0.5]),
    "stop": (ASKED, [["END"]]),
    "seed": (ASKED, [0, 7]),
    "thinking": (ASKED, [llm.ThinkingConfig.by_effort("high"), llm.ThinkingConfig.by_budget(2000)]),
    "response_format": (ASKED, [llm.ResponseFormat.json(), llm.ResponseFormat.json_schema(SCHEMA)]),
    "modalities": (ASKED, [["text", "image"], ["text", "audio"]]),
    "image_config": (DRAWING, [llm.ImageConfig(aspect_ratio="16:9"), llm.ImageConfig(image_size="2K")]),
    "parallel_tool_calls": (WITH_TOOL, [False]),
    "metadata": (ASKED, [{"user_id": "u-1"}, {"team": "blue"}]),
    "extra": (ASKED, [{"not_a_field_of_ours": 1}]),
    "extra_headers": (ASKED, [{"X-Not-Ours": "1"}]),
    "top_k": (ASKED, [40]),
    "n": (ASKED, [2]),
    "logprobs": (ASKED, [True, 3]),
    "background": (ASKED, [True]),
    "previous_response_id": (ASKED, ["resp_1"]),
    "conversation": (ASKED, ["conv_1"]),
}

# (dialect, field) -> why some values of it may be left out. Anything that changes what the answer may be is no hint.
HINTS: dict[tuple[str, str], str] = {
    ("anthropic_messages", "metadata"): "user_id is the only label that the API takes",
    ("cohere_chat", "metadata"): "the API has no labels",
    ("gemini_generate", "metadata"): "the API has no labels (those of Vertex AI aside)",
    ("ollama_chat", "metadata"): "the API has no labels",
    ("ollama_chat", "modalities"): "a model that draws does so unasked: the API has no field for it; sound is refused",
    ("openai_chat", "metadata"): "a quirk: most hosts have no place for labels, or want other keys beside them",
    ("openai_responses", "metadata"): "labels belong to stored answers, and none is stored",
}


NAMES = providers()  # before any test registers its own


class Recorder:
    """A transport that keeps what would be sent, and sends nothing."""

    def __init__(self) -> None:
        self.sent: list[tuple[str, str, dict[str, str], bytes]] = []

    async def send(self, request: HTTPRequest) -> NoReturn:
        body = request.body
        assert isinstance(body, bytes), "nothing here is large"
        self.sent.append((request.method, request.url, dict(request.headers.reveal()), body))
        raise llm.ConnectError("not sent")

    async def aclose(self) -> None:
        """Nothing is open."""


async def sent(name: str, request: llm.Request, *, stream: bool) -> object:
    """What would go over the socket; None when the request is refused before."""
    recorder = Recorder()
    base_url = PLACE.sub("x", find(name).base_url) or "http://127.0.0.1:1"
    async with llm.open(name, api_key="k", http=recorder, retry=None, base_url=base_url) as client:
        try:
            await (anext(client.stream(request)) if stream else client.complete(request))
        except llm.UnsupportedFeatureError:
            return None
        except llm.ConnectError:
            pass
    return recorder.sent.pop()


async def dropped(name: str, field: str, *, stream: bool) -> list[Any]:
    """The values of the field that change nothing of what is sent."""
    without, values = SAMPLES[field]
    plain = await sent(name, without, stream=stream)
    return [
        value
        for value in values
        if plain is not None and plain == await sent(name, evolve(without, **{field: value}), stream=stream)
    ]


def test_every_field_has_a_sample() -> None:
    missing = {field.name for field in fields(llm.Request)} - set(SAMPLES)
    assert not missing, "new fields of Request: give each a sample here, and let every wire send it or refuse it"


@pytest.mark.parametrize("stream", [True, False], ids=["stream", "complete"])
@pytest.mark.parametrize("name", NAMES)
async def test_every_field_is_sent_or_refused(name: str, stream: bool) -> None:
    dialect = find(name).dialect.name
    lost = {
        field: values
        for field in SAMPLES
        if (dialect, field) not in HINTS and (values := await dropped(name, field, stream=stream))
    }
    assert not lost, (
        f"{name} drops these fields of Request in silence: aikido_llm/dialects/{dialect}/encode.py sends each or raises"
        " UnsupportedFeatureError; a mere hint goes into HINTS of tests/test_request_fields.py with its reason"
    )


async def test_every_hint_is_still_needed() -> None:
    needed = {
        (find(name).dialect.name, field)
        for name in NAMES
        for dialect, field in HINTS
        if dialect == find(name).dialect.name and await dropped(name, field, stream=True)
    }
    assert set(HINTS) == needed, "what is sent or refused by now needs no place in HINTS"
