"""ag_ui: the events of the Agent User Interaction Protocol, 1.0, over SSE.

source: `@ag-ui/core` 1.0.0 (its schemas) and `@ag-ui/client` 1.0.0 (which order of events it takes), read 2026-11.
"""

from collections.abc import AsyncIterable, Mapping
from typing import Any, ClassVar

from ..codecs.base64 import Base64Text
from ..errors import LLMError
from ..types.citations import Citation
from ..types.events import RunEvent
from ..types.messages import Message
from ..types.parts import AudioPart, FilePart, ImagePart, Part, TextPart
from ..types.response import FinishReason, Response
from ..types.server_tools import ServerToolCall
from ..types.tools import ToolCall
from ..types.usage import Usage
from .base import HEADERS, Bridge
from .encoder import STOPPED, TOOL_FAILED, Block, Blocks
from .parts import choice_of, media_type, text_of, url_of

_VERSION = "1.0"


class ag_ui(Bridge):
    """A stream of events -> the events of one AG-UI run.

    events:   of one answer, or of a run of tools. thread_id, run_id: as the client's RunAgentInput has them.
    thinking: the model's reasoning too. errors: an error's own words too, not only that there was one.
    heartbeat: see `Bridge`.

    Tools that the provider ran are tool calls with their result. What the protocol has no event for is CUSTOM:
    `citation`, `image`, `audio`, `choice`. The finish reason is metadata of RUN_FINISHED, whose outcome names the calls
    that the client shall answer; a call that was cut off is RUN_ERROR, as one that has no end must not be run.
    """

    HEADERS: ClassVar[Mapping[str, str]] = HEADERS

    def __init__(
        self,
        events: AsyncIterable[RunEvent],
        thread_id: str,
        run_id: str,
        *,
        thinking: bool = False,
        errors: bool = False,
        heartbeat: float | None = 15.0,
    ) -> None:
        super().__init__(events, _Run(thread_id, run_id, thinking, errors), heartbeat)


class _Run(Blocks):
    def __init__(self, thread_id: str, run_id: str, thinking: bool, errors: bool) -> None:
        super().__init__(thinking, errors)
        self._ids = {"threadId": thread_id, "runId": run_id}
        self._messages = 0
        self._parent = ""  # the message that the answer's calls belong to: its last text
        self._calls: dict[int, str] = {}  # index of the event -> id of a call that has begun and not ended
        self._argued: set[int] = set()  # indexes of those that have told arguments
        self._pending: dict[str, None] = {}  # ids of calls that nobody has answered, in order
        self._choices: tuple[Response, ...] = ()

    def begun(self) -> None:
        self.send({"type": "RUN_STARTED", **self._ids, "protocolVersion": _VERSION})

    def turned(self) -> None:
        self._parent = ""
        for call_id in self._calls.values():  # cut off, and the run went on without it: nobody shall answer it
            self.send({"type": "TOOL_CALL_END", "toolCallId": call_id})
            self._result(call_id, "The call was cut off.")
        self._calls.clear()
        self._argued.clear()

    @property
    def _id(self) -> str:
        return f"{self._ids['runId']}-{self._messages}"

    def block_begun(self, block: Block) -> None:
        self._messages += 1
        if block == "text":
            self._parent = self._id
            self.send({"type": "TEXT_MESSAGE_START", "messageId": self._id, "role": "assistant"})
        else:
            self.send({"type": "REASONING_START", "messageId": self._id})
            self.send({"type": "REASONING_MESSAGE_START", "messageId": self._id, "role": "reasoning"})

    def block_goes_on(self, block: Block, text: str) -> None:
        kind = "TEXT_MESSAGE_CONTENT" if block == "text" else "REASONING_MESSAGE_CONTENT"
        self.send({"type": kind, "messageId": self._id, "delta": text})

    def block_ended(self, block: Block) -> None:
        kinds = ("TEXT_MESSAGE_END",) if block == "text" else ("REASONING_MESSAGE_END", "REASONING_END")
        for kind in kinds:
            self.send({"type": kind, "messageId": self._id})

    def call_begun(self, index: int, id: str, name: str) -> None:
        self._calls[index] = id
        if not self._parent:  # without one, clients make a message of each call
            self._messages += 1
            self._parent = self._id
        named = {"toolCallId": id, "toolCallName": name, "parentMessageId": self._parent}
        self.send({"type": "TOOL_CALL_START", **named})

    def call_goes_on(self, index: int, arguments: str) -> None:
        self._argued.add(index)
        self.send({"type": "TOOL_CALL_ARGS", "toolCallId": self._calls[index], "delta": arguments})

    def called(self, index: int, call: ToolCall) -> None:
        if index not in self._argued:
            self.call_goes_on(index, call.arguments)
        self._calls.pop(index, None)
        self._pending[call.id] = None
        self.send({"type": "TOOL_CALL_END", "toolCallId": call.id})

    def answered(self, call: ToolCall, message: Message) -> None:
        self._pending.pop(call.id, None)
        content: Any = self.result_text(message, text_of(message))
        if not isinstance(message.content, str) and not message.is_error:
            content = [_part(part) for part in message.parts]
        self._result(call.id, content)

    def image(self, image: ImagePart) -> None:
        self._custom("image", {"mimeType": media_type(image), "url": url_of(image)})

    def audio(self, audio: AudioPart) -> None:
        if audio.transcript:
            self.text(audio.transcript)
        if audio.data is not None or audio.url is not None:
            self._custom("audio", {"mimeType": media_type(audio), "url": url_of(audio)})

    def cited(self, citation: Citation) -> None:
        said = {
            "url": citation.url,
            "title": citation.title,
            "citedText": citation.cited_text,
            "document": citation.document,
            "start": citation.start,
            "end": citation.end,
        }
        self._custom("citation", {name: value for name, value in said.items() if value not in ("", None)})

    def tool_begun(self, index: int, id: str, name: str) -> None:
        self.call_begun(index, id, name)

    def tool_ran(self, index: int, call: ServerToolCall) -> None:
        if call.arguments:
            self.call_goes_on(index, call.arguments)
        self._calls.pop(index, None)
        self.send({"type": "TOOL_CALL_END", "toolCallId": call.id})
        if call.status == "failed":
            self._result(call.id, call.output if self.errors and call.output else TOOL_FAILED)
        elif call.status == "completed":
            self._result(call.id, call.output)

    def ended(self, response: Response) -> None:
        self._choices = response.choices

    def finished(self) -> None:
        if self._calls:
            self._error("The answer was cut off inside a tool call.", str(self.reason))
            return
        for index, choice in enumerate(self._choices, 1):
            self._custom("choice", choice_of(choice, index, self.thinking))
        pending = {"pendingToolCallIds": list(self._pending)} if self._pending else {}
        self._finish({"type": "success", **pending}, {"metadata": {"finishReason": str(self.reason)}})

    def failed(self, error: LLMError | None, text: str) -> None:
        if self.reason is FinishReason.content_filter:
            code = str(self.reason)
        else:
            code = error.code if self.errors and error is not None else ""
        self._error(text, code)

    def stopped(self) -> None:
        self.close_block()
        if self._calls:
            self._error(STOPPED, "cancelled")
        else:
            self._finish({"type": "cancelled"}, {})

    def _finish(self, outcome: dict[str, Any], more: dict[str, Any]) -> None:
        self.send({"type": "RUN_FINISHED", **self._ids, "outcome": outcome, **self._cost(), **more})

    def _error(self, text: str, code: str) -> None:
        self.close_block()
        self.send({"type": "RUN_ERROR", "message": text, **({"code": code} if code else {}), **self._cost()})

    def _cost(self) -> dict[str, Any]:
        counts = _counts(self.usage)
        model = {"model": next(iter(self.models))} if len(self.models) == 1 else {}
        return {"usage": [{**model, **counts}]} if counts else {}

    def _result(self, call_id: str, content: Any) -> None:
        self._messages += 1
        result = {"messageId": self._id, "toolCallId": call_id, "content": content, "role": "tool"}
        self.send({"type": "TOOL_CALL_RESULT", **result})

    def _custom(self, name: str, value: dict[str, Any]) -> None:
        self.send({"type": "CUSTOM", "name": name, "value": value})


_KINDS: dict[type, str] = {ImagePart: "image", AudioPart: "audio", FilePart: "document"}


def _part(part: Part) -> dict[str, Any]:
    if isinstance(part, TextPart):
        return {"type": "text", "text": part.text}
    source: dict[str, Any] = {"mimeType": media_type(part)}
    if part.url is not None:
        source = {"type": "url", "value": part.url, **source}
    else:
        source = {"type": "data", "value": Base64Text(part.data or b""), **source}
    return {"type": _KINDS[type(part)], "source": source}


def _counts(usage: Usage) -> dict[str, int]:
    """Under the protocol's names; its totals count their parts, as ours do."""
    counts = {
        "inputTokens": usage.input_tokens,
        "outputTokens": usage.output_tokens,
        "totalTokens": usage.total_tokens,
        "reasoningTokens": usage.reasoning_tokens,
        "cachedInputTokens": usage.cache_read_tokens,
        "cacheWriteInputTokens": usage.cache_write_tokens,
    }
    return {name: count for name, count in counts.items() if count is not None}
