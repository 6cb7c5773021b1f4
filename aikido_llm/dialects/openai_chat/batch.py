"""Batches as OpenAI has them, and Azure and Groq after it: a file of requests, a batch over it, files of answers.

    POST /files (purpose=batch), POST /batches, GET /batches/ID, POST /batches/ID/cancel, GET /files/ID/content

source: OpenAI API reference, "Batch" and "Files"; Microsoft Foundry REST reference, "Batches"; GroqDocs, "Batch API",
read 2026-11.
"""

from collections.abc import Mapping
from typing import Any

from attrs import field, frozen

from ...errors import InvalidRequestError, LLMError
from ...types.batches import BatchState, HostedBatch
from .. import batch as base
from ..base import Dialect, WireRequest
from ..batch import LABEL, Common, Frame, Json, Limits, Line, Sheet
from ..paths import cursor as quoted
from ..paths import segment
from ..values import as_count, as_object, as_objects, as_text

_STATES = {
    "validating": BatchState.running,
    "in_progress": BatchState.running,
    "finalizing": BatchState.running,
    "completed": BatchState.completed,
    "failed": BatchState.failed,
    "expired": BatchState.expired,
    "cancelling": BatchState.cancelling,
    "cancelled": BatchState.cancelled,
}
_PAGE = 100


_STATUSES = {"token_limit_exceeded": 429}
"""What a refusal of a whole batch amounts to, where it is not the requests that are wrong: this one is full for now.
(learn.microsoft.com, "Azure OpenAI Batch API token_limit_exceeded", read 2026-11.)"""


def _window() -> Mapping[str, Any]:
    return {"completion_window": "24h"}


@frozen
class OpenAIFiles(Common):
    """prefix: what stands before the path of a request in `url` and `endpoint`. options: further fields of a batch."""

    prefix: str = "/v1"
    options: Mapping[str, Any] = field(factory=_window)

    @property
    def limits(self) -> Limits:
        return Limits(self.max_requests, self.max_bytes)

    @property
    def separator(self) -> bytes:
        return b"\n"

    def kind(self, wire: WireRequest) -> WireRequest:
        if wire.headers:
            raise InvalidRequestError("a row of a batch carries no headers of its own here: leave extra_headers out")
        return base.bare(wire, as_text(as_object(wire.body).get("model")))

    def entry(self, wire: WireRequest, name: str) -> Json:
        return {"custom_id": name, "method": "POST", "url": self.prefix + wire.path, "body": wire.body}

    def upload(self, sheet: Sheet) -> tuple[WireRequest, Frame] | None:
        purpose = ('Content-Disposition: form-data; name="purpose"', b"batch")
        file = (
            f'Content-Disposition: form-data; name="file"; filename="{sheet.label}.jsonl"\r\n'
            "Content-Type: application/jsonl"
        )
        return WireRequest("/files", accepts=(200, 201)), base.multipart([purpose], file, "form-data")

    def uploaded(self, body: bytes) -> str:
        return base.id_in(base.document(body, "file"), "id", "file")

    def create(self, sheet: Sheet, uploaded: str) -> tuple[WireRequest, Frame | None]:
        body = {"input_file_id": uploaded, "endpoint": self.prefix + sheet.kind.path, **self.options}
        if self.labels:
            body["metadata"] = {LABEL: sheet.label}
        return WireRequest("/batches", body, once=True, accepts=(200, 201)), None

    def get(self, id: str) -> WireRequest:
        return base.get(f"/batches/{segment(id, 'a batch id')}")

    def cancel(self, id: str) -> WireRequest:
        return WireRequest(f"/batches/{segment(id, 'a batch id')}/cancel")

    def page(self, cursor: str | None) -> WireRequest:
        return base.get(f"/batches?limit={_PAGE}" + (f"&after={quoted(cursor)}" if cursor else ""))

    def batch(self, body: bytes, dialect: Dialect) -> HostedBatch:
        return self._batch(base.document(body, "batch"), dialect)

    def _batch(self, found: Json, dialect: Dialect) -> HostedBatch:
        word = as_text(found.get("status"))
        error, lines = _problems(as_objects(as_object(found.get("errors")).get("data")), dialect)
        files = (as_text(found.get(key)) for key in ("output_file_id", "error_file_id"))
        return HostedBatch(
            base.id_in(found, "id", "batch"),
            base.state_of(word, _STATES),
            word,
            *base.counted(found.get("request_counts"), "total", "completed", "failed"),
            *base.times(found, "created_at", "expires_at"),
            label=as_text(as_object(found.get("metadata")).get(LABEL)),
            error=error,
            lines=lines,
            outputs=tuple(filter(None, files)),
        )

    def batches(self, body: bytes, dialect: Dialect, cursor: str | None) -> tuple[list[HostedBatch], str | None]:
        found = base.document(body, "list of batches")
        batches = [self._batch(one, dialect) for one in as_objects(found.get("data"))]
        more = found.get("has_more") is True and batches
        return batches, (as_text(found.get("last_id")) or batches[-1].id) if more else None

    def output(self, batch: HostedBatch, output: str) -> WireRequest:
        return base.get(f"/files/{segment(output, 'a file id')}/content")

    def line(self, data: bytes) -> Line:
        return base.custom_line(data)


def _problems(found: list[Json], dialect: Dialect) -> tuple[LLMError | None, dict[int, LLMError]]:
    """What is wrong with the whole, and with single lines (which the host counts from 1)."""
    whole: LLMError | None = None
    lines: dict[int, LLMError] = {}
    for one in found:
        line = as_count(one.get("line"))
        error = base.told(one, dialect, status=_STATUSES.get(as_text(one.get("code")), 400))
        if line:
            lines.setdefault(line - 1, error)
        else:
            whole = whole or error
    return whole, lines


WIRE = OpenAIFiles
