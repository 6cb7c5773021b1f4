"""The spans of `observed`: what a call does, told to OpenTelemetry as it happens.

A span is current only while the inner client is asked or read, never while the caller has control: nothing of the
caller's becomes its child.
"""

import time
from collections.abc import Awaitable, Callable, Generator, Iterable, Mapping
from contextlib import contextmanager
from typing import Any

from opentelemetry import context as otel
from opentelemetry._logs import SeverityNumber
from opentelemetry.context import Context
from opentelemetry.trace import Span, SpanKind, StatusCode, set_span_in_context, use_span
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from ...call.watch import watcher
from ...client import Client
from ...codecs import json
from ...errors import LLMError
from ...types.embeddings import Embeddings
from ...types.events import Event
from ...types.exchange import Hop
from ...types.messages import Message
from ...types.ranking import Ranking
from ...types.request import Request, checked
from ...types.response import Response
from ...types.tools import Tool, ToolCall, ToolDef
from ..base import Middleware
from ..call import Call
from ..roads import Begun, Road, has_content
from . import attributes, content
from . import semconv as names
from .instruments import Instruments
from .shown import Shown

_TRACEPARENT = TraceContextTextMapPropagator()


class ObservedClient(Middleware):
    """See `observed`."""

    made_by = "observed"

    def __init__(self, client: Client, instruments: Instruments, shown: Shown, propagate: frozenset[str]) -> None:
        super().__init__(client)
        self.instruments = instruments
        self.shown = shown
        self.propagate = propagate
        self.row = self.provider
        self.operation = names.operation_name(self.row)
        self.server = attributes.of_server(self.base_url)
        self.known = {names.OPERATION: self.operation, names.PROVIDER: names.provider_name(self.row), **self.server}
        self.default_model = self.model

    def _begin(self, request: Request, road: Road) -> Awaitable[Begun]:
        return (_Observed(self, road).begin if self._watches() else road.ask)(self._clients[0], request)

    async def complete(self, request: Request) -> Response:
        """Ask without streaming, and return the whole answer. Raises an LLMError."""
        if self._watches():
            return await super().complete(request)
        self._life.check()
        return await self._clients[0].complete(checked(request))

    def _watches(self) -> bool:
        """Whether anybody hears of it; not where somebody outside makes the span of this call."""
        return bool(self.instruments.heard.now() or self.propagate) and otel.get_value(names.OUTER_INFERENCE) is None

    async def embed(
        self,
        texts: str | Iterable[str],
        model: str | None = None,
        dimensions: int | None = None,
        input_type: str | None = None,
    ) -> Embeddings:
        """Vectors of texts, as the inner client's `embed`, in a span of their own."""
        with self._operation("embeddings", model or self.model) as span:
            if dimensions is not None:
                span.set_attribute("gen_ai.embeddings.dimension.count", dimensions)
            found = await super().embed(texts, model, dimensions, input_type)
            span.set_attribute(names.RESPONSE_MODEL, found.model)
            if found.usage.input_tokens is not None:
                span.set_attribute("gen_ai.usage.input_tokens", found.usage.input_tokens)
            return found

    async def rerank(
        self, query: str, documents: Iterable[str], model: str | None = None, top_n: int | None = None
    ) -> Ranking:
        """Documents by their relevance, as the inner client's `rerank`, in a span of its own (a proposed name)."""
        with self._operation("rerank", model or self.model) as span:
            found = await super().rerank(query, documents, model, top_n)
            span.set_attribute("aikido_llm.rerank.results", len(found.results))
            span.set_attribute(names.RESPONSE_MODEL, found.model)
            if found.usage.input_tokens is not None:
                span.set_attribute("gen_ai.usage.input_tokens", found.usage.input_tokens)
            return found

    async def count_tokens(self, request: Request) -> int:
        """Tokens of a request, as the inner client's `count_tokens`, in a span of their own (the name is ours)."""
        with self._operation("count_tokens", checked(request).model or self.model) as span:
            counted = await super().count_tokens(request)
            span.set_attribute("aikido_llm.counted_tokens", counted)
            return counted

    @contextmanager
    def _operation(self, operation: str, model: str | None) -> Generator[Span]:
        """A span around a verb that is no chat."""
        begun = time.perf_counter()
        start = {names.OPERATION: operation, names.PROVIDER: names.provider_name(self.row), **self.server}
        if model:
            start[names.REQUEST_MODEL] = model
        span = self.instruments.tracer.start_span(f"{operation} {model or ''}".strip(), None, SpanKind.CLIENT, start)
        ended = dict(start)
        watching = watcher.set(_Verb(self, span))
        try:
            with use_span(span, record_exception=False, set_status_on_exception=False):
                yield span
        except Exception as error:
            ended[names.ERROR_TYPE] = attributes.error_type(error)
            _set_failed(span, error)
            raise
        finally:
            took = time.perf_counter() - begun
            self.instruments.operation_duration(took, ended, set_span_in_context(span))
            watcher.reset(watching)
            span.end()

    @contextmanager
    def watch_tool(
        self, call: ToolCall, tool: Tool | None, /
    ) -> Generator[Callable[[Message, Exception | None], None]]:
        """A span around a tool's run; its end is told to what the block gets."""
        begun = time.perf_counter()
        start: dict[str, Any] = {
            names.OPERATION: "execute_tool",
            "gen_ai.tool.name": call.name,
            "gen_ai.tool.call.id": call.id,
            "gen_ai.tool.type": "function",
        }
        if isinstance(tool, ToolDef) and tool.description:
            start["gen_ai.tool.description"] = tool.description
        if self.shown.on_spans:
            start["gen_ai.tool.call.arguments"] = call.arguments
        measured = {names.OPERATION: "execute_tool", "gen_ai.tool.name": call.name}
        span = self.instruments.tracer.start_span(f"execute_tool {call.name}", None, SpanKind.INTERNAL, start)

        def told(message: Message, error: Exception | None) -> None:
            if self.shown.on_spans:
                span.set_attribute("gen_ai.tool.call.result", message.text)
            if message.is_error:
                measured[names.ERROR_TYPE] = attributes.error_type(error) if error else "_OTHER"
                span.set_attribute(names.ERROR_TYPE, measured[names.ERROR_TYPE])
                span.set_status(StatusCode.ERROR)

        try:
            with use_span(span, record_exception=False, set_status_on_exception=False):
                yield told
        except Exception as error:
            measured[names.ERROR_TYPE] = attributes.error_type(error)
            _set_failed(span, error)
            raise
        finally:
            if self.instruments.tool_duration is not None:
                took = time.perf_counter() - begun
                self.instruments.tool_duration(took, measured, set_span_in_context(span))
            span.end()


class _Inside:
    """What happens inside a call, told to its span (`call.watch.Watcher`)."""

    _observer: ObservedClient
    _span: Span
    _context: Context

    def headers(self, host: str) -> Mapping[str, str]:
        carrier: dict[str, str] = {}
        if host in self._observer.propagate:
            _TRACEPARENT.inject(carrier, self._context)
        return carrier

    def retrying(self, number: int, error: LLMError, wait: float) -> None:
        told: dict[str, Any] = {
            "aikido_llm.attempt": number,
            "aikido_llm.wait": wait,
            names.ERROR_TYPE: attributes.error_type(error),
        }
        self._span.add_event("aikido_llm.retry", told)

    def went_over(self, hop: Hop) -> None:
        told = {names.PROVIDER: names.provider_name(hop.provider), names.REQUEST_MODEL: hop.model}
        if hop.error is not None:
            told[names.ERROR_TYPE] = attributes.error_type(hop.error)
        self._span.add_event("aikido_llm.fallback", told)


class _Verb(_Inside):  # that is no chat
    def __init__(self, observer: ObservedClient, span: Span) -> None:
        self._observer = observer
        self._span = span
        self._context = set_span_in_context(span)


class _Observed(_Inside, Call):
    """One call, which watches what happens inside it."""

    def __init__(self, observer: ObservedClient, road: Road) -> None:
        super().__init__(road)
        self._observer = observer
        self._instruments = observer.instruments
        self._begun = time.perf_counter()
        self._last = 0.0  # when the last chunk came
        self._first_chunk: float | None = None

    # ---------------------------------------------------------------- the call's steps

    async def ask(self, client: Client, request: Request) -> Begun:
        observer = self._observer
        model = request.model or observer.default_model
        self._measured = {**observer.known, names.REQUEST_MODEL: model} if model else dict(observer.known)
        self._span = self._instruments.tracer.start_span(
            f"{observer.operation} {model}" if model else observer.operation, None, SpanKind.CLIENT, self._measured
        )
        self._recording = self._span.is_recording()
        self.each_read = self.road.streams
        self._inside = self._recording or bool(observer.propagate)
        self._context = set_span_in_context(self._span)
        self._request = request
        if self._recording:
            self._span.set_attributes(attributes.of_request(request, stream=self.road.streams))
        if not self._inside:
            return await self.road.ask(client, request)
        with _Reading(self, self._context):
            return await self.road.ask(client, request)

    def read(self) -> Awaitable[list[Event]]:
        return self._read_inside() if self._inside else self.source.events()

    async def _read_inside(self) -> list[Event]:
        with _Reading(self, self._context):
            return await self.source.events()

    async def came(self, events: list[Event]) -> list[Event]:
        if self.each_read:
            self._note_chunk(events)
        if self.end is not None:
            self._finish(self.end.response, self.failure)
        return events

    async def failed(self, error: Exception) -> None:
        partial = error.partial if isinstance(error, LLMError) else None
        self._finish(partial or Response(), error)

    def left(self) -> None:
        self._finish(None, self.failure)

    def _note_chunk(self, events: list[Event]) -> None:
        now = time.perf_counter()
        if self._first_chunk is not None:
            self._instruments.next_chunk(now - self._last, self._measured, self._context)
        elif has_content(events):
            self._first_chunk = now - self._begun
            self._instruments.first_chunk(self._first_chunk, self._measured, self._context)
        self._last = now

    # ---------------------------------------------------------------- the end

    def _finish(self, response: Response | None, error: Exception | None) -> None:
        """response: None when the caller left."""
        measured, instruments = self._measured, self._instruments
        whole = response or Response()
        if whole.provider and whole.provider != self._observer.row:  # another client answered
            measured = {name: value for name, value in measured.items() if name not in self._observer.server}
            measured[names.PROVIDER] = names.provider_name(whole.provider)
        if whole.model:
            measured[names.RESPONSE_MODEL] = whole.model
        if error is not None:
            measured[names.ERROR_TYPE] = attributes.error_type(error)
        instruments.duration(time.perf_counter() - self._begun, measured, self._context)
        instruments.count(whole.usage, measured, self._context)
        if self._recording:
            self._describe(whole, measured[names.PROVIDER], error, left=response is None)
        self._emit(whole, error)
        self._span.end()

    def _describe(self, response: Response, provider: str, error: Exception | None, *, left: bool) -> None:
        span = self._span
        found = attributes.of_response(response, self._instruments.names, self._first_chunk)
        if left or (error is not None and self.end is None):
            found[names.FINISH_REASONS] = ("error",)  # one was due, and did not come
        span.set_attributes({**found, names.PROVIDER: provider})
        if self._observer.shown.on_spans:
            told = self._told(response)
            span.set_attributes({name: json.text(value) for name, value in told.items()})
        if isinstance(error, LLMError) and error.attempts > 1:
            span.set_attribute("aikido_llm.attempts", error.attempts)
        if error is not None:
            _set_failed(span, error)

    def _told(self, response: Response) -> dict[str, Any]:
        request = self._request
        told = {
            names.SYSTEM_INSTRUCTIONS: content.instructions(request),
            names.INPUT_MESSAGES: content.input_messages(request),
            names.OUTPUT_MESSAGES: content.output_messages(response),
            names.TOOL_DEFINITIONS: content.definitions(request.tools),
        }
        return {name: value for name, value in told.items() if value}

    def _emit(self, response: Response, error: Exception | None) -> None:
        """The conventions' events: the details when they are asked for, and a failure."""
        logger, shown = self._instruments.logger, self._observer.shown
        if shown.event:
            found = attributes.of_response(response, self._instruments.names, self._first_chunk)
            told = self._told(response) if shown.on_events else {}
            details = {**attributes.of_request(self._request, stream=self.road.streams), **self._measured}
            logger.emit(context=self._context, event_name=names.DETAILS_EVENT, attributes={**details, **found, **told})
        if error is not None:
            logger.emit(
                context=self._context,
                severity_number=SeverityNumber.WARN,
                event_name=names.EXCEPTION_EVENT,
                attributes={"exception.type": attributes.error_type(error)},
            )


class _Reading:
    """While the inner client works: it is watched, and the span is current."""

    __slots__ = ("_call", "_context", "_current", "_watching")

    def __init__(self, call: _Observed, context: otel.Context) -> None:
        self._call = call
        self._context = context

    def __enter__(self) -> None:
        self._watching = watcher.set(self._call)
        self._current = otel.attach(self._context)

    def __exit__(self, *_: object) -> None:
        otel.detach(self._current)
        watcher.reset(self._watching)


def _set_failed(span: Span, error: Exception) -> None:
    span.set_attribute(names.ERROR_TYPE, attributes.error_type(error))
    span.set_status(StatusCode.ERROR, attributes.facts(error))
