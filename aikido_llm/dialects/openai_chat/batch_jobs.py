"""Mistral's batch jobs: a file of requests, a job over it that names the model, files of answers.

    POST /files (purpose=batch), POST /batch/jobs, GET /batch/jobs/ID, POST /batch/jobs/ID/cancel, GET /files/ID/content

source: Mistral AI API reference, "Batch" and "Files", mistralai/client-python models/batchjob.py, read 2026-11.
"""

from collections.abc import Mapping
from typing import Any

from attrs import evolve, field, frozen

from ...errors import InvalidRequestError, LLMError
from ...types.batches import BatchState, HostedBatch
from .. import batch as base
from ..base import Dialect, WireRequest
from ..batch import LABEL, Common, Frame, Json, Limits, Line, Sheet
from ..paths import segment
from ..values import as_object, as_objects, as_text

_STATES = {
    "QUEUED": BatchState.running,
    "RUNNING": BatchState.running,
    "SUCCESS": BatchState.completed,
    "FAILED": BatchState.failed,
    "TIMEOUT_EXCEEDED": BatchState.expired,
    "CANCELLATION_REQUESTED": BatchState.cancelling,
    "CANCELLED": BatchState.cancelled,
}
_PAGE = 100


def _window() -> Mapping[str, Any]:
    return {"timeout_hours": 24}


@frozen
class MistralJobs(Common):
    """prefix: what stands before the path of a request in `endpoint`. options: further fields of a job."""

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
        """The model is the job's."""
        body = {key: value for key, value in as_object(wire.body).items() if key != "model"}
        return {"custom_id": name, "body": body}

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
        body = {
            "input_files": [uploaded],
            "endpoint": self.prefix + sheet.kind.path,
            "model": as_object(sheet.kind.body).get("model"),
            "metadata": {LABEL: sheet.label},
            **self.options,
        }
        return WireRequest("/batch/jobs", body, once=True, accepts=(200, 201)), None

    def get(self, id: str) -> WireRequest:
        return base.get(f"/batch/jobs/{segment(id, 'a batch id')}")

    def cancel(self, id: str) -> WireRequest:
        return WireRequest(f"/batch/jobs/{segment(id, 'a batch id')}/cancel")

    def page(self, cursor: str | None) -> WireRequest:
        return base.get(f"/batch/jobs?page={int(cursor or 0)}&page_size={_PAGE}")

    def batch(self, body: bytes, dialect: Dialect) -> HostedBatch:
        return self._batch(base.document(body, "batch job"), dialect)

    def _batch(self, found: Json, dialect: Dialect) -> HostedBatch:
        word = as_text(found.get("status"))
        problems = as_objects(found.get("errors"))
        state = base.state_of(word, _STATES)
        error: LLMError | None = base.told(problems[0], dialect) if problems and state is BatchState.failed else None
        files = (as_text(found.get(key)) for key in ("output_file", "error_file"))
        batch = HostedBatch(
            base.id_in(found, "id", "batch job"),
            state,
            word,
            *base.counted(found, "total_requests", "succeeded_requests", "failed_requests"),
            *base.times(found, "created_at", "expires_at"),
            label=as_text(as_object(found.get("metadata")).get(LABEL)),
            error=error,
            outputs=tuple(filter(None, files)),
        )
        return evolve(batch, total=batch.total or None)  # 0 until it has read its file

    def batches(self, body: bytes, dialect: Dialect, cursor: str | None) -> tuple[list[HostedBatch], str | None]:
        """A page has no mark of the next, and does not say which it is: behind a full one another may follow."""
        found = base.document(body, "list of batch jobs")
        entries = as_objects(found.get("data"))
        batches = [self._batch(one, dialect) for one in entries]
        return batches, str(int(cursor or 0) + 1) if len(entries) >= _PAGE else None

    def output(self, batch: HostedBatch, output: str) -> WireRequest:
        return base.get(f"/files/{segment(output, 'a file id')}/content")

    def line(self, data: bytes) -> Line:
        return base.custom_line(data)


WIRE = MistralJobs
