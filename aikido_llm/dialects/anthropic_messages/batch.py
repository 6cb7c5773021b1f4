"""Anthropic's Message Batches: the requests stand in the body that creates one.

    POST PATH/batches, GET PATH/batches/ID, POST PATH/batches/ID/cancel, GET PATH/batches/ID/results (lines of JSON)

There is no place for a label. Its counts stay 0 until all rows are done.
source: Claude API reference, "Message Batches", read 2026-11.
"""

from typing import Any

import msgspec
from attrs import frozen

from ...codecs import json
from ...types.batches import BatchState, HostedBatch, cancelled, expired, gone
from .. import batch as base
from ..base import Dialect, ErrorReply, WireRequest
from ..batch import Common, Frame, Json, Limits, Line, Sheet
from ..paths import cursor as quoted
from ..paths import segment
from ..values import as_object, as_objects, as_text

_STATES = {
    "in_progress": BatchState.running,
    "canceling": BatchState.cancelling,
    "ended": BatchState.completed,
}
_PAGE = 100


class _Result(msgspec.Struct):
    type: str = ""
    message: msgspec.Raw = msgspec.Raw()
    error: dict[str, Any] | None = None


class _Line(msgspec.Struct):
    custom_id: str = ""
    result: _Result = msgspec.field(default_factory=_Result)


_LINE = msgspec.json.Decoder(_Line)
_UNASKED = {"expired": expired, "canceled": cancelled}
_STATUSES = {
    "invalid_request_error": 400, "authentication_error": 401, "billing_error": 402, "permission_error": 403,
    "not_found_error": 404, "request_too_large": 413, "rate_limit_error": 429, "api_error": 500, "timeout_error": 504,
    "overloaded_error": 529,
}  # fmt: skip
"""What each kind of error would have been answered with outside of a batch."""


@frozen
class AnthropicBatches(Common):
    """path: behind the base URL."""

    path: str = "/v1/messages/batches"
    max_requests: int = 100_000
    max_bytes: int = 256_000_000
    labels: bool = False

    @property
    def limits(self) -> Limits:
        return Limits(self.max_requests, self.max_bytes, name_length=64, plain=True)

    @property
    def separator(self) -> bytes:
        return b",\n"

    def kind(self, wire: WireRequest) -> WireRequest:
        """Models may be mixed; betas are a header, and so the whole batch's."""
        return base.bare(wire)

    def entry(self, wire: WireRequest, name: str) -> Json:
        return {"custom_id": name, "params": wire.body}

    def upload(self, sheet: Sheet) -> tuple[WireRequest, Frame] | None:
        return None

    def uploaded(self, body: bytes) -> str:
        return ""

    def create(self, sheet: Sheet, uploaded: str) -> tuple[WireRequest, Frame | None]:
        frame = Frame(b'{"requests":[', b"]}", "application/json")
        return WireRequest(self.path, headers=sheet.kind.headers, once=True, accepts=(200, 201)), frame

    def get(self, id: str) -> WireRequest:
        return base.get(f"{self.path}/{segment(id, 'a batch id')}")

    def cancel(self, id: str) -> WireRequest:
        return WireRequest(f"{self.path}/{segment(id, 'a batch id')}/cancel")

    def page(self, cursor: str | None) -> WireRequest:
        return base.get(f"{self.path}?limit={_PAGE}" + (f"&after_id={quoted(cursor)}" if cursor else ""))

    def batch(self, body: bytes, dialect: Dialect) -> HostedBatch:
        return self._batch(base.document(body, "batch"))

    def _batch(self, found: Json) -> HostedBatch:
        """`ended` is any end; a batch of which nothing but expired or cancelled rows is left says so by its counts."""
        word = as_text(found.get("processing_status"))
        counts = as_object(found.get("request_counts"))
        total = sum(base.count(counts, key) or 0 for key in (*_ROWS, "processing"))
        return HostedBatch(
            base.id_in(found, "id", "batch"),
            base.state_of(word, _STATES),
            word,
            total or None,
            base.count(counts, "succeeded"),
            base.count(counts, "errored"),
            *base.times(found, "created_at", "expires_at"),
            error=gone() if found.get("archived_at") else None,
            outputs=("results",) if word == "ended" and found.get("results_url") else (),
        )

    def batches(self, body: bytes, dialect: Dialect, cursor: str | None) -> tuple[list[HostedBatch], str | None]:
        found = base.document(body, "list of batches")
        batches = [self._batch(one) for one in as_objects(found.get("data"))]
        more = found.get("has_more") is True and batches
        return batches, (as_text(found.get("last_id")) or batches[-1].id) if more else None

    def output(self, batch: HostedBatch, output: str) -> WireRequest:
        """By our own address: the key goes nowhere else, whatever `results_url` says."""
        return base.get(f"{self.path}/{segment(batch.id, 'a batch id')}/results")

    def line(self, data: bytes) -> Line:
        found: _Line = base.read(_LINE, data)
        result = found.result
        if result.type == "succeeded":
            return Line(found.custom_id, bytes(result.message))
        if result.type in _UNASKED:
            return Line(found.custom_id, error=_UNASKED[result.type]())
        error = as_object((result.error or {}).get("error")) or result.error or {}
        status = _STATUSES.get(as_text(error.get("type")), 500)
        return Line(found.custom_id, reply=ErrorReply(status, {}, json.dumps(result.error or {})))


_ROWS = ("succeeded", "errored", "canceled", "expired")


WIRE = AnthropicBatches
