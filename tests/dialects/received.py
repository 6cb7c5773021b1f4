"""One answer per wire as its provider streams it, with all that must be sent back: thinking, its proof, calls, images.

The bytes are written by hand after each provider's reference; `message_of` reads them as the client does.
"""

import json
from functools import cache
from typing import Any

from aikido_llm.call.answer import AnswerParser
from aikido_llm.testing.wires import wire
from aikido_llm.types.messages import Message, user
from aikido_llm.types.request import Request
from aikido_llm.types.response import Response
from tests.binary import event, wrapped
from tests.speakers import row_of
from tests.wire import check_grammar, error_of, response_of

PNG = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
MODEL = "a-vision-model"
TEXT = "I look at both."
THINKING = "Two towns."
CALLS = (("get-weather", '{"city": "Oslo"}'), ("get-weather", '{"city": "Rome", "unit": null}'))

ANTHROPIC_BLOCKS: list[dict[str, Any]] = [
    {"type": "thinking", "thinking": THINKING, "signature": "c2lnbmVk"},
    {"type": "redacted_thinking", "data": "Ej8hidden"},
    {"type": "text", "text": TEXT},
    {"type": "tool_use", "id": "toolu_1", "name": CALLS[0][0], "input": json.loads(CALLS[0][1])},
    {"type": "tool_use", "id": "toolu_2", "name": CALLS[1][0], "input": json.loads(CALLS[1][1])},
]
GEMINI_PARTS: list[dict[str, Any]] = [
    {"text": THINKING, "thought": True},
    {"text": TEXT},
    {"functionCall": {"name": CALLS[0][0], "args": json.loads(CALLS[0][1]), "id": "fc-1"}, "thoughtSignature": "c2ln"},
    {"functionCall": {"name": CALLS[1][0], "args": json.loads(CALLS[1][1]), "id": "fc-2"}},
]
GEMINI_PICTURE: list[dict[str, Any]] = [
    {"text": TEXT, "thoughtSignature": "dGV4dA=="},
    {"inlineData": {"mimeType": "image/png", "data": PNG}, "thoughtSignature": "cGljdHVyZQ=="},
]
RESPONSES_ITEMS: list[dict[str, Any]] = [
    {
        "type": "reasoning",
        "summary": [{"type": "summary_text", "text": THINKING}],
        "encrypted_content": "gAAAAA-secret",
    },
    {"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": TEXT}]},
    {"type": "function_call", "call_id": "call_1", "name": CALLS[0][0], "arguments": CALLS[0][1]},
    {"type": "function_call", "call_id": "call_2", "name": CALLS[1][0], "arguments": CALLS[1][1]},
]
DETAILS: list[dict[str, Any]] = [
    {"type": "reasoning.text", "text": THINKING, "signature": "c2ln", "format": "anthropic-claude-v1", "index": 0},
    {"type": "reasoning.encrypted", "data": "ZGF0YQ==", "format": "anthropic-claude-v1", "index": 1},
]


def _sse(event: dict[str, Any]) -> bytes:
    name = f"event: {event['type']}\n" if "type" in event else ""
    return f"{name}data: {json.dumps(event)}\n\n".encode()


def _anthropic() -> bytes:
    return b"".join(map(_sse, _anthropic_events()))


def _anthropic_events() -> list[dict[str, Any]]:
    events: list[dict[str, Any]] = [
        {"type": "message_start", "message": {"id": "msg_1", "model": MODEL, "usage": {"input_tokens": 9}}}
    ]
    for index, block in enumerate(ANTHROPIC_BLOCKS):
        opened, deltas = _anthropic_block(block)
        events.append({"type": "content_block_start", "index": index, "content_block": opened})
        events += [{"type": "content_block_delta", "index": index, "delta": delta} for delta in deltas]
        events.append({"type": "content_block_stop", "index": index})
    usage = {"output_tokens": 20}
    events += [
        {"type": "message_delta", "delta": {"stop_reason": "tool_use"}, "usage": usage},
        {"type": "message_stop"},
    ]
    return events


def _anthropic_block(block: dict[str, Any]) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    match block["type"]:
        case "thinking":
            return {"type": "thinking", "thinking": "", "signature": ""}, [
                {"type": "thinking_delta", "thinking": block["thinking"]},
                {"type": "signature_delta", "signature": block["signature"]},
            ]
        case "text":
            return {"type": "text", "text": ""}, [{"type": "text_delta", "text": block["text"]}]
        case "tool_use":
            delta = {"type": "input_json_delta", "partial_json": json.dumps(block["input"])}
            return {**block, "input": {}}, [delta]
        case _:
            return block, []


def _gemini(parts: list[dict[str, Any]]) -> bytes:
    chunks: list[dict[str, Any]] = [
        {"candidates": [{"content": {"parts": [part], "role": "model"}}], "modelVersion": MODEL} for part in parts
    ]
    chunks.append({"candidates": [{"finishReason": "STOP"}], "usageMetadata": {"promptTokenCount": 9}})
    return b"".join(f"data: {json.dumps(chunk)}\r\n\r\n".encode() for chunk in chunks)


def _responses() -> bytes:
    events: list[dict[str, Any]] = [{"type": "response.created", "response": {"id": "resp_1", "model": MODEL}}]
    for index, item in enumerate(RESPONSES_ITEMS):
        whole = {**item, "id": f"item_{index}"}
        opened = {key: value for key, value in whole.items() if key not in ("content", "summary")} | {"arguments": ""}
        events.append({"type": "response.output_item.added", "output_index": index, "item": opened})
        if item["type"] == "message":
            delta = {"output_index": index, "content_index": 0, "delta": TEXT}
            events.append({"type": "response.output_text.delta", **delta})
        elif item["type"] == "reasoning":
            delta = {"output_index": index, "summary_index": 0, "delta": THINKING}
            events.append({"type": "response.reasoning_summary_text.delta", **delta})
        else:
            delta = {"output_index": index, "delta": item["arguments"]}
            events.append({"type": "response.function_call_arguments.delta", **delta})
        events.append({"type": "response.output_item.done", "output_index": index, "item": whole})
    events.append({"type": "response.completed", "response": {"id": "resp_1", "model": MODEL, "status": "completed"}})
    return b"".join(map(_sse, events))


def _cohere() -> bytes:
    def message(**fields: Any) -> dict[str, Any]:
        return {"delta": {"message": fields}}

    events: list[dict[str, Any]] = [
        {"type": "message-start", "id": "c14", **message(role="assistant")},
        {"type": "content-start", "index": 0, **message(content={"type": "thinking", "thinking": ""})},
        {"type": "content-delta", "index": 0, **message(content={"thinking": THINKING})},
        {"type": "content-end", "index": 0},
        {"type": "tool-plan-delta", **message(tool_plan="I will look.")},
    ]
    for index, (name, arguments) in enumerate(CALLS):
        call = {"id": f"{name}_{index}", "type": "function", "function": {"name": name, "arguments": ""}}
        events += [
            {"type": "tool-call-start", "index": index, **message(tool_calls=call)},
            {"type": "tool-call-delta", "index": index, **message(tool_calls={"function": {"arguments": arguments}})},
            {"type": "tool-call-end", "index": index},
        ]
    usage = {"tokens": {"input_tokens": 9, "output_tokens": 20}}
    events.append({"type": "message-end", "delta": {"finish_reason": "TOOL_CALL", "usage": usage}})
    return b"".join(map(_sse, events)) + b"data: [DONE]\n\n"


def _ollama() -> bytes:
    calls = [
        {"id": f"call_{index}", "function": {"index": 0, "name": name, "arguments": json.loads(arguments)}}
        for index, (name, arguments) in enumerate(CALLS)
    ]
    said: list[dict[str, Any]] = [
        {"message": {"role": "assistant", "content": "", "thinking": THINKING}, "done": False},
        {"message": {"role": "assistant", "content": TEXT}, "done": False},
        {"message": {"role": "assistant", "content": "", "tool_calls": calls}, "done": False},
        {"message": {"role": "assistant", "content": ""}, "done": True, "done_reason": "stop", "eval_count": 20},
    ]
    lines = ({"model": MODEL, "created_at": "2026-11-20T09:00:01.2Z", **line} for line in said)
    return b"".join(json.dumps(line).encode() + b"\n" for line in lines)


BEDROCK_BLOCKS: list[dict[str, Any]] = [
    {"reasoningContent": {"reasoningText": {"text": THINKING, "signature": "c2lnbmVk"}}},
    {"reasoningContent": {"redactedContent": "RWo4aGlkZGVu"}},
    {"text": TEXT},
    {"toolUse": {"toolUseId": "tooluse_1", "name": CALLS[0][0], "input": json.loads(CALLS[0][1])}},
    {"toolUse": {"toolUseId": "tooluse_2", "name": CALLS[1][0], "input": json.loads(CALLS[1][1])}},
]


def _bedrock() -> bytes:
    reasoned: list[dict[str, Any]] = [
        {"contentBlockIndex": 0, "delta": {"reasoningContent": {"text": THINKING}}},
        {"contentBlockIndex": 0, "delta": {"reasoningContent": {"signature": "c2lnbmVk"}}},
        {"contentBlockIndex": 1, "delta": {"reasoningContent": {"redactedContent": "RWo4aGlkZGVu"}}},
        {"contentBlockIndex": 2, "delta": {"text": TEXT}},
    ]
    events: list[tuple[str, dict[str, Any]]] = [("messageStart", {"role": "assistant"})]
    events += [("contentBlockDelta", delta) for delta in reasoned]
    for index, (name, arguments) in enumerate(CALLS, 3):
        start = {"toolUse": {"toolUseId": f"tooluse_{index - 2}", "name": name}}
        events += [
            ("contentBlockStart", {"contentBlockIndex": index, "start": start}),
            ("contentBlockDelta", {"contentBlockIndex": index, "delta": {"toolUse": {"input": arguments}}}),
            ("contentBlockStop", {"contentBlockIndex": index}),
        ]
    events += [("messageStop", {"stopReason": "tool_use"}), ("metadata", {"usage": {"outputTokens": 20}})]
    return b"".join(event(name, json.dumps(said).encode()) for name, said in events)


def _chat(style: str) -> bytes:
    """style: how the host sends reasoning."""
    deltas: list[dict[str, Any]] = [{"role": "assistant", "content": ""}]
    if style == "details":
        deltas += [{"reasoning": detail.get("text"), "reasoning_details": [detail]} for detail in DETAILS]
    elif style == "content":
        deltas.append({"reasoning_content": THINKING})
    deltas.append({"content": TEXT})
    for index, (name, arguments) in enumerate(CALLS):
        function = {"name": name, "arguments": arguments}
        deltas.append({"tool_calls": [{"index": index, "id": f"call_{index}", "function": function}]})
    chunks: list[dict[str, Any]] = [{"choices": [{"index": 0, "delta": delta}]} for delta in deltas]
    chunks.append({"choices": [{"index": 0, "delta": {}, "finish_reason": "tool_calls"}]})
    written = (json.dumps({"id": "gen-1", "model": MODEL, **chunk}) for chunk in chunks)
    return b"".join(f"data: {chunk}\n\n".encode() for chunk in written) + b"data: [DONE]\n\n"


def _drawn() -> bytes:
    image = {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{PNG}"}}
    chunk = {"choices": [{"index": 0, "delta": {"content": TEXT, "images": [image]}, "finish_reason": "stop"}]}
    return f"data: {json.dumps(chunk)}\n\ndata: [DONE]\n\n".encode()


ANSWERS = {
    "anthropic": _anthropic(),
    "gemini": _gemini(GEMINI_PARTS),
    "cohere": _cohere(),
    "ollama": _ollama(),
    "bedrock-converse": _bedrock(),
    "bedrock:invoke": b"".join(wrapped(json.dumps(one).encode()) for one in _anthropic_events()),
    "openai-responses": _responses(),
    "openrouter": _chat("details"),
    "deepseek": _chat("content"),
    "openai": _chat("none"),
}
PICTURES = {"gemini": _gemini(GEMINI_PICTURE), "openrouter": _drawn()}


@cache
def response_from(provider: str, *, picture: bool = False) -> Response:
    """What the client makes of the provider's answer: thinking, text and two calls; or text and a picture."""
    dialect = row_of(provider).dialect
    content_type = wire(dialect.name).stream_type.partition(";")[0]
    request = Request([user("What is the weather in Oslo and Rome?")], model=MODEL)
    answer = AnswerParser(dialect, request, stream=True, content_type=content_type, provider=row_of(provider).name)
    events = [*answer.feed((PICTURES if picture else ANSWERS)[provider]), *answer.eof()]
    check_grammar(events)
    assert error_of(events) is None
    return response_of(events)


def message_from(provider: str, *, picture: bool = False) -> Message:
    return response_from(provider, picture=picture).message
