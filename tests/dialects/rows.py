"""The rows that a test over conversations must go through: every one of a module of its own, and of the table of
compatible hosts one for each way in which they write a conversation."""

from collections.abc import Iterator

from aikido_llm.providers import find, providers
from aikido_llm.providers.names import COMPATIBLE

_WRITES = (
    "reasoning_replay", "prefill_field", "late_system", "cache_marks", "audio_input", "file_input", "file_urls",
    "speaker_names", "call_id_pattern", "replays_open_reasoning",
)  # fmt: skip


def _of_each_kind() -> Iterator[str]:
    seen: set[tuple[object, ...]] = set()
    yield "bedrock:invoke"  # a dialect that is no row's own: see tests/speakers.py
    for name in providers():
        dialect = find(name).dialect
        kind = (dialect.name, *(getattr(dialect, field, None) for field in _WRITES))
        if name != "echo" and (name not in COMPATIBLE or kind not in seen):
            seen.add(kind)
            yield name


ROWS = tuple(_of_each_kind())
