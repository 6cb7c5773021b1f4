"""The names of OpenTelemetry's conventions for generative AI: the one table. Pure data, no library.

current: open-telemetry/semantic-conventions-genai, main, `docs/gen-ai/client-inference.md`, `gen-ai-spans.md` and
`non-normative/migration.md`, read 2026-11 (all of it "Development"). 1.41: the last release that
open-telemetry/semantic-conventions published them in, `v1.41.0/docs/gen-ai`.
"""

from collections.abc import Mapping
from typing import Literal, TypeAlias

from attrs import frozen

Version: TypeAlias = Literal["current", "1.41"]


@frozen
class Metric:
    """counter: it adds up; else it is a histogram with these bounds."""

    name: str
    unit: str
    description: str
    bounds: tuple[float, ...] = ()
    counter: bool = False


_SECONDS = tuple(0.01 * 2**n for n in range(14))
_TOKENS = tuple(float(4**n) for n in range(14))


def _seconds(name: str, description: str) -> Metric:
    return Metric(name, "s", description, _SECONDS)


def _tokens(name: str, description: str) -> Metric:
    return Metric(name, "{token}", description, _TOKENS)


def _counter(name: str, description: str) -> Metric:
    return Metric(f"gen_ai.client.inference.usage.{name}", "{token}", description, counter=True)


@frozen
class Names:
    """What differs between the versions. counters, histograms: count of Usage -> the metrics that it goes into, with
    further attributes of each."""

    schema_url: str | None
    duration: Metric
    first_chunk: Metric
    next_chunk: Metric
    operation_duration: Metric
    tool_duration: Metric | None
    cache_write: str
    tokens: Mapping[str, tuple[tuple[Metric, Mapping[str, str]], ...]]


_UNKNOWN = {"gen_ai.token.modality": "unknown"}  # no wire tells it for all of its counts

_OPERATION = _seconds("gen_ai.client.operation.duration", "GenAI operation duration.")
_USED = _tokens("gen_ai.client.token.usage", "Number of input and output tokens used.")

NAMES: Mapping[Version, Names] = {
    "current": Names(
        schema_url=None,
        duration=_seconds("gen_ai.client.inference.duration", "GenAI client inference duration."),
        first_chunk=_seconds("gen_ai.client.inference.time_to_first_chunk", "Time to receive the first chunk."),
        next_chunk=_seconds("gen_ai.client.inference.time_per_output_chunk", "Time per chunk behind the first."),
        operation_duration=_OPERATION,
        tool_duration=_seconds("gen_ai.execute_tool.duration", "Duration of a tool's execution."),
        cache_write="gen_ai.usage.cache_write.input_tokens",
        tokens={
            "input_tokens": (
                (_counter("input_tokens", "Input tokens used, cached ones included."), _UNKNOWN),
                (_tokens("gen_ai.client.inference.operation.input_tokens", "Input tokens per operation."), {}),
            ),
            "output_tokens": (
                (_counter("output_tokens", "Output tokens used, reasoning included."), _UNKNOWN),
                (_tokens("gen_ai.client.inference.operation.output_tokens", "Output tokens per operation."), {}),
            ),
            "cache_read_tokens": ((_counter("cache_read.input_tokens", "Input tokens read from a cache."), _UNKNOWN),),
            "cache_write_tokens": ((_counter("cache_write.input_tokens", "Input tokens put in a cache."), _UNKNOWN),),
            "reasoning_tokens": ((_counter("reasoning.output_tokens", "Output tokens of reasoning."), _UNKNOWN),),
        },
    ),
    "1.41": Names(
        schema_url="https://opentelemetry.io/schemas/1.41.0",
        duration=_OPERATION,
        first_chunk=_seconds("gen_ai.client.operation.time_to_first_chunk", "Time to receive the first chunk."),
        next_chunk=_seconds("gen_ai.client.operation.time_per_output_chunk", "Time per chunk behind the first."),
        operation_duration=_OPERATION,
        tool_duration=None,
        cache_write="gen_ai.usage.cache_creation.input_tokens",
        tokens={
            "input_tokens": ((_USED, {"gen_ai.token.type": "input"}),),
            "output_tokens": ((_USED, {"gen_ai.token.type": "output"}),),
        },
    ),
}

OPERATION = "gen_ai.operation.name"
PROVIDER = "gen_ai.provider.name"
REQUEST_MODEL = "gen_ai.request.model"
RESPONSE_MODEL = "gen_ai.response.model"
ADDRESS = "server.address"
PORT = "server.port"
ERROR_TYPE = "error.type"
FINISH_REASONS = "gen_ai.response.finish_reasons"
FIRST_CHUNK = "gen_ai.response.time_to_first_chunk"
INPUT_MESSAGES = "gen_ai.input.messages"
OUTPUT_MESSAGES = "gen_ai.output.messages"
SYSTEM_INSTRUCTIONS = "gen_ai.system_instructions"
TOOL_DEFINITIONS = "gen_ai.tool.definitions"

DETAILS_EVENT = "gen_ai.client.inference.operation.details"
EXCEPTION_EVENT = "gen_ai.client.operation.exception"

OUTER_INFERENCE = "opentelemetry.genai.client.inference.context"
"""The key in the context by which a library outside says that it makes the span of this call."""

PROVIDERS: Mapping[str, str] = {
    "openai": "openai",
    "openai-chat": "openai",
    "openai-responses": "openai",
    "anthropic": "anthropic",
    "azure": "azure.ai.openai",
    "azure-anthropic": "azure.ai.inference",
    "bedrock": "aws.bedrock",
    "bedrock-converse": "aws.bedrock",
    "cohere": "cohere",
    "deepseek": "deepseek",
    "gemini": "gcp.gemini",
    "grok": "x_ai",
    "groq": "groq",
    "mistral": "mistral_ai",
    "moonshot": "moonshot_ai",
    "perplexity": "perplexity",
    "vertex": "gcp.vertex_ai",
    "vertex-anthropic": "gcp.vertex_ai",
}
"""Row -> the conventions' word for it, where they have one; any other row goes by its own name."""

GENERATE_CONTENT = ("gemini", "vertex")
"""Rows whose operation the conventions call generate_content; that of all others is chat."""

METRIC_ATTRIBUTES = (OPERATION, PROVIDER, REQUEST_MODEL, RESPONSE_MODEL, ADDRESS, PORT, ERROR_TYPE)


def provider_name(row: str) -> str:
    """The value of gen_ai.provider.name."""
    return PROVIDERS.get(row, row) or "_OTHER"


def operation_name(row: str) -> str:
    """The value of gen_ai.operation.name for a chat."""
    return "generate_content" if row in GENERATE_CONTENT else "chat"
