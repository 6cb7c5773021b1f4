"""Every recorded error body: its class, whether to try again, and how long to wait."""

import base64
import gzip
import json
import re
from typing import Any

import pytest

from aikido_llm import is_retryable
from aikido_llm.dialects.base import ErrorReply
from aikido_llm.providers import find

from .load import FILE

ROWS = {
    "openai-chat": "openai", "openai-responses": "openai-responses", "anthropic-messages": "anthropic",
    "cohere-v2": "cohere", "ollama-chat": "ollama", "gemini": "gemini",
}  # fmt: skip

# What the words say; the first that is found in a body decides, else the status does.
TOLD = (
    (r"prompt is too long|available context size|total length of all|exceeds the context window", "ContextLengthError"),
    (r"violates usage guidelines", "ContentFilteredError"),
    (r"API_KEY_INVALID|Incorrect API key", "AuthError"),
    (r"(?i)not exist\b|model.{0,90}not found|no endpoints found for|unexpected model name|(invalid|valid) model id"
     r"|Invalid model:|API model names|alpha period|removed on|end of its life|model identifier is invalid"
     r"|\"model: (claude|bad|there)", "ModelNotFoundError"),
    (r"supported - hint|requires --jinja", "InvalidRequestError"),
)  # fmt: skip
BY_STATUS = {401: "AuthError", 402: "InsufficientCreditsError", 403: "AuthError", 429: "RateLimitedError",
             500: "ServerError"}  # fmt: skip


def recorded() -> list[dict[str, Any]]:
    files = [file for file in (FILE, FILE.with_name("dev2.jsonl.gz")) if file.is_file()]
    found: list[dict[str, Any]] = []
    for file in files:
        with gzip.open(file, "rt", encoding="utf-8") as lines:
            found += [record for line in lines if (record := json.loads(line))["response"]["status"] >= 400]
    return found


@pytest.mark.skipif(not FILE.is_file(), reason="without ../shared/corpus beside the project; with it: make test")
def test_every_recorded_error_has_its_class_verdict_and_wait() -> None:
    wrong: list[str] = []
    records = recorded()
    for record in records:
        response = record["response"]
        body = base64.b64decode(response["body_base64"])
        headers = {name.lower(): value for name, value in response["headers"].items()}
        row = find(ROWS.get(record["protocol"]) or ("anthropic" if record["provider"] == "anthropic" else "openai"))
        error = row.dialect.decode_error(ErrorReply(response["status"], headers, body))
        text = body.decode("utf-8", "replace")
        told = next((kind for pattern, kind in TOLD if re.search(pattern, text)), None)
        expected = told or BY_STATUS.get(response["status"], "InvalidRequestError")
        retry = expected in ("RateLimitedError", "ServerError") and headers.get("x-should-retry") != "false"
        waits = "retry-after" in headers or "retryDelay" in text
        if (type(error).__name__, is_retryable(error)) != (expected, retry) or (waits and error.retry_after is None):
            wrong.append(f"{record['id']} {response['status']} {error!r}: not {expected}, {retry}")
    assert not wrong, "\n".join(wrong)
    assert len(records) > 150
