"""One answer, from the bytes of a 200 to its last event: framing, decoding, folding, and the end, in one pure machine.

This is the road that `stream` and `complete` share. It never waits, so it can be fed from a socket, from a recording or
byte by byte from a test, and gives the same events. It keeps the promises of the stream's grammar: content as it comes,
then at most one UsageEvent, then at most one ErrorEvent, then exactly one EndEvent, after which nothing follows.
"""

import sys
from collections.abc import Callable
from functools import partial
from typing import Any

from attrs import evolve

from ..codecs import json
from ..dialects.base import Dialect, truncated, unreadable
from ..errors import ContentFilteredError, LLMError, MalformedStream, StreamError, TooLargeError
from ..framing import WHOLE, Frame
from ..framing.choose import chosen
from ..framing.media import LONG, MediaFramer
from ..providers.wire_marks import HEAD, another_wire
from ..secret import Secret
from ..types.accumulate import Accumulator
from ..types.events import EndEvent, ErrorEvent, Event, UsageEvent
from ..types.exchange import TIMINGS, RateLimits
from ..types.request import Request
from ..types.response import RESPONSES, FinishReason, Response
from . import shown, standing
from .halves import Halves
from .reply import NO_REPLY, Reply
from .weight import Weight

_PAUSED = FinishReason.paused
_UNFINISHED = (None, FinishReason.error)
"""What a provider has said of an answer that is not whole."""


class AnswerParser:
    """Feed it the body's bytes; `feed` and `eof` return the events they completed.

    content_type: of the reply, lower case, without parameters. event_bytes, body_bytes: caps (see Limits).
    provider, reply, attempts: facts that the Response and the errors shall carry. secrets: no error repeats them.
    elapsed: seconds since the request began to go out. media_from: bytes of base64 that are decoded while they come.
    ended: the EndEvent has been returned; nothing follows. ending: the answer is whole, and what may stand behind its
    end (the usage) is still read. framed: the latest bytes completed an event of the wire.
    broken: what ended the reply, where the answer goes on without it. begins_behind: the event up to which the caller
    has it from elsewhere (for both see `lasting`).
    """

    __slots__ = (
        "_attempts", "_body", "_decoder", "_elapsed", "_events", "_first_event", "_framer", "_frames", "_fresh",
        "_halves", "_has_media", "_head", "_is_page", "_long", "_media", "_media_from", "_met", "_model", "_new_framer",
        "_passed", "_provider", "_reply", "_secrets", "_streamed", "_watching", "_weight", "_wire",
        "ended", "ending", "framed",
    )  # fmt: skip
    broken: LLMError | None = None
    begins_behind: int | None = None

    def __init__(
        self,
        dialect: Dialect,
        request: Request,
        *,
        stream: bool,
        content_type: str = "",
        event_bytes: int = 64 * 1024 * 1024,
        body_bytes: int = 256 * 1024 * 1024,
        provider: str = "",
        reply: Reply = NO_REPLY,
        attempts: int = 1,
        secrets: tuple[Secret, ...] = (),
        media_from: int = LONG,
        elapsed: Callable[[], float] | None = None,
    ) -> None:
        self._new_framer = partial(dialect.framer, event_bytes=event_bytes, body_bytes=body_bytes)
        self._fresh = partial(dialect.decoder, request)
        self._decoder = self._fresh()
        self._decoder.continues = request.messages[-1:] != () and request.messages[-1].replay is not None
        self._wire = self._decoder.written_in or dialect.name
        self._events = Accumulator()
        self._halves = Halves()
        self._met = json.HALVES_MET[0]
        self._frames: list[Frame] = []
        self._model = request.model or ""
        self._provider = provider
        self._reply = reply
        self._attempts = attempts
        self._secrets = secrets
        self._has_media = bool(self._decoder.media_places)
        self._media_from = media_from
        self._long = media_from if self._has_media else sys.maxsize
        self._elapsed = elapsed
        self._streamed = stream
        self._first_event: float | None = None
        self._weight = Weight(self._decoder, event_bytes, None if request.logprobs is False else body_bytes)
        self._body = b""  # that is one document, when it is over
        self.ended = False
        self.ending = False
        self._begin(content_type, stream=stream)

    def _begin(self, content_type: str, *, stream: bool) -> None:
        """The body of a reply begins."""
        self._framer = self._new_framer(content_type, stream=stream)
        self._media: MediaFramer | None = None  # made for the first bytes that take the road of large media
        self._watching = False  # the next bytes take that road
        self._passed: tuple[bytes, ...] = ()  # the latest bytes that it has not seen
        self._is_page = content_type == "text/html"
        self._head = b""  # how the body began
        self.framed = False

    def feed(self, data: bytes) -> list[Event]:
        """The events that data completes; when it holds the end of the answer, the last of them is the EndEvent."""
        out: list[Event] = []
        if self.ended:
            return out
        if len(self._head) < HEAD:
            self._head += data[:HEAD]
            self._framer = chosen(self._framer)
        frames = self._frames
        failure: LLMError | None = None
        try:
            if self._watching or len(data) > self._long:
                self._feed_watched(data, frames)
            else:
                self._framer.feed(data, frames)
                if self._has_media:
                    self._passed = (data,) if frames else (*self._passed, data)
                    self._watching = not frames  # what is not whole yet may become large
        except StreamError as error:
            failure = error
        self.framed = bool(frames)
        if frames:
            decoder = self._decoder
            if self._weight.size:
                failure = self._weight.settle(frames, data) or failure
            self._weight.before = data
            try:
                if self.begins_behind is None:
                    decoder.feed(frames, out)
                else:
                    self._read(frames, out)
            except LLMError as error:
                return self._end(out, error)
            except (RecursionError, UnicodeDecodeError) as error:
                return self._end(out, unreadable(error))
            finally:
                frames.clear()
            if decoder.finish_reason is not None or decoder.done:
                if decoder.done:  # the answer is whole, whatever came behind its end
                    return self._finish(out)
                self.ending = decoder.ended
        else:
            self._weight.grows(data, seen=self._media is None or not self._media.busy)
        if failure is not None:
            return self._end(out, failure)
        if not out:
            return out
        if self._met != json.HALVES_MET[0] or self._halves.held or self._first_event is None:
            return self._given(out)
        self._events.extend(out)
        return out

    def eof(self) -> list[Event]:
        """The bytes are over: the last events, EndEvent included. What is not whole ends in StreamTruncated."""
        out: list[Event] = []
        if self.ended:
            return out
        too_dense = self._close_framer()
        last = self._frames[-1][1] if self._frames else b""
        failure = self._decode(out)
        if failure is not None and last.strip() != b"[DONE]" and json.cut_short(last):  # half an error tells none
            failure = truncated("a whole frame")
        return self._over(out, failure or too_dense)

    def fail(self, error: LLMError) -> list[Event]:
        """The bytes will not come (the connection broke, a clock ran out): usage, the error and the end. An answer
        that had arrived is whole all the same, and one that its provider ended is not broken: only the end of HTTP is
        missing.
        """
        out: list[Event] = []
        if self.ended:
            return out
        told = self._close_framer() or self._decode(out) if self.whole else None
        if told is not None:
            return self._end([], error if isinstance(told, StreamError) else told)
        try:
            self._decoder.close(out)
        except StreamError:
            return self._end([], error)
        except LLMError as said:
            return self._end(out, said)
        return self._end(out, None)

    @property
    def whole(self) -> bool:
        """The body is one document, not a stream; False until it has begun."""
        return self._framer.whole

    def stands(self) -> bool:
        """Whether the answer would be whole if its bytes ended here. Costs as much as reading all of it again."""
        return standing.stands(self._media or self._framer, self._fresh())

    @property
    def unfinished(self) -> int:
        """Bytes that have come of the event that is under way."""
        return self._framer.unfinished

    @property
    def calls_begun(self) -> int:
        """How many indexes of calls and server tools are in use."""
        return self._events.calls_begun

    @property
    def rate_limits(self) -> RateLimits | None:
        """What the reply's head says of the host's limits."""
        return self._reply.rate_limits

    def partial(self) -> Response:
        """What has arrived so far."""
        return self._response(FinishReason.error)

    def _read(self, frames: list[Frame], out: list[Event]) -> None:
        self._decoder.feed(frames, out)

    def _given(self, out: list[Event]) -> list[Event]:
        """Events that are handed out while more may come."""
        if self._met != json.HALVES_MET[0] or self._halves.held:
            out = self._halves.joined(out)
        if out and self._first_event is None:
            self._note_first()
        self._events.extend(out)
        return out

    def _over(self, out: list[Event], failure: LLMError | None) -> list[Event]:
        """The bytes are over. failure: what cannot be read of the last of them."""
        return self._finish(out) if failure is None else self._end(out, failure)

    def _feed_watched(self, data: bytes, frames: list[Frame]) -> None:
        media = self._media
        if media is None:
            media = self._media = MediaFramer(self._framer, self._decoder.media_places, self._media_from)
            self._decoder.arrived = media.arrived
        if self._passed:
            media.watch(*self._passed)
        media.feed(data, frames)
        self._watching = media.busy or not frames
        self._passed = () if self._watching else (data,)

    def _close_framer(self) -> LLMError | None:
        frames = self._frames
        (self._media or self._framer).close(frames)
        failure = self._weight.settle(frames)
        self._body = next((payload for name, payload in frames if name == WHOLE), self._body)
        return failure

    def _decode(self, out: list[Event]) -> LLMError | None:
        frames = self._frames
        if not frames:
            return None
        try:
            self._read(frames, out)
        except LLMError as error:
            return error
        except (RecursionError, UnicodeDecodeError) as error:
            return unreadable(error)
        finally:
            frames.clear()
        return None

    def _finish(self, out: list[Event]) -> list[Event]:
        try:
            self._decoder.close(out)
        except LLMError as error:
            return self._end(out, error)
        return self._end(out, None if self._decoder.complete else another_wire(self._head, self._wire))

    def _end(self, out: list[Event], failure: LLMError | None) -> list[Event]:
        self.ended = True
        self.ending = False
        if out and self._first_event is None:
            self._note_first()
        halved = self._met != json.HALVES_MET[0]
        if halved:
            out[:] = [*self._halves.joined(out), *self._halves.rest()]
        usage = self._decoder.usage()
        if usage is not None:
            out.append(UsageEvent(usage))
        self._events.extend(out)
        reason = self._decoder.finish_reason or FinishReason.other
        if failure is not None:
            reason = FinishReason.content_filter if isinstance(failure, ContentFilteredError) else FinishReason.error
        response = self._response(reason, complete=failure is None)
        if halved:
            response = shown.mended(response)
        if failure is not None:
            if isinstance(failure, StreamError) and not (isinstance(failure, TooLargeError) or self._decoder.wrapped):
                failure = another_wire(self._head, self._wire) or failure
            data: dict[str, Any] = shown.hidden(response.provider_data, self._secrets) or {}
            response = evolve(response, raw=shown.raw(self._body, self._secrets), provider_data=data)
            self._complete_error(failure, response)
            out.append(ErrorEvent(failure, reason))
        out.append(EndEvent(reason, response))
        return out

    def _response(self, reason: FinishReason, *, complete: bool = False) -> Response:
        decoder, reply = self._decoder, self._reply
        id, model, word = shown.names(decoder, self._secrets)
        model, provider, wire = model or self._model, self._provider, self._wire
        text, thinking, tool_calls, server_tools, citations, images, audio, usage = self._events.said()
        choices = tuple(
            evolve(choice, id=id, model=model, provider=provider, wire=wire) for choice in decoder.choices()
        )
        return RESPONSES.by(
            text=text, thinking=thinking, tool_calls=tool_calls, server_tools=server_tools, citations=citations,
            images=images, audio=audio, usage=usage, id=id, model=model, provider=provider, wire=wire,
            finish_reason=reason, raw_finish_reason=word,
            complete=complete and decoder.complete and reason is not _PAUSED,
            request_id=reply.request_id, headers=reply.headers, rate_limits=reply.rate_limits,
            timing=None if self._elapsed is None else TIMINGS.of((self._first_event, self._elapsed())),
            attempts=self._attempts, provider_data=decoder.provider_data, raw=shown.raw(self._body),
            replay=self._replay(), replay_state=decoder.state,
            logprobs=tuple(decoder.logprobs), choices=choices,
        )  # fmt: skip

    def _replay(self) -> tuple[Any, ...]:
        try:
            return self._decoder.replay()
        except RecursionError:  # nested too deep to be gone through: the words and calls alone go back
            return ()

    def _note_first(self) -> None:
        if self._elapsed is not None and self._streamed:
            self._first_event = self._elapsed()

    def _complete_error(self, error: LLMError, partial: Response) -> None:
        if (self._is_page or self._head.lstrip()[:1] == b"<") and isinstance(error, MalformedStream):
            error.permanent = True  # no API's answer: asking again would not mend it
        if self._decoder.finish_reason not in _UNFINISHED:
            error.permanent = True  # its provider had ended it: another would be paid again, and end no better
        error.partial = partial
        error.provider = error.provider or self._provider
        error.model = error.model or partial.model
        self._reply.stamp(error)
        error.attempts = self._attempts
        error.scrubbed(*self._secrets)
