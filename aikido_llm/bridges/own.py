"""sse: our own events as JSON, for a page or a service that knows them (`serialize.from_dict(data, RunEvent)`)."""

from collections.abc import AsyncIterable, Mapping
from typing import ClassVar

from attrs import evolve

from ..errors import LLMError
from ..serialize import to_dict
from ..types.events import (
    CitationEvent,
    EndEvent,
    ErrorEvent,
    RunEvent,
    ServerToolEvent,
    ThinkingDelta,
    ToolCallEvent,
    ToolResultEvent,
    UsageEvent,
)
from ..types.failure import from_failure, to_failure
from ..types.response import FinishReason, Response
from ..types.tools import ToolCall
from ..types.usage import Usage
from .base import HEADERS, Bridge
from .encoder import FAILED, STOPPED, Encoder
from .parts import text_of


class sse(Bridge):
    """A stream of events -> the same events, `serialize.to_dict` of each, numbered from 1 in the `id` of its frame.

    events:   of one answer, or of a run of tools.
    thinking: the model's reasoning too. errors: an error's own words and facts too, not only that there was one.
    heartbeat: see `Bridge`.

    An EndEvent's response has what no event said (finish reasons, ids, choices, logprobs) and not the content again.
    The last frame is `[DONE]`: a run of tools has an EndEvent for each of its answers.
    """

    HEADERS: ClassVar[Mapping[str, str]] = HEADERS

    def __init__(
        self,
        events: AsyncIterable[RunEvent],
        *,
        thinking: bool = False,
        errors: bool = False,
        heartbeat: float | None = 15.0,
    ) -> None:
        super().__init__(events, _Own(thinking, errors), heartbeat, numbered=True)


class _Own(Encoder):
    def __init__(self, thinking: bool, errors: bool) -> None:
        super().__init__(thinking, errors)
        self._said = False  # that the answer under way has failed

    def begun(self) -> None:
        pass

    def turned(self) -> None:
        self._said = False

    def on(self, event: RunEvent) -> None:
        if isinstance(event, ThinkingDelta) and not self.thinking:
            return
        self._said = self._said or isinstance(event, ErrorEvent)
        self.send(to_dict(self._open(event)))

    def finished(self) -> None:
        self.send_done()

    def failed(self, error: LLMError | None, text: str) -> None:
        if not self._said:
            self.send(to_dict(ErrorEvent(self._error(error), self.reason)))
        self.send_done()

    def stopped(self) -> None:
        self.send(to_dict(ErrorEvent(LLMError(STOPPED, code="stopped"), FinishReason.error)))
        self.send_done()

    def _open(self, event: RunEvent) -> RunEvent:
        """The event without what is for its provider alone."""
        match event:
            case ToolCallEvent():
                return ToolCallEvent(event.index, _call(event.call))
            case ToolResultEvent():
                message = evolve(event.message, replay=None, answers=None)
                if event.message.is_error:
                    message = evolve(message, content=self.result_text(message, text_of(message)), images=(), audio=())
                return ToolResultEvent(_call(event.call), message)
            case CitationEvent():
                return CitationEvent(evolve(event.citation, provider_data={}))
            case ServerToolEvent():
                output = "" if event.call.status == "failed" and not self.errors else event.call.output
                return ServerToolEvent(event.index, evolve(event.call, provider_data={}, output=output))
            case UsageEvent():
                return UsageEvent(_usage(event.usage))
            case ErrorEvent():
                return ErrorEvent(self._error(event.error), event.finish_reason)
            case EndEvent():
                return EndEvent(event.finish_reason, self._response(event.response))
            case _:
                return event

    def _error(self, error: LLMError | None) -> LLMError:
        if error is None or not self.errors:
            return LLMError(FAILED)
        facts = evolve(to_failure(error), partial=None, body="", headers={}, rate_limits=None, resume=None, route=())
        return from_failure(facts, LLMError)

    def _response(self, response: Response) -> Response:
        return Response(
            usage=_usage(response.usage),
            finish_reason=response.finish_reason,
            raw_finish_reason=response.raw_finish_reason,
            id=response.id,
            model=response.model,
            provider=response.provider,
            complete=response.complete,
            choices=tuple(self._choice(choice) for choice in response.choices),
            logprobs=response.logprobs,
            continuations=response.continuations,
            cached=response.cached,
        )

    def _choice(self, choice: Response) -> Response:
        return evolve(
            self._response(choice),
            text=choice.text,
            thinking=choice.thinking if self.thinking else "",
            tool_calls=tuple(map(_call, choice.tool_calls)),
            images=choice.images,
            audio=choice.audio,
        )


def _call(call: ToolCall) -> ToolCall:
    return evolve(call, provider_data=None)


def _usage(usage: Usage) -> Usage:
    return evolve(usage, raw=None)
