"""Gemini's batches: a file of requests in Google's file store, a batch of one model over it, a file of answers.

    POST /upload/.../files, POST MODEL:batchGenerateContent, GET batches/ID, POST batches/ID:cancel,
    GET /download/.../files/ID:download?alt=media

A batch whose requests were put into it inline (by another program) has its answers inline too.
source: Gemini API guide "Batch API", reference "batches" and "files", read 2026-11; recorded batches.
"""

from typing import Any

import msgspec
from attrs import frozen

from ...codecs import json
from ...errors import InvalidRequestError, LLMError
from ...types.batches import BatchState, HostedBatch, cancelled
from .. import batch as base
from ..base import Dialect, ErrorReply, WireRequest
from ..batch import Common, Frame, Json, Limits, Line, Sheet
from ..paths import cursor as quoted
from ..paths import segment
from ..values import as_object, as_objects, as_text

_STATES = {
    "PENDING": BatchState.running,
    "QUEUED": BatchState.running,
    "RUNNING": BatchState.running,
    "SUCCEEDED": BatchState.completed,
    "PARTIALLY_SUCCEEDED": BatchState.completed,
    "FAILED": BatchState.failed,
    "CANCELLING": BatchState.cancelling,
    "CANCELLED": BatchState.cancelled,
    "EXPIRED": BatchState.expired,
}
_PAGE = 100
_ASKS, _ASKS_MANY = ":generateContent", ":batchGenerateContent"
_STATUSES = {3: 400, 5: 404, 7: 403, 8: 429, 9: 400, 16: 401, 13: 500, 14: 503, 4: 504}
"""google.rpc.Code -> the status that a request of its own would have had."""
_CANCELLED = 1


class _Line(msgspec.Struct):
    key: str = ""
    metadata: dict[str, Any] | None = None
    response: msgspec.Raw = msgspec.Raw()
    error: dict[str, Any] | None = None


_LINE = msgspec.json.Decoder(_Line)


@frozen
class GeminiBatches(Common):
    """The file may hold 2 GB."""

    max_bytes: int = 2_000_000_000

    @property
    def limits(self) -> Limits:
        return Limits(self.max_requests, self.max_bytes)

    @property
    def separator(self) -> bytes:
        return b"\n"

    def kind(self, wire: WireRequest) -> WireRequest:
        """The model is in the path."""
        if wire.headers:
            raise InvalidRequestError("a row of a batch carries no headers of its own here: leave extra_headers out")
        return base.bare(wire)

    def entry(self, wire: WireRequest, name: str) -> Json:
        return {"key": name, "request": wire.body}

    def upload(self, sheet: Sheet) -> tuple[WireRequest, Frame] | None:
        about = json.dumps({"file": {"displayName": sheet.label}})
        described = ("Content-Type: application/json; charset=UTF-8", about)
        frame = base.multipart([described], "Content-Type: application/jsonl", "related")
        return WireRequest("/files", headers={"X-Goog-Upload-Protocol": "multipart"}, before="upload"), frame

    def uploaded(self, body: bytes) -> str:
        return base.id_in(as_object(base.document(body, "file").get("file")), "name", "file")

    def create(self, sheet: Sheet, uploaded: str) -> tuple[WireRequest, Frame | None]:
        path = sheet.kind.path.removesuffix(_ASKS) + _ASKS_MANY
        batch = {"displayName": sheet.label, "inputConfig": {"fileName": uploaded}}
        return WireRequest(path, {"batch": batch}, once=True), None

    def get(self, id: str) -> WireRequest:
        return base.get(_named(id))

    def cancel(self, id: str) -> WireRequest:
        return WireRequest(f"{_named(id)}:cancel")

    def page(self, cursor: str | None) -> WireRequest:
        return base.get(f"/batches?pageSize={_PAGE}" + (f"&pageToken={quoted(cursor)}" if cursor else ""))

    def batch(self, body: bytes, dialect: Dialect) -> HostedBatch:
        return self._batch(base.document(body, "batch"), dialect)

    def _batch(self, found: Json, dialect: Dialect) -> HostedBatch:
        """An operation, whose metadata is the batch; its `response` repeats where the answers are."""
        about = as_object(found.get("metadata")) or found
        word = as_text(about.get("state"))
        output = as_object(about.get("output")) or as_object(found.get("response"))
        error = as_object(found.get("error"))
        state = base.state_of(word.removeprefix("BATCH_STATE_").removeprefix("JOB_STATE_"), _STATES)
        problem: LLMError | None = _problem(error, dialect) if error else None
        inline = as_objects(as_object(output.get("inlinedResponses")).get("inlinedResponses"))
        counts = as_object(about.get("batchStats"))
        return HostedBatch(
            base.id_in(found if found.get("name") else about, "name", "batch"),
            state,
            word,
            *base.counted(counts, "requestCount", "successfulRequestCount", "failedRequestCount"),
            *base.times(about, "createTime", "expireTime"),
            label=as_text(about.get("displayName")),
            error=problem if state is BatchState.failed else None,
            outputs=tuple(filter(None, (as_text(output.get("responsesFile")),))),
            inline=json.dumps(inline) if inline else b"",
        )

    def batches(self, body: bytes, dialect: Dialect, cursor: str | None) -> tuple[list[HostedBatch], str | None]:
        found = base.document(body, "list of batches")
        entries = as_objects(found.get("operations")) or as_objects(found.get("batches"))
        return [self._batch(one, dialect) for one in entries], as_text(found.get("nextPageToken")) or None

    def output(self, batch: HostedBatch, output: str) -> WireRequest:
        return base.get(f"{_named(output)}:download?alt=media", before="download")

    def line(self, data: bytes) -> Line:
        return _line(base.read(_LINE, data), "")

    def inline(self, batch: HostedBatch) -> list[Line]:
        """In the order of the requests; the keys are in their metadata, where they have any."""
        entries: list[Any] = json.loads(batch.inline) if batch.inline else []
        return [_line(base.read(_LINE, json.dumps(entry)), str(at)) for at, entry in enumerate(entries)]


def _line(found: _Line, place: str) -> Line:
    name = found.key or as_text(as_object(found.metadata).get("key")) or place
    body = bytes(found.response)
    if body not in (b"", b"null"):
        return Line(name, body)
    error = found.error or {"message": "neither an answer nor an error came for this row", "code": 13}
    code = error.get("code")
    if code == _CANCELLED:
        return Line(name, error=cancelled())
    status = _STATUSES.get(code, code if isinstance(code, int) and code >= 400 else 500) if code else 500
    return Line(name, reply=ErrorReply(status, {}, json.dumps({"error": error})))


def _problem(error: Json, dialect: Dialect) -> LLMError:
    code = error.get("code")
    return base.told(error, dialect, status=_STATUSES.get(code, 500) if isinstance(code, int) else 500)


def _named(name: str) -> str:
    """`batches/ID` and `files/ID` as paths."""
    collection, _, id = name.rpartition("/")
    return f"/{segment(collection or 'batches', 'a collection')}/{segment(id, 'a batch or file id')}"


WIRE = GeminiBatches
