"""Request -> body of `POST /api/chat`.

The server ignores unknown top-level fields without a word, so nothing may be put in the wrong place: sampling goes into
`options`. Content is one string, pictures stand in a list beside it. The system messages that open become one; tool
results follow their calls in call order, since many templates match them by position.

source: Ollama docs, "API", "Generate a chat completion", and the server's request types, read 2026-11.
"""

import re
from typing import Any

from ...codecs.base64 import Base64Text
from ...errors import ConfigError, UnsupportedFeatureError
from ...types.messages import Message, Role
from ...types.parts import AudioPart, ImagePart, Part, TextPart
from ...types.request import Request, ThinkingConfig
from ...types.tools import ToolCall
from .. import media
from ..base import WireRequest
from ..extra import with_extra
from ..lacking import functions, refuse
from ..ranges import effort_of
from ..tool_choice import ChoiceWords, word_for
from ..toolcalls import arguments_object
from ..turns import Turn, call_of, conversation, plain_text
from .quirks import Quirks

_CHOICE = ChoiceWords(None, None, None, None)  # the wire has no such field: `none` is said by leaving the tools out


def encode(request: Request, quirks: Quirks, *, stream: bool, provider: str) -> WireRequest:
    """`extra` is merged last."""
    _refuse(request)
    body: dict[str, Any] = {
        "model": request.model,
        "messages": _messages(request, quirks, provider),
        "stream": stream,  # the server's default is true
    }
    if request.tools and request.tool_choice != "none":
        body["tools"] = _tools(request)
    if request.response_format is not None:
        schema = request.response_format.schema
        body["format"] = "json" if schema is None else dict(schema)
    if request.thinking is not None:
        body["think"] = _think(request.thinking, quirks)
    if request.logprobs:
        body["logprobs"] = True
        if request.logprobs is not True:
            body["top_logprobs"] = request.logprobs
    options = _options(request)
    if options:
        body["options"] = options
    return WireRequest("/api/chat", with_extra(body, request))


def _refuse(request: Request) -> None:
    refuse(request, "n", "background", "previous_response_id", "conversation")
    word_for(request, _CHOICE)
    if request.tools and request.parallel_tool_calls is False:
        raise UnsupportedFeatureError("this wire cannot forbid parallel tool calls; leave parallel_tool_calls unset")
    if any(modality not in ("text", "image") for modality in request.modalities):
        raise UnsupportedFeatureError("this wire answers in text and pictures only; leave modalities unset")
    if request.image_config is not None:
        raise UnsupportedFeatureError("this wire has no image_config; say in the prompt what the picture shall be like")


# ---------------------------------------------------------------- fields beside the conversation


def _options(request: Request) -> dict[str, Any]:
    options = {
        "temperature": request.temperature,
        "top_p": request.top_p,
        "num_predict": request.max_tokens,
        "stop": list(request.stop) or None,  # a bare string is refused
        "seed": request.seed,
        "top_k": request.top_k,
    }
    return {name: value for name, value in options.items() if value is not None}


def _tools(request: Request) -> list[dict[str, Any]]:
    return [
        {
            "type": "function",
            "function": {"name": tool.name, "description": tool.description, "parameters": dict(tool.parameters)},
        }
        for tool in functions(request.tools)
    ]


def _think(thinking: ThinkingConfig, quirks: Quirks) -> bool | str:
    budget = thinking.budget_tokens
    if budget == 0 or thinking.effort == "none":
        return False
    if not quirks.thinking_levels:
        return True
    if budget is None:
        return effort_of(thinking, ("low", "medium", "high"))
    if budget <= quirks.low_budget_tokens:
        return "low"
    return "medium" if budget <= quirks.medium_budget_tokens else "high"


# ---------------------------------------------------------------- the conversation


def _messages(request: Request, quirks: Quirks, provider: str) -> list[dict[str, Any]]:
    """An empty list is legal: it loads the model."""
    sorted_out = conversation(request.messages, quirks.late_system)
    instructions = sorted_out.instructions
    messages: list[dict[str, Any]] = [{"role": "system", "content": instructions}] if instructions else []
    for turn in sorted_out.turns:
        messages += _turn(turn, quirks, provider)
    return messages


def _turn(turn: Turn, quirks: Quirks, provider: str) -> list[dict[str, Any]]:
    message = turn.message
    if message.role is Role.system:
        plain_text(message, "instructions")  # refuses what is not text
    spoken = _message(message, quirks)
    if message.role is Role.tool:  # of a call that the conversation does not show
        return [{**spoken, **_answers(message, None)}]
    if message.role is Role.assistant:
        thought = "".join(part.text for part in message.thinking if part.provider == provider)
        if thought:
            spoken["thinking"] = thought
        if message.tool_calls:
            spoken["tool_calls"] = [_call(call) for call in message.tool_calls]
    results = [
        {**_message(result, quirks), **_answers(result, call_of(turn, position))} for position, result in turn.results
    ]
    return [spoken, *results]


def _answers(result: Message, call: ToolCall | None) -> dict[str, Any]:
    """Older servers and templates know the tool by its name, newer ones the call by its id: both are sent."""
    name = result.name or (call.name if call is not None else "")
    names = {"tool_name": name, "tool_call_id": result.tool_call_id}
    return {key: value for key, value in names.items() if value}


def _call(call: ToolCall) -> dict[str, Any]:
    function = {"name": call.name, "arguments": arguments_object(call.arguments)}
    return {"id": call.id, "function": function} if call.id else {"function": function}


def _message(message: Message, quirks: Quirks) -> dict[str, Any]:
    spoken: dict[str, Any] = {"role": message.role.value, "content": _text(message.parts)}
    shown = [_shown(part, message, quirks) for part in message.parts if _is_shown(part, message)]
    if shown:
        spoken["images"] = shown
    return spoken


def _text(parts: tuple[Part, ...]) -> str:
    """The text parts in one string; a line break stands where something else stood between two of them."""
    pieces: list[str] = []
    apart = False
    for part in parts:
        if isinstance(part, TextPart):
            pieces.append("\n" + part.text if apart and pieces else part.text)
            apart = False
        else:
            apart = True
            if isinstance(part, AudioPart) and part.transcript:
                pieces.append("\n" + part.transcript if pieces else part.transcript)
    return "".join(pieces)


def _is_shown(part: Part, message: Message) -> bool:
    if isinstance(part, AudioPart) and part.transcript and (message.role is Role.assistant or part.data is None):
        return False  # its words are in the text
    return not isinstance(part, TextPart)


def _shown(part: Part, message: Message, quirks: Quirks) -> Base64Text:
    if isinstance(part, ImagePart):
        return media.bare_base64(part, "images")
    if isinstance(part, AudioPart) and quirks.audio_in_images:
        return media.bare_base64(part, "audio")
    raise UnsupportedFeatureError(
        f"this wire takes text and pictures from a {message.role.value} turn, not {type(part).__name__}; send its "
        "text, or its pages as pictures"
    )


_DURATION = re.compile(r"[+-]?([0-9]+(\.[0-9]*)?(ns|us|µs|ms|s|m|h))+")


def keep_alive(text: str) -> str | int:
    """The option's text -> what the server takes: a duration (`10m`, `1h30m`), or a number of seconds without unit,
    which must be a JSON number; negative is for ever, 0 unloads the model after the answer.

    Raises ConfigError."""
    text = text.strip()
    try:
        return int(text)
    except ValueError:
        pass
    if not _DURATION.fullmatch(text):
        raise ConfigError(f"keep_alive {text!r} is neither seconds nor a duration such as 10m or 1h30m")
    return text
