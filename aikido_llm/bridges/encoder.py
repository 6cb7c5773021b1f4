"""Encoder: the events of a run -> frames of a protocol. Pure; `base.Bridge` reads the events and hands out the frames.

Encoder      when answers begin and end, how a run ends, what may be said of an error
└── Words    one method for each event, which every protocol has to fill in
    └── Blocks   for protocols whose text and reasoning stand in blocks that begin and end
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any, Literal, TypeAlias, assert_never

from ..codecs import json
from ..errors import ContentFilteredError, LLMError, StreamTruncated
from ..types.citations import Citation
from ..types.events import (
    AudioEvent,
    CitationEvent,
    EndEvent,
    ErrorEvent,
    ImageEvent,
    RunEvent,
    ServerToolEvent,
    ServerToolStart,
    TextDelta,
    ThinkingDelta,
    ToolCallDelta,
    ToolCallEvent,
    ToolCallStart,
    ToolResultEvent,
    UsageEvent,
)
from ..types.messages import Message
from ..types.parts import AudioPart, ImagePart
from ..types.response import FinishReason, Response
from ..types.server_tools import ServerToolCall
from ..types.tools import ToolCall
from ..types.usage import Usage, added

FAILED = "The answer failed."
FILTERED = "The answer was withheld by a content filter."
STOPPED = "The answer was stopped."
TOOL_FAILED = "The tool failed."


class Encoder(ABC):
    """The events of a run -> frames, each of them one whole event of the protocol with its blank line.

    thinking: whether the model's reasoning goes out. errors: whether an error's own words do.

    `begin` is called once, `feed` for each event, one of `finish`, `fail` and `stop` last.
    turn: how many answers have begun, from 1. reason, usage: of the answers so far. models: that gave them.
    """

    def __init__(self, thinking: bool, errors: bool) -> None:
        self.thinking = thinking
        self.errors = errors
        self.turn = 1
        self.reason = FinishReason.other
        self.models: set[str] = set()
        self.over = False  # the end has been written
        self._usages: list[Usage] = []
        self._usage: Usage | None = None  # of the answer under way
        self._ended = False
        self._failure: ErrorEvent | None = None
        self._out: list[bytes] = []

    def begin(self) -> list[bytes]:
        """What stands before the first event."""
        self.begun()
        return self._taken()

    def feed(self, event: RunEvent) -> list[bytes]:
        """What an event becomes; often nothing."""
        if self._ended and not isinstance(event, ToolResultEvent):
            self.turn += 1
            self._ended = False
            self._failure = None
            self.turned()
        if isinstance(event, UsageEvent):
            self._usage = event.usage
        elif isinstance(event, ErrorEvent):
            self._failure = event
        elif isinstance(event, EndEvent):
            self._ended = True
            self.reason = event.finish_reason
            self._count(event.response)
        self.on(event)
        return self._taken()

    def finish(self) -> list[bytes]:
        """There are no more events: the protocol's end, or its error when the last answer failed or has no end."""
        if self._failure is not None:
            return self._failed(self._failure.error, self._failure.finish_reason)
        if not self._ended:
            return self.fail(StreamTruncated("the events ended before the answer did"))
        self.over = True
        self.finished()
        return self._taken()

    def fail(self, error: LLMError | None) -> list[bytes]:
        """The iteration itself failed. error: None for what is no error of ours, whose words never go out."""
        reason = FinishReason.content_filter if isinstance(error, ContentFilteredError) else FinishReason.error
        return self._failed(error, reason)

    def stop(self) -> list[bytes]:
        """The answer was ended before its time, by someone who had the right to."""
        self.over = True
        self.stopped()
        return self._taken()

    def send(self, data: Mapping[str, Any]) -> None:
        """Write a frame."""
        self._out.append(b"data: %b\n\n" % json.dumps(data))

    def send_done(self) -> None:
        """Write the frame that says that nothing follows, in the protocols that have it."""
        self._out.append(b"data: [DONE]\n\n")

    @property
    def usage(self) -> Usage:
        """Of all answers so far."""
        return added(self._usages)

    def result_text(self, message: Message, text: str) -> str:
        """The words of a tool's result; those of a failed one are an exception's, and stay here unless asked for."""
        return text if self.errors or not message.is_error else TOOL_FAILED

    def _failed(self, error: LLMError | None, reason: FinishReason) -> list[bytes]:
        self.over = True
        self.reason = reason
        self._count(None)
        said = FILTERED if reason is FinishReason.content_filter else FAILED
        self.failed(error, str(error) if self.errors and error is not None else said)
        return self._taken()

    def _count(self, response: Response | None) -> None:
        """What an answer cost, once: its last UsageEvent counts all that came before."""
        usage, self._usage = self._usage, None
        if usage is None and response is not None:
            usage = response.usage
        if usage is not None and usage != Usage():
            self._usages.append(usage)
        if response is not None and response.model:
            self.models.add(response.model)

    def _taken(self) -> list[bytes]:
        out, self._out = self._out, []
        return out

    # -------------------------------------------------------------- what a protocol says

    @abstractmethod
    def begun(self) -> None:
        """The first event has yet to come."""

    @abstractmethod
    def turned(self) -> None:
        """Another answer of the run begins."""

    @abstractmethod
    def on(self, event: RunEvent) -> None:
        """An event."""

    @abstractmethod
    def finished(self) -> None:
        """Nothing follows. `reason` and `usage` say how it ended."""

    @abstractmethod
    def failed(self, error: LLMError | None, text: str) -> None:
        """Nothing follows. text: what may be said of it; `reason` is content_filter or error."""

    @abstractmethod
    def stopped(self) -> None:
        """Nothing follows."""


class Words(Encoder):
    """A protocol that is not ours: each event has a method, so that what it has no word for is left out by name."""

    def on(self, event: RunEvent) -> None:
        match event:
            case TextDelta(text=text):
                if text:
                    self.text(text)
            case ThinkingDelta(text=text):
                if text and self.thinking:
                    self.thought(text)
            case ToolCallStart():
                self.call_begun(event.index, event.id, event.name)
            case ToolCallDelta():
                if event.arguments:
                    self.call_goes_on(event.index, event.arguments)
            case ToolCallEvent():
                self.called(event.index, event.call)
            case ToolResultEvent():
                self.answered(event.call, event.message)
            case ImageEvent():
                self.image(event.image)
            case AudioEvent():
                self.audio(event.audio)
            case CitationEvent():
                self.cited(event.citation)
            case ServerToolStart():
                self.tool_begun(event.index, event.id, event.name)
            case ServerToolEvent():
                self.tool_ran(event.index, event.call)
            case EndEvent():
                self.ended(event.response)
            case UsageEvent() | ErrorEvent():
                pass  # said when the run is over
            case _:
                assert_never(event)

    @abstractmethod
    def text(self, text: str) -> None: ...
    @abstractmethod
    def thought(self, text: str) -> None: ...
    @abstractmethod
    def call_begun(self, index: int, id: str, name: str) -> None: ...
    @abstractmethod
    def call_goes_on(self, index: int, arguments: str) -> None: ...
    @abstractmethod
    def called(self, index: int, call: ToolCall) -> None: ...
    @abstractmethod
    def answered(self, call: ToolCall, message: Message) -> None: ...
    @abstractmethod
    def image(self, image: ImagePart) -> None: ...
    @abstractmethod
    def audio(self, audio: AudioPart) -> None: ...
    @abstractmethod
    def cited(self, citation: Citation) -> None: ...
    @abstractmethod
    def tool_begun(self, index: int, id: str, name: str) -> None: ...
    @abstractmethod
    def tool_ran(self, index: int, call: ServerToolCall) -> None: ...
    @abstractmethod
    def ended(self, response: Response) -> None:
        """An answer is over; results of its calls and another answer may follow."""


Block: TypeAlias = Literal["text", "reasoning"]


class Blocks(Words):
    """A protocol whose text and reasoning stand in blocks. One is open at a time: what has its own place among them
    closes it; a source or a count stands beside them."""

    def __init__(self, thinking: bool, errors: bool) -> None:
        super().__init__(thinking, errors)
        self.block: Block | None = None
        self.blocks = 0  # that have begun

    def on(self, event: RunEvent) -> None:
        if not isinstance(event, (TextDelta, ThinkingDelta, AudioEvent, CitationEvent, UsageEvent)):
            self.close_block()
        super().on(event)

    def text(self, text: str) -> None:
        self._goes_on("text", text)

    def thought(self, text: str) -> None:
        self._goes_on("reasoning", text)

    def close_block(self) -> None:
        if self.block is not None:
            self.block_ended(self.block)
            self.block = None

    def _goes_on(self, block: Block, text: str) -> None:
        if self.block != block:
            self.close_block()
            self.block = block
            self.blocks += 1
            self.block_begun(block)
        self.block_goes_on(block, text)

    @abstractmethod
    def block_begun(self, block: Block) -> None: ...
    @abstractmethod
    def block_goes_on(self, block: Block, text: str) -> None: ...
    @abstractmethod
    def block_ended(self, block: Block) -> None: ...
