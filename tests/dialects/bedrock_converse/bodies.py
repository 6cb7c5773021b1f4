"""Hand-written streams and bodies of the wire, after the API reference."""

import json
from typing import Any

from aikido_llm.dialects.bedrock_converse import BedrockConverse
from tests.binary import event, message, text
from tests.wire import Road

DIALECT = BedrockConverse()
STREAM_TYPE = "application/vnd.amazon.eventstream"
STREAM = Road(DIALECT, content_type=STREAM_TYPE)
BODY = Road(DIALECT, stream=False, content_type="application/json")
COUNTS = {"inputTokens": 9, "outputTokens": 4, "totalTokens": 13}


def said(kind: str, **fields: Any) -> bytes:
    return event(kind, json.dumps(fields).encode())


def delta(index: int = 0, **change: Any) -> bytes:
    return said("contentBlockDelta", contentBlockIndex=index, delta=change, p="abc")


def start(index: int, **block: Any) -> bytes:
    return said("contentBlockStart", contentBlockIndex=index, start=block)


def stop(index: int = 0) -> bytes:
    return said("contentBlockStop", contentBlockIndex=index)


def end(reason: str = "end_turn", **more: Any) -> bytes:
    """messageStop and metadata."""
    return said("messageStop", stopReason=reason, **more) + said("metadata", usage=COUNTS, metrics={"latencyMs": 5})


def stream(*pieces: bytes, reason: str = "end_turn") -> bytes:
    return said("messageStart", role="assistant") + b"".join(pieces) + end(reason)


def exception(name: str, **fields: Any) -> bytes:
    return message(text(":exception-type", name) + text(":message-type", "exception"), json.dumps(fields).encode())


def failure(code: str, words: str) -> bytes:
    """A message of type `error`, which says all in its headers."""
    return message(text(":message-type", "error") + text(":error-code", code) + text(":error-message", words))


def body(*content: dict[str, Any], reason: str = "end_turn", **more: Any) -> bytes:
    answer = {"output": {"message": {"role": "assistant", "content": list(content)}}, "stopReason": reason}
    return json.dumps({**answer, "usage": COUNTS, "metrics": {"latencyMs": 5}, **more}).encode()
