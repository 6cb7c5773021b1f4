"""Amazon Bedrock's InvokeModel: Claude's Messages, each event as base64 in a message of AWS's own stream.

What models of other makers answer is not read on this wire: its fact is that the caller is told so.
"""

from __future__ import annotations

import base64
import json

from . import anthropic_messages
from .base import Draft, Json, string
from .bedrock_converse import messages

OTHERS = "MalformedStream"


def read(body: bytes) -> Draft:
    if body.lstrip()[:1] == b"{":
        answer: Json = json.loads(body)
        return anthropic_messages.whole(answer) if "content" in answer else Draft(error=OTHERS)
    events: list[Json] = []
    for kind, said in messages(body):
        if kind == "chunk":
            events.append(json.loads(base64.b64decode(said["bytes"])))
    return anthropic_messages.stream(events) if string(events[0], "type") == "message_start" else Draft(error=OTHERS)
