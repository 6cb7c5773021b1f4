"""The Gemini wire of the test server: what it writes, what it refuses, and that both agree with the recordings."""

import json
from base64 import b64decode
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest

from aikido_llm.testing.answer import Answer
from aikido_llm.testing.wires.base import Received, verb_of
from aikido_llm.testing.wires.gemini_generate import GeminiGenerate
from aikido_llm.types.parts import ImagePart
from aikido_llm.types.response import FinishReason
from aikido_llm.types.tools import ToolCall
from tests.corpus import load

from .shapes import ANSWERS, CALLS, FULL, IMAGES, PNG, Shapes, damaged, good, lacking, sse, strange

WIRE = GeminiGenerate()
MODELS = "/v1beta/models"
DECLARED: dict[str, Any] = {"name": "geo", "parameters": {"type": "OBJECT", "properties": {"q": {"type": "STRING"}}}}
USER: dict[str, Any] = {"role": "user", "parts": [{"text": "Where is Oslo?"}]}
CALL: dict[str, Any] = {"functionCall": {"name": "geo", "args": {"q": "Oslo"}}, "thoughtSignature": "c2ln"}
RESULT: dict[str, Any] = {"functionResponse": {"name": "geo", "response": {"output": "in Norway"}}}
CHAT: dict[str, Any] = {
    "systemInstruction": {"parts": [{"text": "Be short."}]},
    "contents": [
        USER,
        {"role": "model", "parts": [{"text": "Hm.", "thought": True}, CALL, {"functionCall": {"name": "geo"}}]},
        {"role": "user", "parts": [RESULT, RESULT]},
        {"role": "user", "parts": [{"inlineData": {"mimeType": "image/png", "data": "AAAA"}}, {"text": ""}]},
    ],
    "tools": [{"functionDeclarations": [DECLARED]}],
    "toolConfig": {"functionCallingConfig": {"mode": "ANY", "allowedFunctionNames": ["geo"]}},
    "generationConfig": {
        "temperature": 0.4,
        "maxOutputTokens": 800,
        "stopSequences": ["END"],
        "thinkingConfig": {"includeThoughts": True, "thinkingLevel": "low"},
    },
}


def request(body: Any = CHAT, model: str = "gemini-2.5-flash", method: str = "streamGenerateContent") -> Received:
    path = f"{MODELS}/{model}:{method}"
    return Received("POST", path, {"alt": "sse"}, {}, body, json.dumps(body).encode())


def chunks(answer: Answer, **fields: Any) -> list[Any]:
    return [json.loads(data) for _, data in sse(b"".join(WIRE.stream(answer, request(**fields))))]


def parts(answer: Answer, **fields: Any) -> list[Any]:
    return [part for chunk in chunks(answer, **fields) for part in chunk["candidates"][0]["content"]["parts"]]


def refused(**changes: Any) -> str:
    """What is said about the request with these keys changed; a key set to ... is left out."""
    return WIRE.check(request({key: value for key, value in (CHAT | changes).items() if value is not ...})) or ""


def contents(*turns: tuple[str, list[Any]]) -> dict[str, Any]:
    return {"contents": [{"role": role, "parts": list(parts)} for role, parts in turns]}


def test_the_bytes_of_a_chunk() -> None:
    only = WIRE.stream(Answer(text="Hi", id="aa1"), request())
    assert only == [
        b'data: {"candidates": [{"content": {"parts": [{"text": "Hi"}],"role": "model"},"finishReason": "STOP",'
        b'"index": 0}],"usageMetadata": {"promptTokenCount": 11,"candidatesTokenCount": 7,"totalTokenCount": 18,'
        b'"promptTokensDetails": [{"modality": "TEXT","tokenCount": 11}],"serviceTier": "standard"},'
        b'"modelVersion": "gemini-2.5-flash","responseId": "aa1"}\r\n\r\n'
    ]


def test_only_the_last_chunk_says_why_it_ended_and_usage_grows() -> None:
    found = chunks(Answer(text="one two three"))
    assert [chunk["candidates"][0].get("finishReason") for chunk in found] == [None, None, "STOP"]
    assert [chunk["usageMetadata"]["candidatesTokenCount"] for chunk in found] == [2, 4, 7]


def test_calls_come_whole_in_one_chunk_and_the_first_is_signed() -> None:
    found = parts(Answer(thinking="Hm.", tool_calls=CALLS, signature="c2ln"))
    assert found == [
        {"text": "Hm.", "thought": True},
        {"functionCall": {"name": "geo", "args": {"q": "Oslo, é\n"}}, "thoughtSignature": "c2ln"},
        {"functionCall": {"name": "now", "args": {}}},
    ]


def test_the_newest_models_give_ids_and_always_sign() -> None:
    first, second = parts(Answer(tool_calls=CALLS), model="gemini-3-flash-preview")
    assert [part["functionCall"]["id"] for part in (first, second)] == ["call_1", "call_2"]
    assert b64decode(first["thoughtSignature"], validate=True)
    assert "thoughtSignature" not in second


def test_a_signed_answer_without_calls_ends_in_an_empty_part() -> None:
    assert parts(Answer(text="Hi", signature="c2ln"))[-1] == {"text": "", "thoughtSignature": "c2ln"}
    body = json.loads(WIRE.body(Answer(text="Hi", signature="c2ln"), request()))
    assert body["candidates"][0]["content"]["parts"] == [{"text": "Hi", "thoughtSignature": "c2ln"}]


def test_an_image_comes_whole_in_one_part() -> None:
    found = parts(Answer(text="Hi", images=IMAGES))[1]["inlineData"]
    assert found["mimeType"] == "image/png"
    assert b64decode(found["data"]) == PNG
    with pytest.raises(ValueError, match="only a URL"):
        WIRE.stream(Answer(images=(ImagePart(url="https://example.com/a.png"),)), request())


def test_thoughts_are_counted_beside_the_visible_answer() -> None:
    usage = chunks(Answer(text="Hi", usage=FULL))[-1]["usageMetadata"]
    assert {key: value for key, value in usage.items() if not key.endswith(("Details", "Tier"))} == {
        "promptTokenCount": 100,
        "candidatesTokenCount": 30,
        "totalTokenCount": 140,
        "cachedContentTokenCount": 30,
        "thoughtsTokenCount": 10,
    }


def test_a_call_that_the_limit_cut_is_not_there() -> None:
    cut = Answer(text="Hm", tool_calls=(ToolCall("c", "geo", '{"q": "Os'),), finish_reason=FinishReason.length)
    assert parts(cut) == [{"text": "Hm"}]
    assert chunks(cut)[-1]["candidates"][0]["finishReason"] == "MAX_TOKENS"


def test_a_filtered_answer_and_a_blocked_prompt() -> None:
    last = chunks(Answer(text="Hm", finish_reason=FinishReason.content_filter, code="RECITATION"))[-1]["candidates"][0]
    assert (last["finishReason"], last["content"]["parts"]) == ("RECITATION", [{"text": "Hm"}])
    (blocked,) = chunks(Answer(finish_reason=FinishReason.content_filter))
    assert "candidates" not in blocked
    assert blocked["promptFeedback"]["blockReason"] == "SAFETY"


def test_finish_words_of_errors() -> None:
    assert chunks(Answer(finish_reason=FinishReason.error))[-1]["candidates"][0]["finishReason"] == "MALFORMED_RESPONSE"
    with pytest.raises(ValueError, match="no word"):
        WIRE.stream(Answer(finish_reason=FinishReason.other), request())


def test_without_alt_the_stream_is_an_array() -> None:
    plain = Received("POST", request().path, {}, {}, CHAT)
    pieces = WIRE.stream(Answer(text="one two"), plain)
    assert len(pieces) == 2
    assert pieces[0].startswith(b'[{\n  "candidates": [\n')
    assert b"".join(pieces).count(b"}\n,\r\n{\n") == 1
    assert pieces[-1].endswith(b"}\n]")
    assert len(json.loads(b"".join(pieces))) == 2
    assert (WIRE.media_type(plain), WIRE.media_type(request())) == (
        "application/json; charset=UTF-8",
        "text/event-stream",
    )


def test_error_envelopes() -> None:
    assert json.loads(WIRE.error(404, "No.")) == {"error": {"code": 404, "message": "No.", "status": "NOT_FOUND"}}
    bad_key = json.loads(WIRE.error(400, "API key not valid.", "API_KEY_INVALID"))["error"]
    assert (bad_key["status"], bad_key["details"][0]["reason"]) == ("INVALID_ARGUMENT", "API_KEY_INVALID")
    limited = json.loads(WIRE.error(429, "Please retry in 48.94s."))["error"]
    assert limited["details"][-1]["retryDelay"] == "48s"
    assert json.loads(WIRE.error(400, "Not here.", "FAILED_PRECONDITION"))["error"]["status"] == "FAILED_PRECONDITION"
    inside = json.loads(sse(WIRE.error_event("Too many.", "RESOURCE_EXHAUSTED"))[0][1])
    assert (inside["error"]["code"], inside["error"]["status"]) == (429, "RESOURCE_EXHAUSTED")


def test_model_lists_come_in_pages() -> None:
    names = tuple(f"gemini-{number}" for number in range(120))
    query: dict[str, str] = {}
    got: list[str] = []
    while True:
        page = json.loads(WIRE.models(names, Received("GET", MODELS, query, {})))
        got += [model["name"].removeprefix("models/") for model in page["models"]]
        if "nextPageToken" not in page:
            break
        query = {"pageToken": page["nextPageToken"]}
    assert tuple(got) == names
    assert len(page["models"]) == 20


def test_routes() -> None:
    assert verb_of(WIRE, "GET", MODELS) == "models"
    assert verb_of(WIRE, "GET", "/v1/models") == "models"
    assert not verb_of(WIRE, "PUT", MODELS)
    assert verb_of(WIRE, "POST", "/v1/models/gemini-2.5-flash:streamGenerateContent") == "chat"
    assert verb_of(WIRE, "POST", f"{MODELS}/gemini-2.5-flash:generateContent") == "chat"
    assert verb_of(WIRE, "POST", f"{MODELS}/gemini-2.5-flash:countTokens") == "count"
    assert not verb_of(WIRE, "POST", f"{MODELS}/gemini-2.5-flash:embedText")
    assert WIRE.wants_stream(request())
    assert not WIRE.wants_stream(request(method="generateContent"))


def test_a_good_request_is_accepted() -> None:
    assert WIRE.check(request()) is None
    assert WIRE.check(request(model="gemini-3-flash-preview")) is None
    assert (
        WIRE.check(request(contents(("user", [{"function_response": {"name": "x"}}])))) is not None
    )  # read as camelCase
    assert WIRE.check(request({"contents": [{"parts": {"text": "hi"}}], "generation_config": {"top_p": 1}})) is None


MODEL_CALLS = ("model", [CALL])


BROKEN: list[tuple[dict[str, Any], str]] = [
    ({"contents": ...}, "contents is not specified"),
    ({"seed": 1}, 'Unknown name "seed": Cannot find field'),
    ({"generationConfig": {"max_tokens": 1}}, "Unknown name \"maxTokens\" at 'generation_config'"),
    ({"generationConfig": {"temperature": 2.5}}, "temperature"),
    ({"generationConfig": {"maxOutputTokens": 0}}, "max_output_tokens must be positive"),
    ({"generationConfig": {"stopSequences": list("abcdef")}}, "at most 5"),
    ({"generationConfig": {"responseSchema": {"type": "OBJECT"}}}, "application/json"),
    ({"generationConfig": {"responseSchema": {}, "responseJsonSchema": {}}}, "exclusive"),
    ({"generationConfig": {"thinkingConfig": {"thinkingBudget": 1, "thinkingLevel": "low"}}}, "only set one"),
    ({"generationConfig": {"thinkingConfig": {"thinkingBudget": 99999}}}, "thinking budget 99999 is invalid"),
    ({"generationConfig": {"thinkingConfig": {"thinkingLevel": "huge"}}}, "thinking_level"),
    ({"generationConfig": {"responseLogprobs": True}}, "streaming mode"),
    ({"tools": ...}, "without function_declarations"),
    ({"toolConfig": {"functionCallingConfig": {"mode": "REQUIRED"}}}, "mode"),
    ({"toolConfig": {"functionCallingConfig": {"mode": "AUTO", "allowedFunctionNames": ["geo"]}}}, "ANY and VALIDATED"),
    ({"toolConfig": {"functionCallingConfig": {"mode": "ANY", "allowedFunctionNames": ["x"]}}}, "not among"),
    ({"tools": [{"functionDeclarations": [DECLARED, DECLARED]}]}, "Duplicate"),
    ({"tools": [{"functionDeclarations": [{"name": "1geo"}]}]}, "Invalid function name"),
    ({"tools": [{"functionDeclarations": [DECLARED | {"parametersJsonSchema": {}}]}]}, "exclusive"),
    ({"tools": [{"functionDeclarations": [DECLARED | {"strict": True}]}]}, 'Unknown name "strict"'),
    ({"systemInstruction": {"parts": [{"inlineData": {"mimeType": "image/png", "data": ""}}]}}, "only supports text"),
    (contents(("assistant", [{"text": "x"}])), "valid role: user, model"),
    (contents(("user", [])), "must not be empty"),
    (contents(("user", [{}])), "oneof field 'data'"),
    (contents(("user", [{"text": "x", "inlineData": {"mimeType": "a/b", "data": ""}}])), "oneof field 'data'"),
    (contents(("user", [{"text": "x", "cacheControl": {}}])), 'Unknown name "cacheControl"'),
    (contents(("model", [{"text": "x"}])), "begin with a user turn"),
    (contents(("user", [{"text": "x"}]), ("model", [{"text": "x"}]), MODEL_CALLS), "immediately after a user turn"),
    (contents(("user", [{"text": "x"}]), MODEL_CALLS, ("user", [RESULT, RESULT])), "number of function response parts"),
    (contents(("user", [{"text": "x"}]), MODEL_CALLS, ("user", [{"text": "x"}])), "number of function response parts"),
    (contents(("user", [{"text": "x"}]), MODEL_CALLS, ("user", [RESULT, {"text": "x"}])), "other parts"),
    (contents(("user", [RESULT])), "immediately after a function call turn"),
    (
        contents(
            ("user", [{"text": "x"}]), MODEL_CALLS, ("user", [{"functionResponse": {"name": "y", "response": {}}}])
        ),
        "names of the function responses",
    ),
    (contents(("user", [{"functionResponse": {"name": "geo", "response": "x"}}])), "Struct"),
    (
        contents(("user", [{"text": "x"}]), ("model", [{"functionCall": {"name": "", "args": {}}}])),
        "Name cannot be empty",
    ),
]


@pytest.mark.parametrize(("changes", "said"), BROKEN)
def test_a_request_that_breaks_a_rule_is_refused(changes: dict[str, Any], said: str) -> None:
    assert said in refused(**changes)


@pytest.mark.parametrize(
    ("schema", "said"),
    [
        ({"type": "OBJECT", "properties": {"q": {"type": "OBJECT"}}}, "should be non-empty for OBJECT"),
        ({"type": "STRING", "properties": {"q": {"type": "STRING"}}}, "only allowed for OBJECT"),
        ({"type": "OBJECT", "properties": {"q": {"type": ["string", "null"]}}}, "cannot start list"),
        ({"type": "OBJECT", "properties": {"q": {"const": 1}}}, 'Unknown name "const"'),
        ({"type": "OBJECT", "properties": {"q": {"type": "INTEGER", "enum": [1]}}}, "TYPE_STRING"),
    ],
)
def test_schemas_of_the_openapi_subset(schema: Any, said: str) -> None:
    assert said in refused(tools=[{"functionDeclarations": [{"name": "geo", "parameters": schema}]}])


def test_gemini_3_wants_the_signature_of_the_first_call_of_the_turn() -> None:
    bare = {"functionCall": CALL["functionCall"]}
    unsigned = contents(("user", [{"text": "x"}]), ("model", [bare]), ("user", [RESULT]))
    said = WIRE.check(request(unsigned, model="gemini-3-flash-preview"))
    assert "missing a thought_signature" in (said or "")
    assert WIRE.check(request(unsigned)) is None
    later = {"contents": [*unsigned["contents"], {"role": "model", "parts": [{"text": "There."}]}, USER]}
    assert WIRE.check(request(later, model="gemini-3-flash-preview")) is None


def test_no_request_makes_the_check_fail() -> None:
    for body in damaged(CHAT):
        reason = WIRE.check(request(body, model="gemini-3-flash-preview"))
        assert reason is None or reason


recorded_only = pytest.mark.skipif(not load.available(), reason=load.MISSING)
HOSTS = ("google",)
OPAQUE = (".functionCall.args",)
ALL = {name: answer for name, answer in ANSWERS.items() if name != "no counts"} | {"image": Answer(images=IMAGES)}


@recorded_only
def test_keys_stand_in_the_recordings() -> None:
    made, recorded = Shapes(OPAQUE), Shapes(OPAQUE)
    for answer in ALL.values():
        for model in ("gemini-2.5-flash", "gemini-3-flash-preview"):
            made.add_stream(b"".join(WIRE.stream(answer, request(model=model))))
            made.add("", json.loads(WIRE.body(answer, request(model=model))))
    for exchange in good("gemini", HOSTS, stream=True):
        if not exchange.body.startswith(b"["):
            recorded.add_stream(exchange.body)
    for exchange in good("gemini", HOSTS, stream=False):
        recorded.add("", json.loads(exchange.body))
    assert strange(made, recorded) == {}
    assert lacking(made, recorded) == {}


@recorded_only
def test_recorded_requests_get_what_they_got() -> None:
    not_of_the_request = (
        "API key not valid",
        "Logprobs is not enabled",
        "Cannot fetch content",
        "The requested combination",
    )
    for exchange in load.exchanges("gemini"):
        if exchange.request_json is None:
            continue
        url = urlsplit(exchange.url)
        path = f"{MODELS}/{url.path.partition('/models/')[2]}"
        reason = WIRE.check(Received("POST", path, dict(parse_qsl(url.query)), {}, exchange.request_json))
        if exchange.status == 200:
            assert reason is None, exchange.id
        elif exchange.status == 400 and not json.loads(exchange.body)["error"]["message"].startswith(
            not_of_the_request
        ):
            assert reason, exchange.id
