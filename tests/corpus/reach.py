"""Where in our Response each value of a recorded answer is: `python -m tests.corpus.reach` prints it, wire by wire.

A small reader, which knows nothing of the decoders, walks the recorded JSON leaf by leaf and looks each text and number
up in the Response as plain data: in a typed field, else in provider_data, else it is lost. What is left out of the walk
has its name and its reason here.
"""

import json
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

from attrs import define, field, frozen

import aikido_llm as llm
from aikido_llm.dialects.openai_chat import OpenAIChat
from aikido_llm.dialects.values import is_list, is_object
from aikido_llm.providers import find, providers
from aikido_llm.serialize import to_dict
from tests.corpus.load import PROTOCOLS, Exchange, exchanges, further
from tests.wire import Road, error_of, response_of

ROWS = {
    "gemini": "gemini",
    "cohere-v2": "cohere",
    "ollama-chat": "ollama",
    "anthropic-messages": "anthropic",
    "openai-responses": "openai-responses",
}
FRAME = frozenset((
    "role", "index", "type", "done", "created_at", "createTime", "created", "object", "sequence_number", "status",
    "item_id", "output_index", "summary_index", "annotation_index", "completed_at", "obfuscation", "padding", "p",
    "partial_image_index", "channel", "format",
))  # fmt: skip
"""What names the frame and not the answer; of a piece of reasoning, the shape in which it is written."""
SAID = frozenset((
    "startIndex", "endIndex", "start", "end", "content_index", "start_index", "end_index",  # ours in other units
    "groundingChunkIndices", "willContinue", "jsonPath", "bytes", "thought", "outcome", "urlRetrievalStatus",
    "language", "data",  # pictures are bytes
))  # fmt: skip
"""What is told by where it ends up, or in another form."""
NOTHING = (None, "", "{}", "null", "{", "}")
LAST = frozenset((
    "usageMetadata", "usage", "safetyRatings", "finishMessage", "avgLogprobs", "promptFeedback", "timings", "x_groq",
    "sla_metrics", "service_tier", "token_id",
))  # fmt: skip
"""Of these the last value counts."""
_CALLERS = (
    "function_call", "custom_tool_call", "computer_call", "local_shell_call", "shell_call", "apply_patch_call",
    "tool_search_call",
)  # fmt: skip
NAMELESS = ("message", "reasoning", *_CALLERS)
"""Items and details whose id means nothing to who has not stored them: a call is known by its call_id."""
CALL = frozenset(("arguments", "id", "name", "call_id", "delta"))
"""Of an answer that was cut: its last call, which is not handed out since its JSON is no whole one."""
UNSAID = CALL | {"thoughtSignature", "finishReason", "finish_reason", "provider"}
"""Of an answer that failed: its calls, the reason before the one that counts, and the host behind a router."""
LEFT_OUT = {
    "openai-responses-52a977654b8d96cf": "encrypted reasoning with nothing behind it, which the service refuses",
    "openai-responses-ceef574dfd1593dc": "encrypted reasoning with nothing behind it, which the service refuses",
    "openai-responses-f40101fd52e4a679": "encrypted reasoning with nothing behind it, which the service refuses",
    "openai-responses-f806bd297b2f7005": "encrypted reasoning with nothing behind it, which the service refuses",
}
"""Where encrypted reasoning is left out on purpose."""
CUT = (llm.FinishReason.length, llm.FinishReason.other)
NO_ANSWERS = {
    "openai-responses-b8967e25ac3a8ec1": "the picture was shortened when it was recorded",
    "openai-responses-3722d793b9e61422": "the picture was shortened when it was recorded",
}
KINDS = {
    "citations": (
        "annotations", "annotation", "citations", "citation", "groundingMetadata", "citationMetadata", "search_results",
        "web_search_citations",
    ),
    "logprobs": ("logprobs", "logprobsResult", "avgLogprobs"),
    "server tools": ("executed_tools", "executableCode", "codeExecutionResult", "toolCall", "toolResponse",
                     "urlContextMetadata"),
}  # fmt: skip
"""The fields under which each kind of content stands, on whatever wire."""
_SERVER_ITEMS = ("_call", "_tool_use", "_tool_result", "_call_output", "mcp_list_tools")


@frozen
class Leaf:
    """name: the nearest above. kind: of content (a key of KINDS, `choices`), "" for any other."""

    name: str
    value: str | int | float
    kind: str = ""


@define
class Count:
    """Leaves of one wire. typed, data: by kind, in a typed field or in provider_data. lost: of each exchange, by id."""

    answers: int = 0
    typed: Counter[str] = field(factory=lambda: Counter[str]())
    data: Counter[str] = field(factory=lambda: Counter[str]())
    lost: dict[str, list[Leaf]] = field(factory=lambda: dict[str, list[Leaf]]())


def values_of(exchange: Exchange) -> list[Any]:
    text = exchange.body.decode("utf-8", "replace")
    try:
        value = json.loads(text)
    except ValueError:
        lines = (line.removeprefix("data:").strip() for line in text.replace("\r\n", "\n").split("\n"))
        return [json.loads(line) for line in lines if line.startswith("{") and line.endswith("}")]
    return value if is_list(value) else [value]


def leaves(value: Any, name: str = "", kind: str = "") -> Iterator[Leaf]:
    """Each text and number."""
    if is_object(value):
        kind = kind or _kind_of(value)
        unnamed = {"name"} if "role" in value else set[str]()  # the speaker's
        unnamed |= {"id"} if str(value.get("type")).startswith(NAMELESS) else set[str]()
        for key, item in value.items():
            if key not in FRAME | SAID and key not in unnamed:
                below = next((kind for kind, names in KINDS.items() if key in names), "")
                yield from leaves(item, key, kind or below)
    elif is_list(value):
        for place, item in enumerate(value):
            further = name in ("choices", "candidates") and (place > 0 or (is_object(item) and item.get("index", 0)))
            yield from leaves(item, name, "choices" if further else kind)
    elif value not in NOTHING and not isinstance(value, bool):
        yield Leaf(name, value, kind)


def _kind_of(node: dict[str, Any]) -> str:
    said = str(node.get("type"))
    return "server tools" if said.endswith(_SERVER_ITEMS) and said not in _CALLERS else ""


def said_once(values: list[Any]) -> list[Any]:
    """The events without what a later one says again, whole: an announced item, the logprobs of a piece, the output of
    the last event; and without other ids of the answer than the first."""
    finished = any(value.get("type") == "response.output_item.done" for value in values)
    kept: list[Any] = []
    for place, value in enumerate(values):
        kind = str(value.get("type"))
        dropped = {"id"} if place else set[str]()
        dropped |= {"item"} if kind == "response.output_item.added" else set[str]()
        dropped |= {"logprobs"} if kind.startswith("response.output_text.") else set[str]()
        value = {key: item for key, item in value.items() if key not in dropped}
        if is_object(value.get("response")):
            again = ("output",) * finished + ("id",) * bool(place)
            value["response"] = {key: item for key, item in value["response"].items() if key not in again}
        kept.append(value)
    return kept + _arguments(kept)


def _arguments(values: list[Any]) -> list[Any]:
    """JSON that came in pieces, whole: it is told in other spacing. The pieces are taken out of the values."""
    pieces: dict[Any, str] = {}
    for value in values:
        delta = value.get("delta")
        if is_object(delta) and "partial_json" in delta:
            pieces[value.get("index")] = pieces.get(value.get("index"), "") + str(delta.pop("partial_json"))
    whole: list[Any] = []
    for text in pieces.values():
        with suppress(ValueError):  # cut
            whole.append({"input": json.loads(text)})
    return whole


def without_earlier(values: list[Any]) -> list[Any]:
    """The chunks, with fields of LAST in the last chunk alone that has them."""
    seen: set[str] = set()

    def strip(value: Any) -> Any:
        if is_list(value):
            return [strip(item) for item in value]
        if not is_object(value):
            return value
        kept: dict[str, Any] = {}
        for name, item in value.items():
            if name in LAST:
                if name in seen:
                    continue
                seen.add(name)
            kept[name] = item if name in LAST else strip(item)
        return kept

    return [strip(value) for value in reversed(values)][::-1]


class Held:
    """All texts and numbers of plain data, those inside JSON that it keeps as text too."""

    def __init__(self, value: Any) -> None:
        self._texts: list[str] = []
        self._numbers: set[float] = set()
        self._take(value)
        self._joined = "\0".join(self._texts)

    def __contains__(self, value: object) -> bool:
        if isinstance(value, str):
            return value in self._joined
        return isinstance(value, int | float) and float(value) in self._numbers

    def _take(self, value: Any) -> None:
        if is_object(value):
            for name, item in value.items():
                self._texts.append(str(name))
                self._take(item)
        elif is_list(value):
            for item in value:
                self._take(item)
        elif isinstance(value, str):
            self._texts.append(value)
            if value[:1] in "{[" and value:
                with suppress(ValueError):
                    self._take(json.loads(value))
        elif isinstance(value, int | float) and not isinstance(value, bool):
            self._numbers.add(float(value))


def without_data(value: Any) -> Any:
    """The plain data of a Response without any provider_data and without the usage as it came."""
    if is_object(value):
        return {name: without_data(item) for name, item in value.items() if name not in ("provider_data", "raw")}
    return [without_data(item) for item in value] if is_list(value) else value


def dialect_of(exchange: Exchange) -> Any:
    if exchange.protocol in ROWS:
        return find(ROWS[exchange.protocol]).dialect
    name = {"xai": "grok", "openai": "openai-chat"}.get(exchange.provider, exchange.provider)
    row = find(name).dialect if name in providers() else None
    return row if isinstance(row, OpenAIChat) else OpenAIChat()


def response_to(exchange: Exchange) -> tuple[llm.Response, llm.LLMError | None]:
    content_type = exchange.headers.get("content-type", "").partition(";")[0].strip().lower()
    events = Road(dialect_of(exchange), stream=exchange.stream, content_type=content_type).read(exchange.body)
    return response_of(events), error_of(events)


def count(exchange: Exchange, into: Count) -> None:
    response, error = response_to(exchange)
    plain = to_dict(response)
    plain.pop("raw", None)
    cut = error is not None or not response.complete or response.finish_reason in CUT
    unsaid = UNSAID if error is not None else CALL if cut else frozenset[str]()
    words = [error.message, error.code, error.status, error.body] if error is not None else []
    typed, anywhere = Held([without_data(plain), words]), Held([plain, words, list(response.replay)])
    into.answers += 1
    for value in without_earlier(said_once(values_of(exchange))):
        for leaf in leaves(value):
            if leaf.value in typed:
                into.typed[leaf.kind] += 1
            elif leaf.value in anywhere:
                into.data[leaf.kind] += 1
            elif leaf.name not in unsaid and not (leaf.name == "encrypted_content" and exchange.id in LEFT_OUT):
                into.lost.setdefault(exchange.id, []).append(leaf)


def answers_of(protocol: str) -> list[Exchange]:
    every = (*exchanges(protocol), *further(protocol))
    return [one for one in every if one.status == 200 and one.id not in NO_ANSWERS]


def counted(protocol: str) -> Count:
    found = Count()
    for exchange in answers_of(protocol):
        count(exchange, found)
    return found


def table(counts: dict[str, Count]) -> str:
    """As Markdown: for each kind how many of its values are typed, of all that were sent."""
    kinds = ("citations", "server tools", "logprobs", "choices", "")
    lines = ["| wire | answers | citations | server tools | logprobs | further choices | all else | lost |"]
    lines.append("|---|--:|--:|--:|--:|--:|--:|--:|")
    for protocol, found in counts.items():
        cells = [_share(found, kind) for kind in kinds]
        lost = sum(map(len, found.lost.values()))
        lines.append(f"| {protocol} | {found.answers:,} | {' | '.join(cells)} | {lost} |")
    return "\n".join(lines)


def _share(found: Count, kind: str) -> str:
    typed, all_of_it = found.typed[kind], found.typed[kind] + found.data[kind]
    return f"{typed:,} of {all_of_it:,}" if all_of_it else ""


if __name__ == "__main__":
    print(table({protocol: counted(protocol) for protocol in PROTOCOLS}))
