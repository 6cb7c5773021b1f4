"""Gemini on Google Cloud's Vertex AI (its docs now say "Gemini Enterprise Agent Platform", the hosts are the same).

source: Vertex AI REST reference, "generateContent" and "Express mode", and google-genai 3.6.1, _api_client.py, read
2026-11.
"""

from collections.abc import Mapping

from attrs import evolve

from ..auth import google
from ..dialects.gemini_generate import GeminiGenerate
from ..dialects.gemini_generate.quirks import EMBEDDING
from .base import DsnOption, Provider

PROJECT = DsnOption(
    "project", setting=True, env=("GOOGLE_CLOUD_PROJECT",), about="the Google Cloud project; else the credentials' own"
)
LOCATION = DsnOption(
    "location", setting=True, env=("GOOGLE_CLOUD_LOCATION",), default="global",
    about="where models run: a region, `us`, `eu`, or `global`",
)  # fmt: skip
_JURISDICTIONS = ("us", "eu")


def host(settings: Mapping[str, str]) -> dict[str, str]:
    """The host that serves a location."""
    location = settings["location"]
    if location == "global":
        return {"host": "aiplatform.googleapis.com"}
    if location in _JURISDICTIONS:
        return {"host": f"aiplatform.{location}.rep.googleapis.com"}
    return {"host": f"{location}-aiplatform.googleapis.com"}


def _behind(value: str) -> str:
    """What stands behind the address of a gateway."""
    return value.rstrip("/") + "/v1beta1/projects/{project}/locations/{location}/publishers/google"


PROVIDER = Provider(
    name="vertex",
    title="Google Vertex AI",
    base_url="https://{host}/v1beta1/projects/{project}/locations/{location}/publishers/google",
    base_url_keyed="https://aiplatform.googleapis.com/v1beta1/publishers/google",
    places=host,
    base_env="GOOGLE_VERTEX_BASE_URL",  # google-genai 3.6.1, _base_url.py
    base_from_env=_behind,
    base_path="",
    strip_base=("/models/*", "/models"),
    dialect=GeminiGenerate(
        tells_server_tools=False,
        models_path="",
        # a request of gemini-embedding-001 takes one text; an express key may not ask: Vertex AI docs, "Get text
        # embeddings", and recorded exchanges, read 2026-11
        embedding=evolve(EMBEDDING, most_texts=1),
        embed_form="predict",
        count_form="fields",
    ),
    auth=google.SIGNING,
    key_env=("GOOGLE_VERTEX_API_KEY",),
    key_url="https://console.cloud.google.com/expressmode",
    key_header="x-goog-api-key",
    key_prefix="",
    options=(PROJECT, LOCATION),
    docs="docs/providers/vertex.md",
)
