"""Claude on Google Cloud's Vertex AI: Anthropic's wire, with the model in the path and the API's version in the body.

source: Vertex AI docs, "Use Claude models", Anthropic docs, "Claude on Vertex AI", and anthropic 2.14.0, lib/vertex,
read 2026-11.
"""

from attrs import evolve

from ..auth import google
from ..dialects.anthropic_messages import AnthropicMessages
from . import rate_headers
from .anthropic import BETA
from .base import Provider
from .vertex import LOCATION, PROJECT, host

PROVIDER = Provider(
    name="vertex-anthropic",
    title="Claude on Google Vertex AI",
    base_url="https://{host}/v1/projects/{project}/locations/{location}/publishers/anthropic",
    places=host,
    base_path="",
    strip_base=("/models/*", "/models"),
    base_env="ANTHROPIC_VERTEX_BASE_URL",  # anthropic 2.14.0, lib/vertex/_client.py, read 2026-11
    dialect=AnthropicMessages(
        path="/models/{model}:rawPredict",
        stream_path="/models/{model}:streamRawPredict",
        body_version="vertex-2023-10-16",
        models_path="",
        count_path="/models/count-tokens:rawPredict",  # Google Cloud docs, "Claude: count tokens", read 2026-11
    ),
    auth=google.SIGNING,
    key_needed=False,
    list_headers=("anthropic-beta",),
    rate_headers=rate_headers.ANTHROPIC,
    request_id_headers=("request-id", "x-request-id"),
    options=(
        evolve(PROJECT, env=("ANTHROPIC_VERTEX_PROJECT_ID", *PROJECT.env)),
        evolve(LOCATION, env=("CLOUD_ML_REGION", *LOCATION.env)),
        BETA,
    ),
    docs="docs/providers/vertex-anthropic.md",
)
