"""openai_sse: as a host of OpenAI's Chat Completions streams.

source: the API reference, "Chat Completions: Streaming", read 2026-11. What it has no word for is written as the hosts
beside OpenAI write it: `reasoning_content` (DeepSeek, vLLM), `images` (OpenRouter).
"""

import secrets
import time
from collections.abc import AsyncIterable, Iterable, Mapping
from typing import Any, ClassVar

from ..codecs.base64 import Base64Text
from ..errors import LLMError
from ..types.citations import Citation
from ..types.events import RunEvent
from ..types.logprobs import TokenLogprob
from ..types.messages import Message
from ..types.parts import AudioPart, ImagePart
from ..types.response import FinishReason, Response
from ..types.server_tools import ServerToolCall
from ..types.tools import ToolCall
from ..types.usage import Usage
from .base import HEADERS, Bridge
from .encoder import STOPPED, Words
from .parts import text_of, url_of


class openai_sse(Bridge):
    """A stream of events -> Chat Completions chunks, as any client of that API reads them.

    events:   of one answer, or of a run of tools. model, id, created: what each chunk repeats; id and time are made.
    run:      calls that are answered in a run do not go out as calls, or the client would answer them again: each is
              an entry of `delta.tool_results` with its result, which clients skip; those that nobody answered go out at
              the end. None: what `stream_tools` gives is a run.
    usage:    whether a chunk without choices says, before `[DONE]`, what it cost (`stream_options.include_usage`).
    thinking: the model's reasoning too, as `reasoning_content`.
    errors:   an error's own words too, not only that there was one.
    heartbeat: see `Bridge`.

    Tools that the provider ran have no place on this wire. An error is an `error` object, and no `[DONE]` follows.
    """

    HEADERS: ClassVar[Mapping[str, str]] = HEADERS

    def __init__(
        self,
        events: AsyncIterable[RunEvent],
        *,
        model: str = "",
        id: str | None = None,
        created: int | None = None,
        run: bool | None = None,
        usage: bool = True,
        thinking: bool = False,
        errors: bool = False,
        heartbeat: float | None = 15.0,
    ) -> None:
        head = {
            "id": f"chatcmpl-{secrets.token_hex(12)}" if id is None else id,
            "object": "chat.completion.chunk",
            "created": int(time.time()) if created is None else created,
            "model": model,
        }
        if run is None:
            from ..tools import ToolStream

            run = isinstance(events, ToolStream)
        super().__init__(events, _Chunks(head, run, usage, thinking, errors), heartbeat)


class _Chunks(Words):
    def __init__(self, head: dict[str, Any], run: bool, usage: bool, thinking: bool, errors: bool) -> None:
        super().__init__(thinking, errors)
        self._head = head
        self._run = run
        self._asked_usage = usage
        self._calls: dict[int, int] = {}  # index of the event -> index on the wire
        self._argued: set[int] = set()
        self._held: dict[str, ToolCall] = {}  # id -> a call of a run, which may yet be answered
        self._sound = b""
        self._end = Response()

    def begun(self) -> None:
        self._delta({"role": "assistant", "content": ""})

    def turned(self) -> None:
        pass  # one message, however many answers it takes

    def text(self, text: str) -> None:
        self._delta({"content": text})

    def thought(self, text: str) -> None:
        self._delta({"reasoning_content": text})

    def call_begun(self, index: int, id: str, name: str) -> None:
        if not self._run:
            at = self._calls[index] = len(self._calls)
            self._call(at, {"id": id, "type": "function", "function": {"name": name, "arguments": ""}})

    def call_goes_on(self, index: int, arguments: str) -> None:
        if not self._run:
            self._argued.add(index)
            self._call(self._calls[index], {"function": {"arguments": arguments}})

    def called(self, index: int, call: ToolCall) -> None:
        if self._run:
            self._held[call.id] = call
        elif index not in self._argued:
            self.call_goes_on(index, call.arguments)

    def answered(self, call: ToolCall, message: Message) -> None:
        self._held.pop(call.id, None)
        said = {"name": call.name, "arguments": call.arguments, "is_error": message.is_error}
        result = {"tool_call_id": call.id, **said, "content": self.result_text(message, text_of(message))}
        self._delta({"tool_results": [result]})

    def image(self, image: ImagePart) -> None:
        self._delta({"images": [{"type": "image_url", "image_url": {"url": url_of(image)}}]})

    def audio(self, audio: AudioPart) -> None:
        sound = self._sound + (audio.data or b"")
        whole = len(sound) // 3 * 3  # clients put the base64 pieces one behind the other: only the last may be padded
        self._sound = sound[whole:]
        self._say(sound[:whole], audio.transcript)

    def cited(self, citation: Citation) -> None:
        if citation.url:
            place = {"start_index": citation.start, "end_index": citation.end}
            found: dict[str, Any] = {"url": citation.url, "title": citation.title}
            found |= {name: at for name, at in place.items() if at is not None}
            self._delta({"annotations": [{"type": "url_citation", "url_citation": found}]})

    def tool_begun(self, index: int, id: str, name: str) -> None:
        pass  # no word for it

    def tool_ran(self, index: int, call: ServerToolCall) -> None:
        pass  # no word for it

    def ended(self, response: Response) -> None:
        self._end = response
        self._say(self._sound, "")
        self._sound = b""

    def finished(self) -> None:
        if self._held:
            self._delta({"tool_calls": _calls(self._held.values())})
        for index, choice in enumerate(self._end.choices, 1):
            self._choice(index, choice)
        logprobs = {"logprobs": {"content": list(map(_logprob, self._end.logprobs))}} if self._end.logprobs else {}
        self._finish(0, self.reason, logprobs)
        for index, choice in enumerate(self._end.choices, 1):
            self._finish(index, choice.finish_reason, {})
        self._done()

    def failed(self, error: LLMError | None, text: str) -> None:
        if self.reason is FinishReason.content_filter:  # this wire has a word for that
            self._finish(0, self.reason, {})
            self._done()
        else:
            code = (error.code or None) if self.errors and error is not None else None
            self._error(text, code)

    def stopped(self) -> None:
        self._error(STOPPED, "stopped")

    def _say(self, sound: bytes, transcript: str) -> None:
        said: dict[str, Any] = {"transcript": transcript} if transcript else {}
        if sound:
            said["data"] = Base64Text(sound)
        if said:
            self._delta({"audio": said})

    def _done(self) -> None:
        if self._asked_usage:
            self.send({**self._head, "choices": [], "usage": _usage(self.usage)})
        self.send_done()

    def _error(self, text: str, code: str | None) -> None:
        self.send({"error": {"message": text, "type": "server_error", "param": None, "code": code}})

    def _choice(self, index: int, choice: Response) -> None:
        delta: dict[str, Any] = {"role": "assistant", "content": choice.text}
        if choice.thinking and self.thinking:
            delta["reasoning_content"] = choice.thinking
        if choice.tool_calls:
            delta["tool_calls"] = _calls(choice.tool_calls)
        self._delta(delta, index)

    def _call(self, at: int, said: dict[str, Any]) -> None:
        self._delta({"tool_calls": [{"index": at, **said}]})

    def _delta(self, delta: dict[str, Any], index: int = 0) -> None:
        self.send({**self._head, "choices": [{"index": index, "delta": delta, "finish_reason": None}]})

    def _finish(self, index: int, reason: FinishReason, more: dict[str, Any]) -> None:
        empty: dict[str, Any] = {}
        choice = {"index": index, "delta": empty, **more, "finish_reason": str(reason)}
        self.send({**self._head, "choices": [choice]})


def _calls(calls: Iterable[ToolCall]) -> list[dict[str, Any]]:
    """Whole ones, in one delta."""
    return [
        {"index": at, "id": call.id, "type": "function", "function": {"name": call.name, "arguments": call.arguments}}
        for at, call in enumerate(calls)
    ]


def _usage(usage: Usage) -> dict[str, Any]:
    """What is not known is 0 here: clients add these up."""
    said: dict[str, Any] = {
        "prompt_tokens": usage.input_tokens or 0,
        "completion_tokens": usage.output_tokens or 0,
        "total_tokens": usage.total_tokens or 0,
    }
    if usage.cache_read_tokens is not None:
        said["prompt_tokens_details"] = {"cached_tokens": usage.cache_read_tokens}
    if usage.reasoning_tokens is not None:
        said["completion_tokens_details"] = {"reasoning_tokens": usage.reasoning_tokens}
    return said


def _logprob(token: TokenLogprob) -> dict[str, Any]:
    said: dict[str, Any] = {"token": token.token, "logprob": token.logprob, "bytes": list(token.token.encode())}
    return {**said, "top_logprobs": [_logprob(other) for other in token.top_logprobs]}
