"""The SDK's in-memory exporters around a test, and what the conventions allow."""

from collections.abc import Mapping
from typing import Any

from attrs import define, field
from opentelemetry.sdk._logs import LoggerProvider
from opentelemetry.sdk._logs.export import InMemoryLogRecordExporter, SimpleLogRecordProcessor
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

import aikido_llm as llm
from aikido_llm.middleware import observed

# What docs/gen-ai/client-inference.md of open-telemetry/semantic-conventions-genai lists (main, read 2026-11-29).
INFERENCE = frozenset(
    """
    gen_ai.operation.name gen_ai.provider.name error.type gen_ai.conversation.id gen_ai.output.type gen_ai.prompt.name
    gen_ai.prompt.version gen_ai.request.choice.count gen_ai.request.model gen_ai.request.seed gen_ai.request.stream
    gen_ai.request.top_k server.port gen_ai.conversation.compacted gen_ai.request.frequency_penalty
    gen_ai.request.max_tokens gen_ai.request.presence_penalty gen_ai.request.previous_response.id
    gen_ai.request.reasoning.level gen_ai.request.stop_sequences gen_ai.request.temperature gen_ai.request.top_p
    gen_ai.response.finish_reasons gen_ai.response.id gen_ai.response.model gen_ai.response.time_to_first_chunk
    gen_ai.usage.audio.cache_read.input_tokens gen_ai.usage.audio.input_tokens gen_ai.usage.audio.output_tokens
    gen_ai.usage.cache_read.input_tokens gen_ai.usage.cache_write.input_tokens
    gen_ai.usage.image.cache_read.input_tokens gen_ai.usage.image.input_tokens gen_ai.usage.image.output_tokens
    gen_ai.usage.input_tokens gen_ai.usage.output_tokens gen_ai.usage.reasoning.output_tokens
    gen_ai.usage.text.cache_read.input_tokens gen_ai.usage.text.input_tokens gen_ai.usage.text.output_tokens
    server.address gen_ai.input.messages gen_ai.output.messages gen_ai.system_instructions gen_ai.tool.definitions
    """.split()
)
# model/gen-ai/spans.yaml, gen_ai.execute_tool.internal and gen_ai.embeddings.client, read 2026-11-29.
EXECUTE_TOOL = frozenset(
    """
    gen_ai.operation.name gen_ai.tool.name gen_ai.tool.call.id gen_ai.tool.description gen_ai.tool.type
    gen_ai.tool.call.arguments gen_ai.tool.call.result error.type
    """.split()
)
EMBEDDINGS = frozenset(
    """
    gen_ai.operation.name gen_ai.provider.name gen_ai.request.model gen_ai.response.model server.address server.port
    error.type gen_ai.request.encoding_formats gen_ai.usage.input_tokens gen_ai.embeddings.dimension.count
    """.split()
)
# Name -> (kind of instrument, unit), and the attributes of all of them, of the same page and of gen-ai-metrics.md.
METRICS = {
    "gen_ai.client.inference.duration": ("Histogram", "s"),
    "gen_ai.client.inference.time_to_first_chunk": ("Histogram", "s"),
    "gen_ai.client.inference.time_per_output_chunk": ("Histogram", "s"),
    "gen_ai.client.inference.usage.input_tokens": ("Sum", "{token}"),
    "gen_ai.client.inference.usage.output_tokens": ("Sum", "{token}"),
    "gen_ai.client.inference.usage.cache_read.input_tokens": ("Sum", "{token}"),
    "gen_ai.client.inference.usage.cache_write.input_tokens": ("Sum", "{token}"),
    "gen_ai.client.inference.usage.reasoning.output_tokens": ("Sum", "{token}"),
    "gen_ai.client.inference.operation.input_tokens": ("Histogram", "{token}"),
    "gen_ai.client.inference.operation.output_tokens": ("Histogram", "{token}"),
    "gen_ai.client.operation.duration": ("Histogram", "s"),
    "gen_ai.execute_tool.duration": ("Histogram", "s"),
}
METRICS_1_41 = {
    "gen_ai.client.operation.duration": ("Histogram", "s"),
    "gen_ai.client.operation.time_to_first_chunk": ("Histogram", "s"),
    "gen_ai.client.operation.time_per_output_chunk": ("Histogram", "s"),
    "gen_ai.client.token.usage": ("Histogram", "{token}"),
}
METRIC_ATTRIBUTES = frozenset(
    """
    gen_ai.operation.name gen_ai.provider.name gen_ai.request.model gen_ai.response.model server.address server.port
    error.type gen_ai.token.modality gen_ai.token.type gen_ai.tool.name
    """.split()
)
EVENTS = {"gen_ai.client.inference.operation.details", "gen_ai.client.operation.exception"}


@define
class Telemetry:
    """What was told so far."""

    spans: InMemorySpanExporter = field(factory=InMemorySpanExporter)
    metrics: InMemoryMetricReader = field(factory=InMemoryMetricReader)
    logs: InMemoryLogRecordExporter = field(factory=InMemoryLogRecordExporter)

    def __attrs_post_init__(self) -> None:
        self.tracer_provider = TracerProvider()
        self.tracer_provider.add_span_processor(SimpleSpanProcessor(self.spans))
        self.meter_provider = MeterProvider([self.metrics])
        self.logger_provider = LoggerProvider()
        self.logger_provider.add_log_record_processor(SimpleLogRecordProcessor(self.logs))

    tracer_provider: TracerProvider = field(init=False)
    meter_provider: MeterProvider = field(init=False)
    logger_provider: LoggerProvider = field(init=False)

    def observed(self, client: llm.Client, **options: Any) -> Any:
        return observed(
            client, self.tracer_provider, self.meter_provider, logger_provider=self.logger_provider, **options
        )

    def ended(self) -> list[ReadableSpan]:
        return list(self.spans.get_finished_spans())

    def one(self) -> ReadableSpan:
        (span,) = self.ended()
        return span

    def points(self) -> dict[str, list[tuple[Any, Mapping[str, Any]]]]:
        """Metric -> (sum, attributes) of each of its points; checks each against the conventions."""
        found: dict[str, list[tuple[Any, Mapping[str, Any]]]] = {}
        data = self.metrics.get_metrics_data()
        for resource in data.resource_metrics if data else ():
            for scope in resource.scope_metrics:
                for metric in scope.metrics:
                    kind = type(metric.data).__name__
                    assert (kind, metric.unit) in (METRICS.get(metric.name), METRICS_1_41.get(metric.name))
                    for point in metric.data.data_points:
                        attributes = dict(point.attributes or {})
                        assert not set(attributes) - METRIC_ATTRIBUTES
                        value = getattr(point, "sum", None)
                        found.setdefault(metric.name, []).append(
                            (value if value is not None else getattr(point, "value", None), attributes)
                        )
        return found

    def events(self) -> list[tuple[str | None, Mapping[str, Any]]]:
        return [
            (log.log_record.event_name, dict(log.log_record.attributes or {})) for log in self.logs.get_finished_logs()
        ]


def id_of(span: ReadableSpan) -> int:
    assert span.context is not None
    return int(span.context.span_id)


def parent_of(span: ReadableSpan) -> int | None:
    return None if span.parent is None else span.parent.span_id


def conventional(span: ReadableSpan, allowed: frozenset[str]) -> dict[str, Any]:
    """The span's attributes; those beside the conventions are in our own name space."""
    attributes = dict(span.attributes or {})
    beside = {name for name in attributes if not name.startswith("aikido_llm.")} - allowed
    assert not beside, f"not of the conventions: {beside}"
    return attributes
