"""Request -> body of `POST /v2/chat`.

The wire's own order, which callers need not know: one system turn, first (later ones are the user's
words); an assistant turn with calls has no text (it goes to `tool_plan`); the results of its calls stand directly
behind it; no turn is empty. Labels that the wire has no
place for (names of speakers, cache marks, metadata) are left out.

source: Cohere API reference, "Chat", read 2026-11; the rules about turns from the service's own 400s.
"""

from collections.abc import Iterable
from typing import Any

from attrs import evolve

from ...errors import InvalidRequestError, UnsupportedFeatureError
from ...types.messages import Message, Role
from ...types.parts import AudioPart, ImagePart, Part, TextPart
from ...types.request import Request, ThinkingConfig
from ...types.tools import ToolCall
from .. import media
from ..base import WireRequest
from ..extra import with_extra
from ..lacking import functions, refuse
from ..late_system import LateSystem
from ..ranges import effort_of, nearest
from ..tool_choice import ChoiceWords, word_for
from ..toolcalls import arguments_json, made_id
from ..turns import DRAWN, Turn, call_of, conversation, from_tool, plain_text, split
from ..values import as_object
from . import schema
from .names import ToolNames
from .quirks import Quirks

_CHOICE = ChoiceWords(None, "NONE", "REQUIRED", lambda name: "REQUIRED")
_NAMED_BY_EXTRA = evolve(_CHOICE, named=None)  # those of `extra` cannot be sent alone

# The wire refuses empty turns, and the result of a call may not be left out.
NO_OUTPUT = "(no output)"


def encode(request: Request, quirks: Quirks, *, stream: bool, provider: str, wire: str) -> WireRequest:
    refuse(request, "n", "background", "previous_response_id", "conversation")
    _refuse(request, quirks)
    names = ToolNames(functions(request.tools))
    body: dict[str, Any] = {
        "model": request.model,
        "messages": _Turns(request, names, provider, wire).all(quirks.late_system),
        "stream": stream,
        **_sampling(request, quirks),
        **_tools(request, names),
    }
    if request.response_format is not None:
        body["response_format"] = _response_format(request)
    if request.thinking is not None:
        body["thinking"] = _thinking(request.thinking, quirks)
    return WireRequest("/v2/chat", with_extra(body, request))


# ---------------------------------------------------------------- what is refused before sending


def _refuse(request: Request, quirks: Quirks) -> None:
    if request.seed is not None and not 0 <= request.seed < 2**64:
        raise InvalidRequestError(f"seed: this wire takes 0 to {2**64 - 1}, not {request.seed}")
    if len(request.stop) > quirks.max_stops:
        raise InvalidRequestError(f"stop: this wire takes {quirks.max_stops} strings at most, not {len(request.stop)}")
    if request.logprobs and request.logprobs is not True:
        raise UnsupportedFeatureError("this wire tells no alternatives of a token: use logprobs=True")
    if request.tools and request.parallel_tool_calls is False:
        raise UnsupportedFeatureError("this wire cannot forbid parallel tool calls; leave parallel_tool_calls unset")
    if any(modality != "text" for modality in request.modalities) or request.image_config is not None:
        raise UnsupportedFeatureError("this wire answers in text only; leave modalities and image_config unset")


# ---------------------------------------------------------------- fields beside the conversation


def _sampling(request: Request, quirks: Quirks) -> dict[str, Any]:
    fields = {
        "max_tokens": request.max_tokens,
        "temperature": nearest("temperature", request.temperature, 0.0, quirks.max_temperature),
        "p": nearest("top_p", request.top_p, quirks.min_top_p, quirks.max_top_p),
        "stop_sequences": list(request.stop) or None,
        "seed": request.seed,
        "k": request.top_k,
        "logprobs": request.logprobs or None,
    }
    return {name: value for name, value in fields.items() if value is not None}


def _tools(request: Request, names: ToolNames) -> dict[str, Any]:
    """There is no word for one certain tool: then it is the only one that is sent, and a call is required."""
    choice = word_for(request, _NAMED_BY_EXTRA if request.extra.get("tools") else _CHOICE)
    named = [tool for tool in functions(request.tools) if tool.name == request.tool_choice]
    described = [
        {
            "name": names.wire(tool.name),
            **({"description": tool.description} if tool.description else {}),
            "parameters": dict(tool.parameters),
        }
        for tool in (named or functions(request.tools))
    ]
    fields: dict[str, Any] = {}
    if described:
        fields["tools"] = [{"type": "function", "function": function} for function in described]
    if choice is not None:
        fields["tool_choice"] = choice
    return fields


def _response_format(request: Request) -> dict[str, Any]:
    wanted = request.response_format
    if request.tools:
        raise UnsupportedFeatureError(
            "this wire takes response_format or tools, not both; use extra={'strict_tools': True}, or a tool whose "
            "arguments are the answer"
        )
    if wanted is None or wanted.schema is None:
        return {"type": "json_object"}
    return {"type": "json_object", "json_schema": schema.rewrite(wanted.schema)}


def _thinking(thinking: ThinkingConfig, quirks: Quirks) -> dict[str, Any]:
    budgets = {
        "low": quirks.low_effort_tokens,
        "medium": quirks.medium_effort_tokens,
        "high": quirks.high_effort_tokens,
    }
    effort = effort_of(thinking, tuple(budgets))
    if effort == "none":
        return {"type": "disabled"}
    budget = thinking.budget_tokens or budgets[effort]
    return {"type": "enabled", **({"token_budget": budget} if budget else {})}


# ---------------------------------------------------------------- the conversation


class _Turns:
    """The messages of one request. Ids of calls are unique in it, as the wire wants; most are sent as they are."""

    def __init__(self, request: Request, names: ToolNames, provider: str, wire: str) -> None:
        self._request = request
        self._names = names
        self._provider = provider
        self._wire = wire
        self._ids: set[str] = set()
        self._counts: dict[str, int] = {}  # how often an id has come

    def all(self, late_system: LateSystem) -> list[dict[str, Any]]:
        sorted_out = conversation(self._request.messages, late_system)
        instructions = sorted_out.instructions
        messages = [{"role": "system", "content": instructions}] if instructions else []
        for turn in sorted_out.turns:
            for message in self._turn(turn):
                _append(messages, message)
            self._show(turn, messages)
        if not messages:
            raise InvalidRequestError("messages: there is nothing to send; this wire refuses an empty conversation")
        return messages

    def _turn(self, turn: Turn) -> list[dict[str, Any]]:
        message = turn.message
        if message.role is Role.user:
            content = _content(message.parts)
            return [{"role": "user", "content": content}] if content else []
        if message.role is Role.system:
            text = plain_text(message, "instructions")
            return [{"role": "system", "content": text}] if text else []
        if message.role is Role.tool:
            raise InvalidRequestError(
                f"tool_call_id {message.tool_call_id!r} is in no earlier assistant turn of the conversation, or it was "
                "answered before; this wire takes one result for each call"
            )
        ids = [self._id(position, call) for position, call in enumerate(message.tool_calls)]
        spoken = self._assistant(message, ids)
        results = [_result(ids[position], result) for position, result in turn.results]
        return [spoken, *results] if spoken else results

    def _show(self, turn: Turn, messages: list[dict[str, Any]]) -> None:
        """What the assistant made and what results show: on this wire only the user shows pictures."""
        shown: list[Part] = []
        if turn.message.role is Role.assistant:
            made = split(turn.message.parts)[1]
            shown += [DRAWN, *made] if made else []
        for position, result in turn.results:
            seen = split(result.parts)[1]
            shown += [from_tool(call_of(turn, position).name), *seen] if seen else []
        if shown:
            _append(messages, {"role": "user", "content": _content(shown)})

    def _id(self, position: int, call: ToolCall) -> str:
        base = id = call.id or made_id(f"turn {len(self._ids)}", position, call.name)
        count = self._counts.get(base, 1)
        while id in self._ids:
            count += 1
            id = f"{base}_{count}"
        self._counts[base] = count
        self._ids.add(id)
        return id

    def _assistant(self, message: Message, ids: list[str]) -> dict[str, Any] | None:
        text = _words(message)
        if not message.tool_calls:
            return {"role": "assistant", "content": text} if text else None
        turn: dict[str, Any] = {
            "role": "assistant",
            "tool_calls": [self._call(id, call) for id, call in zip(ids, message.tool_calls, strict=True)],
        }
        plan, thought = self._own_reasoning(message)
        plan = "\n\n".join(filter(None, (plan, text)))
        if plan:
            turn["tool_plan"] = plan
        if thought:
            turn["content"] = [{"type": "thinking", "thinking": thought}]
        return turn

    def _call(self, id: str, call: ToolCall) -> dict[str, Any]:
        function = {"name": self._names.wire(call.name), "arguments": arguments_json(call.arguments)}
        return {"id": id, "type": "function", "function": function}

    def _own_reasoning(self, message: Message) -> tuple[str, str]:
        """Plan and thinking that came with the calls, if they came from here.

        Thinking may only be sent with thinking enabled, so it goes back to the model that it came from and no other.
        """
        for item in message.replay_for(self._provider, self._wire):
            block = as_object(item)
            plan, thought = block.get("tool_plan", ""), block.get("thinking", "")
            disabled = self._request.thinking is not None and self._request.thinking.budget_tokens == 0
            return plan, "" if disabled or block.get("model") != self._request.model else thought
        return "", ""


def _result(id: str, result: Message) -> dict[str, Any]:
    """The wire has no mark for a failed tool: the content says how, as it does for every reader."""
    return {"role": "tool", "tool_call_id": id, "content": _words(result) or NO_OUTPUT}


def _words(message: Message) -> str:
    return "".join(part.text for part in split(message.parts)[0])


def _content(parts: Iterable[Part]) -> str | list[dict[str, Any]]:
    """Plain text where there is nothing else (text-only models refuse blocks of pictures), else blocks in order."""
    blocks = [_block(part) for part in parts]
    if all(block["type"] == "text" for block in blocks):
        return "".join(block["text"] for block in blocks)
    return [block for block in blocks if block.get("text") != ""]


def _block(part: Part) -> dict[str, Any]:
    if isinstance(part, TextPart):
        return {"type": "text", "text": part.text}
    if isinstance(part, ImagePart):
        return {"type": "image_url", "image_url": {"url": media.data_uri(part, "image/png")}}
    if isinstance(part, AudioPart) and part.data is None and part.url is None:
        return {"type": "text", "text": part.transcript}
    raise UnsupportedFeatureError(
        f"this wire takes text and pictures from a user, not {type(part).__name__}; send its text, or pass documents "
        "as extra={'documents': [...]}"
    )


def _append(messages: list[dict[str, Any]], message: dict[str, Any]) -> None:
    """Neighbouring user turns become one: models are trained on alternating ones."""
    last = messages[-1] if messages else None
    if last is None or last["role"] != "user" or message["role"] != "user":
        messages.append(message)
    elif isinstance(last["content"], str) and isinstance(message["content"], str):
        last["content"] += "\n\n" + message["content"]
    else:
        last["content"] = [*_blocks(last["content"]), *_blocks(message["content"])]


def _blocks(content: str | list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [{"type": "text", "text": content}] if isinstance(content, str) else content
