"""What was said, in the form that OpenTelemetry's conventions give it: messages of parts, as plain data. Pure.

Pictures, sound and files are told by their type and size alone.
source: open-telemetry/semantic-conventions-genai, `model/gen-ai/gen-ai-{input,output}-messages.json`,
`gen-ai-system-instructions.json`, `gen-ai-tool-definitions.json`, read 2026-11.
"""

from collections.abc import Iterable, Iterator
from typing import Any

from ...errors import InvalidToolArguments
from ...types.messages import Message, Role
from ...types.parts import AudioPart, FilePart, ImagePart, Part, TextPart
from ...types.request import Request
from ...types.response import Response
from ...types.tools import Tool, ToolCall, ToolDef

Plain = dict[str, Any]


def instructions(request: Request) -> list[Plain]:
    """The system messages that stand before all others."""
    return [part for message in _leading(request) for part in _said(message)]


def input_messages(request: Request) -> list[Plain]:
    """All others, in their order."""
    rest = request.messages[len(list(_leading(request))) :]
    return [{"role": message.role.value, "parts": list(_parts(message))} for message in rest]


def output_messages(response: Response) -> list[Plain]:
    """One for each answer that was given."""
    return [{"role": "assistant", "parts": list(_parts(each.message))} for each in (response, *response.choices)]


def definitions(tools: Iterable[Tool]) -> list[Plain]:
    """What was offered, without what may be large."""
    return [{"type": "function" if isinstance(tool, ToolDef) else "extension", "name": tool.name} for tool in tools]


def arguments(call: ToolCall) -> Any:
    """The object where it is one, else the text."""
    try:
        return call.parsed()
    except InvalidToolArguments:
        return call.arguments


def _leading(request: Request) -> Iterator[Message]:
    for message in request.messages:
        if message.role is not Role.system:
            return
        yield message


def _parts(message: Message) -> Iterator[Plain]:
    if message.role is Role.tool:
        said = [part["content"] for part in _said(message) if part["type"] == "text"]
        yield {"type": "tool_call_response", "id": message.tool_call_id, "response": "".join(said)}
        return
    for thought in message.thinking:
        yield {"type": "reasoning", "content": thought.text}
    yield from _said(message)
    for call in message.tool_calls:
        yield {"type": "tool_call", "id": call.id, "name": call.name, "arguments": arguments(call)}


def _said(message: Message) -> Iterator[Plain]:
    content = (TextPart(message.content),) if isinstance(message.content, str) else message.content
    for part in (*content, *message.images, *message.audio):
        if not isinstance(part, TextPart) or part.text:
            yield _part(part)


def _part(part: Part) -> Plain:
    if isinstance(part, TextPart):
        return {"type": "text", "content": part.text}
    modality = _MODALITY[type(part)]
    if part.data is None:
        return {"type": "uri", "modality": modality, "uri": part.url or "", "mime_type": part.content_type or None}
    return {"type": modality, "mime_type": part.content_type or None, "bytes": len(part.data)}


_MODALITY: dict[type[Any], str] = {ImagePart: "image", AudioPart: "audio", FilePart: "document"}
