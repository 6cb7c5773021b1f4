"""How hosts take many requests at once, from the server's side. Pure.

source: OpenAI API reference "Batch"; Mistral AI API reference "Batch"; Claude API reference "Message Batches"; Gemini
API reference "batches", read 2026-11; recorded exchanges.
"""

import json
import re
from datetime import UTC, datetime
from typing import Any

from ..batches import Asked, Kept, KeptBatches, Outcome
from .base import Received, Route
from .batch_rows import BatchHost, Json, field, parts_of, row_of, rows_of, told_apart

_PAGE = 100


def _routes(files: str, jobs: str, cancel: str, output: str) -> tuple[Route, ...]:
    return (
        Route("upload", "POST", files),
        Route("submit", "POST", jobs),
        Route("list_batches", "GET", jobs),
        Route("poll", "GET", f"{jobs}/[^/]+"),
        Route("stop", "POST", f"{jobs}/[^/]+{cancel}"),
        Route("output", "GET", output),
    )


OPENAI = (
    *_routes(r".*/files", r".*/batches", "/cancel", r".*/files/[^/]+/content"),
    *_routes(r".*/files", r".*/batch/jobs", "/cancel", r".*/files/[^/]+/content"),
)
ANTHROPIC = _routes(r"(?!)", r".*/v1/messages/batches", "/cancel", r".*/v1/messages/batches/[^/]+/results")
GEMINI = (
    Route("submit", "POST", r".*/models/[^/:]+:batchGenerateContent"),
    *_routes(r".*/upload/v1beta/files", r".*/batches", ":cancel", r".*/download/v1beta/files/[^/]+:download"),
)


class OpenAIFiles:
    """/files and /batches."""

    def upload(self, request: Received, kept: KeptBatches) -> Json | str:
        parts = dict(parts_of(request))
        if parts.get("purpose") != b"batch" or "file" not in parts:
            return "a file for a batch has purpose=batch and a file"
        id = kept.store(parts["file"])
        return {"id": id, "object": "file", "bytes": len(parts["file"]), "purpose": "batch", "status": "processed"}

    def asked(self, request: Received, kept: KeptBatches) -> list[Asked] | str:
        body = request.body
        data = kept.files.get(str(body.get("input_file_id")))
        if data is None or body.get("completion_window") != "24h":
            return "no such input_file_id, or a completion_window that is not 24h"
        rows = rows_of(data)
        if isinstance(rows, str):
            return rows
        if any(row.get("url") != body.get("endpoint") or row.get("method") != "POST" for row in rows):
            return "a row's url is not the endpoint of its batch"
        if len({row["body"].get("model") for row in rows}) > 1:
            return "a file of several models"
        return told_apart([row_of(request, row["custom_id"], row["url"], row["body"]) for row in rows])

    def named(self, request: Received, number: int) -> tuple[str, str, str]:
        metadata = field(request, "metadata")
        return f"batch_{number:06x}", str(metadata.get("aikido_llm", "")), str(request.body.get("endpoint"))

    def id_in(self, request: Received) -> str:
        return re.sub(r"/(cancel|content)$", "", request.path).rpartition("/")[2]

    def document(self, batch: Kept) -> Json:
        word = "in_progress" if batch.state == "running" else batch.state
        done = [one for one in batch.outcomes if one.status] if batch.ended and not batch.refusal else []
        good = [one for one in done if one.status == 200]
        errors = None
        if batch.state == "failed":
            problem = {"code": "invalid_request", "message": batch.refusal, "line": batch.refused_line, "param": None}
            errors = {"object": "list", "data": [problem]}
        bad = batch.ended and not batch.refusal and len(good) < len(batch.outcomes)
        return {
            "id": batch.id, "object": "batch", "endpoint": batch.path, "errors": errors, "status": word,
            "completion_window": "24h", "created_at": int(batch.created), "expires_at": int(batch.created) + 86400,
            "output_file_id": f"{batch.id}-output" if good else None,
            "error_file_id": f"{batch.id}-error" if bad else None,
            "request_counts": {
                "total": len(batch.outcomes), "completed": len(good), "failed": len(done) - len(good)
            },
            "metadata": {"aikido_llm": batch.label} if batch.label else None,
        }  # fmt: skip

    def page(self, batches: list[Kept], request: Received) -> Json:
        after = request.query.get("after", "")
        known = [batch.id for batch in batches]
        start = known.index(after) + 1 if after in known else 0
        limit = int(request.query.get("limit", 20))
        shown = batches[start : start + limit]
        return {
            "object": "list", "data": [self.document(one) for one in shown],
            "first_id": shown[0].id if shown else None, "last_id": shown[-1].id if shown else None,
            "has_more": start + limit < len(batches),
        }  # fmt: skip

    def lines(self, batch: Kept, file: str) -> list[bytes]:
        good = file.endswith("-output")
        return [_custom_line(one, batch) for one in batch.outcomes if (one.status == 200) == good]

    def refusal_of_cancel(self, batch: Kept) -> str:
        return f"Cannot cancel a batch with status '{batch.state}'." if batch.ended else ""


def _custom_line(one: Outcome, batch: Kept) -> bytes:
    line: Json = {"id": f"batch_req_{one.name}", "custom_id": one.name, "response": None, "error": None}
    if one.status:
        line["response"] = {"status_code": one.status, "request_id": f"req-{one.name}", "body": json.loads(one.body)}
    else:
        code = "batch_cancelled" if batch.state == "cancelled" else "batch_expired"
        line["error"] = {"code": code, "message": "This request was not executed before the batch ended."}
    return json.dumps(line).encode() + b"\n"


class MistralJobs(OpenAIFiles):
    """/files and /batch/jobs."""

    def upload(self, request: Received, kept: KeptBatches) -> Json | str:
        said = super().upload(request, kept)
        more = {"created_at": 0, "filename": "a.jsonl", "sample_type": "batch_request", "source": "upload"}
        return said if isinstance(said, str) else said | more

    def asked(self, request: Received, kept: KeptBatches) -> list[Asked] | str:
        body = request.body
        files: list[Any] = body.get("input_files") or []
        data = kept.files.get(str(files[0])) if len(files) == 1 else None
        if data is None or not isinstance(body.get("model"), str):
            return "a job has an input file and a model"
        rows = rows_of(data)
        if isinstance(rows, str):
            return rows
        if any("model" in row["body"] for row in rows):
            return "the model is the job's"
        path, model = str(body.get("endpoint")), body["model"]
        return told_apart([row_of(request, row["custom_id"], path, {**row["body"], "model": model}) for row in rows])

    def named(self, request: Received, number: int) -> tuple[str, str, str]:
        metadata = field(request, "metadata")
        return f"0e73d0a4-{number:04x}", str(metadata.get("aikido_llm", "")), str(request.body.get("endpoint"))

    def document(self, batch: Kept) -> Json:
        words = {"running": "RUNNING", "cancelling": "CANCELLATION_REQUESTED", "completed": "SUCCESS"}
        words |= {"failed": "FAILED", "expired": "TIMEOUT_EXCEEDED", "cancelled": "CANCELLED"}
        done = [one for one in batch.outcomes if one.status] if batch.ended and not batch.refusal else []
        good = [one for one in done if one.status == 200]
        return {
            "id": batch.id, "object": "batch", "endpoint": batch.path, "status": words[batch.state],
            "errors": [{"message": batch.refusal, "count": 1}] if batch.state == "failed" else [],
            "metadata": {"aikido_llm": batch.label} if batch.label else None,
            "input_files": ["a-file"], "model": "test-model", "created_at": int(batch.created),
            "output_file": f"{batch.id}-output" if good else None,
            "error_file": f"{batch.id}-error" if len(good) < len(done) else None,
            "total_requests": len(batch.outcomes), "completed_requests": len(done),
            "succeeded_requests": len(good), "failed_requests": len(done) - len(good),
        }  # fmt: skip

    def page(self, batches: list[Kept], request: Received) -> Json:
        size, number = int(request.query.get("page_size", _PAGE)), int(request.query.get("page", 0))
        shown = batches[number * size : (number + 1) * size]
        return {"object": "list", "data": [self.document(one) for one in shown], "total": len(batches)}

    def lines(self, batch: Kept, file: str) -> list[bytes]:
        """It says nothing of rows that were not asked."""
        good = file.endswith("-output")
        return [_custom_line(one, batch) for one in batch.outcomes if one.status and (one.status == 200) == good]


class AnthropicBatches:
    """/v1/messages/batches."""

    def upload(self, request: Received, kept: KeptBatches) -> Json | str:
        return "nothing is handed over ahead"

    def asked(self, request: Received, kept: KeptBatches) -> list[Asked] | str:
        rows: list[Json] | None = request.body.get("requests")
        if rows is None:
            return "requests: Field required"
        if any(not re.fullmatch(r"[a-zA-Z0-9_-]{1,64}", str(row.get("custom_id"))) for row in rows):
            return "requests.custom_id: String should match pattern '^[a-zA-Z0-9_-]{1,64}$'"
        return told_apart([row_of(request, row["custom_id"], "/v1/messages", row["params"]) for row in rows])

    def named(self, request: Received, number: int) -> tuple[str, str, str]:
        return f"msgbatch_{number:06x}", "", "/v1/messages"

    def id_in(self, request: Received) -> str:
        return re.sub(r"/(cancel|results)$", "", request.path).rpartition("/")[2]

    def document(self, batch: Kept) -> Json:
        counts: dict[str, int] = dict.fromkeys(("processing", "succeeded", "errored", "canceled", "expired"), 0)
        for one in batch.outcomes:
            counts["processing" if not batch.ended else _kind(one, batch)] += 1
        word = {"running": "in_progress", "cancelling": "canceling"}.get(batch.state, "ended")
        results = f"{batch.host}/v1/messages/batches/{batch.id}/results"
        return {
            "id": batch.id, "type": "message_batch", "processing_status": word, "request_counts": counts,
            "created_at": _iso(batch.created), "expires_at": _iso(batch.created + 86400),
            "archived_at": _iso(batch.created) if batch.gone else None,
            "ended_at": _iso(batch.created) if batch.ended else None, "cancel_initiated_at": None,
            "results_url": results if batch.ended and not batch.gone else None,
        }  # fmt: skip

    def page(self, batches: list[Kept], request: Received) -> Json:
        known = [batch.id for batch in batches]
        after = request.query.get("after_id", "")
        start = known.index(after) + 1 if after in known else 0
        limit = int(request.query.get("limit", 20))
        shown = batches[start : start + limit]
        return {
            "data": [self.document(one) for one in shown], "has_more": start + limit < len(batches),
            "first_id": shown[0].id if shown else None, "last_id": shown[-1].id if shown else None,
        }  # fmt: skip

    def lines(self, batch: Kept, file: str) -> list[bytes]:
        return [json.dumps(self._line(one, batch)).encode() + b"\n" for one in batch.outcomes]

    def _line(self, one: Outcome, batch: Kept) -> Json:
        kind = _kind(one, batch)
        result: Json = {"type": kind}
        if kind in ("succeeded", "errored"):
            result["message" if kind == "succeeded" else "error"] = json.loads(one.body)
        return {"custom_id": one.name, "result": result}

    def refusal_of_cancel(self, batch: Kept) -> str:
        return f"Batch {batch.id} cannot be canceled: it has ended." if batch.ended else ""


def _kind(one: Outcome, batch: Kept) -> str:
    if one.status:
        return "succeeded" if one.status == 200 else "errored"
    return "canceled" if batch.state == "cancelled" else "expired"


class GeminiBatches:
    """/upload/v1beta/files, MODEL:batchGenerateContent, /batches."""

    def upload(self, request: Received, kept: KeptBatches) -> Json | str:
        parts = parts_of(request)
        if request.headers.get("x-goog-upload-protocol") != "multipart" or len(parts) != 2:
            return "an upload in one request is multipart/related of what describes it, and its content"
        name = kept.store(parts[1][1], "files/")
        return {"file": {"name": name, "mimeType": "application/jsonl", "state": "ACTIVE"}}

    def asked(self, request: Received, kept: KeptBatches) -> list[Asked] | str:
        config: Json = field(request, "batch").get("inputConfig") or {}
        data = kept.files.get(str(config.get("fileName")))
        if data is None:
            return "no such file"
        rows = rows_of(data)
        if isinstance(rows, str):
            return rows
        path = request.path.replace(":batchGenerateContent", ":generateContent")
        return told_apart([row_of(request, row["key"], path, row["request"]) for row in rows])

    def named(self, request: Received, number: int) -> tuple[str, str, str]:
        return f"batches/{number:06x}", str(request.body["batch"].get("displayName", "")), request.path

    def id_in(self, request: Received) -> str:
        name = re.sub(r":(cancel|download)$", "", request.path).rpartition("/")[2]
        return f"{'files' if request.path.endswith(':download') else 'batches'}/{name}"

    def document(self, batch: Kept) -> Json:
        word = {"completed": "SUCCEEDED", "cancelling": "RUNNING"}.get(batch.state, batch.state.upper())
        done = [one for one in batch.outcomes if one.status] if batch.ended and not batch.refusal else []
        good = [one for one in done if one.status == 200]
        metadata: Json = {
            "@type": "type.googleapis.com/google.ai.generativelanguage.v1main.GenerateContentBatch",
            "name": batch.id, "displayName": batch.label, "state": f"BATCH_STATE_{word}",
            "createTime": _iso(batch.created),
            "batchStats": {
                "requestCount": str(len(batch.outcomes)), "successfulRequestCount": str(len(good)),
                "failedRequestCount": str(len(done) - len(good)),
            },
        }  # fmt: skip
        document: Json = {"name": batch.id, "metadata": metadata}
        if done:
            metadata["output"] = {"responsesFile": f"files/{batch.id.removeprefix('batches/')}-output"}
        if batch.ended:
            document["done"] = True
        if batch.state == "failed":
            document["error"] = {"code": 3, "message": batch.refusal}
        return document

    def page(self, batches: list[Kept], request: Received) -> Json:
        size, start = int(request.query.get("pageSize", 50)), int(request.query.get("pageToken") or 0)
        shown: Json = {"operations": [self.document(one) for one in batches[start : start + size]]}
        return shown | ({"nextPageToken": str(start + size)} if start + size < len(batches) else {})

    def lines(self, batch: Kept, file: str) -> list[bytes]:
        return [self._line(one) for one in batch.outcomes if one.status]

    def _line(self, one: Outcome) -> bytes:
        said = json.loads(one.body)
        line = {"key": one.name, "response": said} if one.status == 200 else {"key": one.name, "error": said["error"]}
        return json.dumps(line).encode() + b"\n"

    def refusal_of_cancel(self, batch: Kept) -> str:
        return "the batch has ended" if batch.ended else ""


def _iso(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).isoformat()


_OPENAI, _MISTRAL, _ANTHROPIC, _GEMINI = OpenAIFiles(), MistralJobs(), AnthropicBatches(), GeminiBatches()


def batch_host(name: str, request: Received) -> BatchHost:
    """The one that a request to a wire of that name is for."""
    if name == "anthropic_messages":
        return _ANTHROPIC
    if name == "gemini_generate":
        return _GEMINI
    return _MISTRAL if "/batch/jobs" in request.path or request.provider == "mistral" else _OPENAI
