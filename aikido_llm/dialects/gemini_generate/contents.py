"""Messages -> contents. The wire knows two roles that take turns; its rules about calls and their results:

- the first content is the user's; a content without parts is refused;
- the results of a turn's calls stand together in the one content right behind it, as many as the calls and in their
  order, and nothing else stands with them;
- a result carries the function's name, and the call's id only if the server had given one.
"""

import re
from collections.abc import Iterable
from mimetypes import guess_type
from typing import Any

from ...codecs.base64 import Base64Text
from ...errors import InvalidRequestError, UnsupportedFeatureError
from ...types.messages import Message, Role
from ...types.parts import AudioPart, FilePart, ImagePart, Part, TextPart
from ...types.tools import ToolCall
from ..toolcalls import arguments_object
from ..turns import Turn, call_of
from ..values import as_text, is_object
from .quirks import Quirks
from .replay import filled

_Parts = list[dict[str, Any]]
_REFUSED = re.compile(r"[^A-Za-z0-9_.:-]")
_FIRST = re.compile(r"[A-Za-z_]")
_LONGEST_NAME = 64


def system_parts(messages: Iterable[Message]) -> _Parts:
    """The text of the system messages, in order; this wire has one place for it."""
    parts: _Parts = []
    for message in messages:
        for part in message.parts:
            if not isinstance(part, TextPart):
                raise UnsupportedFeatureError("this wire's system text is text only: put media into a user message")
            if part.text:
                parts.append({"text": part.text})
    return parts


def contents(turns: Iterable[Turn], quirks: Quirks, provider: str, wire: str) -> _Parts:
    """All turns but the system's.

    provider, wire: the names of the row and of the dialect, by which a turn's replay data is recognised as its own.

    Raises InvalidRequestError for calls without results and results without calls, UnsupportedFeatureError for media
    that the wire cannot name.
    """
    out: _Parts = []
    for turn in turns:
        message = turn.message
        if message.role is Role.tool:
            raise InvalidRequestError(f"the tool message for {message.tool_call_id!r} answers no call before it")
        if message.role is not Role.assistant:
            _append(out, "user", _parts(message))
            continue
        _append(out, "model", _model_parts(message, quirks, provider, wire))
        if message.tool_calls:
            _append_results(out, turn, quirks, provider)
    if not out or out[0]["role"] == "model":
        out.insert(0, {"role": "user", "parts": [{"text": ""}]})
    return out


def _append(out: _Parts, role: str, parts: _Parts) -> None:
    """One more turn; neighbours of one role become one, but nothing joins results."""
    if not parts:
        return
    last = out[-1] if out else None
    if last is not None and last["role"] == role and "functionResponse" not in last["parts"][0]:
        last["parts"] += parts
    else:
        out.append({"role": role, "parts": parts})


def _append_results(out: _Parts, turn: Turn, quirks: Quirks, provider: str) -> None:
    """The results in the order of the calls; pictures that they show follow in a turn of their own."""
    answered = {position for position, _ in turn.results}
    missing = [call.id for n, call in enumerate(turn.message.tool_calls) if n not in answered]
    if missing:
        raise InvalidRequestError(
            f"this wire wants a result for every tool call of a turn; none was given for {', '.join(missing)}: "
            "add tool(call_id, ...) messages behind the assistant's"
        )
    results: _Parts = []
    media: _Parts = []
    for position, result in turn.results:
        item = _result(result, call_of(turn, position), turn.message, provider)
        shown = [part for p in result.parts if not isinstance(p, TextPart) and (part := _part(p)) is not None]
        if shown and quirks.media_in_results:
            item["functionResponse"]["parts"] = shown
        else:
            media += shown
        results.append(item)
    out.append({"role": "user", "parts": results})
    _append(out, "user", media)


def _result(result: Message, call: ToolCall, asked: Message, provider: str) -> dict[str, Any]:
    response = {"error" if result.is_error else "output": result.text}
    wire_id = _wire_id(call, asked, provider)
    identity = {"id": wire_id} if wire_id else {}
    return {"functionResponse": {"name": _name(call, asked, provider), "response": response, **identity}}


def _model_parts(message: Message, quirks: Quirks, provider: str, wire: str) -> _Parts:
    """The turn as it came, if it came from here; else its words and calls. Reasoning of others is left out."""
    items = message.replay_for(provider, wire)
    if items:
        parts = filled(items, message)
        if parts is not None:
            return parts
    parts = [part for p in message.parts if (part := _spoken(p)) is not None]
    for n, call in enumerate(message.tool_calls):
        mark = _mark(call, message, provider)
        item: dict[str, Any] = {
            "functionCall": {"name": _name(call, message, provider), "args": arguments_object(call.arguments)}
        }
        wire_id = _wire_id(call, message, provider)
        if wire_id:
            item["functionCall"]["id"] = wire_id
        signature = mark.get("thoughtSignature") if mark is not None else quirks.placeholder_signature if n == 0 else ""
        if signature:
            item["thoughtSignature"] = signature
        parts.append(item)
    return parts


def _mark(call: ToolCall, message: Message, provider: str) -> dict[str, Any] | None:
    """What our decoder noted with a call that came from this wire; None for calls from elsewhere."""
    if message.replay is not None and message.replay.provider != provider:
        return None
    data = call.provider_data
    return data if data is not None and is_object(data.get("functionCall")) else None


def _wire_id(call: ToolCall, message: Message, provider: str) -> str:
    mark = _mark(call, message, provider)
    return as_text(mark["functionCall"].get("id")) if mark is not None else ""


def _name(call: ToolCall, message: Message, provider: str) -> str:
    """A name that a model elsewhere made up may hold what this wire refuses."""
    if _mark(call, message, provider) is not None:
        return call.name
    name = _REFUSED.sub("_", call.name)[:_LONGEST_NAME]
    return name if _FIRST.match(name) else f"_{name}"[:_LONGEST_NAME]


def _spoken(part: Part) -> dict[str, Any] | None:
    """What the model said in sound goes back as words where they are known."""
    if isinstance(part, AudioPart) and part.transcript:
        return {"text": part.transcript}
    return _part(part)


def _parts(message: Message) -> _Parts:
    return [part for p in message.parts if (part := _part(p)) is not None]


def _part(part: Part) -> dict[str, Any] | None:
    """None for empty text."""
    if isinstance(part, TextPart):
        return {"text": part.text} if part.text else None
    if isinstance(part, AudioPart) and part.data is None and part.url is None:
        return {"text": part.transcript}
    content_type = part.content_type or _guessed(part)
    if part.data is None:
        kind = {"mimeType": content_type} if content_type else {}
        return {"fileData": {**kind, "fileUri": part.url}}
    if not content_type:
        raise UnsupportedFeatureError("this wire takes no bytes without a media type: pass content_type=")
    return {"inlineData": {"mimeType": content_type, "data": Base64Text(part.data)}}


def _guessed(part: ImagePart | AudioPart | FilePart) -> str:
    name = part.name if isinstance(part, FilePart) and part.name else (part.url or "").partition("?")[0]
    return guess_type(name)[0] or ""
