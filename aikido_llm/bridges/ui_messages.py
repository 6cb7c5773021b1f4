"""vercel_ui: the UI message stream of the `ai` package, version 1, for `useChat` and whatever else reads it.

source: vercel/ai, `packages/ai/src/ui-message-stream/ui-message-chunks.ts` and `src/ui/process-ui-message-stream.ts`,
ai 7.0.173, read 2026-11. Only fields that its versions 5 to 7 know are sent: the older ones refuse any other.
"""

from collections.abc import AsyncIterable, Mapping
from typing import Any, ClassVar

from ..codecs import json
from ..errors import LLMError
from ..types.citations import Citation
from ..types.events import RunEvent
from ..types.messages import Message
from ..types.parts import AudioPart, ImagePart
from ..types.response import FinishReason, Response
from ..types.server_tools import ServerToolCall
from ..types.tools import ToolCall
from ..types.usage import Usage
from .base import HEADERS, Bridge
from .encoder import STOPPED, TOOL_FAILED, Block, Blocks
from .parts import choice_of, media_type, text_of, url_of, value_of

_REASONS = {
    FinishReason.stop: "stop",
    FinishReason.tool_calls: "tool-calls",
    FinishReason.length: "length",
    FinishReason.content_filter: "content-filter",
    FinishReason.error: "error",
    FinishReason.paused: "other",
    FinishReason.other: "other",
}


class vercel_ui(Bridge):
    """A stream of events -> a UI message stream, each answer of a run a step of the one message.

    events:     of one answer, or of a run of tools. message_id: of the message, None leaves it to the page.
    thinking:   the model's reasoning too. errors: an error's own words too, not only that there was one.
    heartbeat:  see `Bridge`.

    Tools that the provider ran are tool parts with `providerExecuted`. Sources come once each, pictures and sound as
    files, what is spoken as text too. Usage is the message's metadata (`usage`), a further choice a `data-choice` part.
    """

    HEADERS: ClassVar[Mapping[str, str]] = {**HEADERS, "x-vercel-ai-ui-message-stream": "v1"}

    def __init__(
        self,
        events: AsyncIterable[RunEvent],
        *,
        message_id: str | None = None,
        thinking: bool = False,
        errors: bool = False,
        heartbeat: float | None = 15.0,
    ) -> None:
        super().__init__(events, _Parts(message_id, thinking, errors), heartbeat)


class _Parts(Blocks):
    def __init__(self, message_id: str | None, thinking: bool, errors: bool) -> None:
        super().__init__(thinking, errors)
        self._message_id = message_id
        self._calls: dict[int, str] = {}  # index of the event -> id of the call, of this answer
        self._sources: set[tuple[str, str, str]] = set()
        self._choices: tuple[Response, ...] = ()

    def begun(self) -> None:
        self.send({"type": "start", **({} if self._message_id is None else {"messageId": self._message_id})})
        self.send({"type": "start-step"})

    def turned(self) -> None:
        self._calls.clear()
        self.send({"type": "finish-step"})
        self.send({"type": "start-step"})

    def block_begun(self, block: Block) -> None:
        self.send({"type": f"{block}-start", "id": f"{block}-{self.blocks}"})

    def block_goes_on(self, block: Block, text: str) -> None:
        self.send({"type": f"{block}-delta", "id": f"{block}-{self.blocks}", "delta": text})

    def block_ended(self, block: Block) -> None:
        self.send({"type": f"{block}-end", "id": f"{block}-{self.blocks}"})

    def call_begun(self, index: int, id: str, name: str) -> None:
        self._calls[index] = id
        self.send({"type": "tool-input-start", "toolCallId": id, "toolName": name})

    def call_goes_on(self, index: int, arguments: str) -> None:
        self.send({"type": "tool-input-delta", "toolCallId": self._calls[index], "inputTextDelta": arguments})

    def called(self, index: int, call: ToolCall) -> None:
        named = {"toolCallId": call.id, "toolName": call.name}
        if call.kind == "function" and not json.is_valid(call.arguments):
            wrong = "The arguments are no JSON."
            self.send({"type": "tool-input-error", **named, "input": call.arguments, "errorText": wrong})
        else:
            given = call.arguments if call.kind == "custom" else value_of(call.arguments)
            self.send({"type": "tool-input-available", **named, "input": given})

    def answered(self, call: ToolCall, message: Message) -> None:
        text = self.result_text(message, text_of(message))
        if message.is_error:
            self.send({"type": "tool-output-error", "toolCallId": call.id, "errorText": text})
        else:
            self.send({"type": "tool-output-available", "toolCallId": call.id, "output": value_of(text)})

    def image(self, image: ImagePart) -> None:
        self._file(image)

    def audio(self, audio: AudioPart) -> None:
        if audio.transcript:
            self.text(audio.transcript)  # the sound follows as a whole: a page plays no pieces of a file

    def cited(self, citation: Citation) -> None:
        source = (citation.url, citation.title, citation.document)
        if source in self._sources:
            return
        self._sources.add(source)
        named: dict[str, Any] = {"sourceId": f"source-{len(self._sources)}"}
        if citation.url:
            titled = {"title": citation.title} if citation.title else {}
            self.send({"type": "source-url", **named, "url": citation.url, **titled})
        else:
            title = citation.title or citation.document
            self.send({"type": "source-document", **named, "mediaType": "text/plain", "title": title})

    def tool_begun(self, index: int, id: str, name: str) -> None:
        self.send({"type": "tool-input-start", "toolCallId": id, "toolName": name, "providerExecuted": True})

    def tool_ran(self, index: int, call: ServerToolCall) -> None:
        named: dict[str, Any] = {"toolCallId": call.id, "providerExecuted": True}
        given = value_of(call.arguments)
        self.send({"type": "tool-input-available", **named, "toolName": call.name, "input": given})
        if call.status == "completed":
            self.send({"type": "tool-output-available", **named, "output": value_of(call.output)})
        elif call.status == "failed":
            text = call.output if self.errors and call.output else TOOL_FAILED
            self.send({"type": "tool-output-error", **named, "errorText": text})

    def ended(self, response: Response) -> None:
        self._choices = response.choices
        for audio in response.audio:
            if audio.data is not None or audio.url is not None:
                self._file(audio)

    def finished(self) -> None:
        for index, choice in enumerate(self._choices, 1):
            data = choice_of(choice, index, self.thinking)
            self.send({"type": "data-choice", "id": f"choice-{index}", "data": data})
        self._finish()

    def failed(self, error: LLMError | None, text: str) -> None:
        self.close_block()
        if self.reason is FinishReason.content_filter:  # an end of its own in this protocol
            self._finish()
        else:
            self.send({"type": "error", "errorText": text})
            self.send_done()

    def stopped(self) -> None:
        self.close_block()
        self.send({"type": "abort", "reason": STOPPED})
        self.send_done()

    def _finish(self) -> None:
        counts = _counts(self.usage)
        self.send({"type": "finish-step"})
        metadata = {"messageMetadata": {"usage": counts}} if counts else {}
        self.send({"type": "finish", "finishReason": _REASONS[self.reason], **metadata})
        self.send_done()

    def _file(self, part: ImagePart | AudioPart) -> None:
        self.send({"type": "file", "mediaType": media_type(part), "url": url_of(part)})


def _counts(usage: Usage) -> dict[str, int]:
    """Under the names that the package gives them."""
    counts = {
        "inputTokens": usage.input_tokens,
        "outputTokens": usage.output_tokens,
        "totalTokens": usage.total_tokens,
        "reasoningTokens": usage.reasoning_tokens,
        "cachedInputTokens": usage.cache_read_tokens,
    }
    return {name: count for name, count in counts.items() if count is not None}
