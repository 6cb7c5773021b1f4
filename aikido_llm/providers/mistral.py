"""Mistral AI. Its wire refuses keys that it does not know, and foreign tool-call ids."""

from ..dialects.openai_chat import OpenAIChat
from ..dialects.verbs import Embedding
from ..dialects.words import Words
from ..errors import InvalidRequestError, ModelNotFoundError, OverloadedError, RateLimitedError, ServerError
from . import rate_headers
from .base import Batches, Provider

PROVIDER = Provider(
    name="mistral",
    title="Mistral AI",
    base_url="https://api.mistral.ai/v1",
    base_env_older=("MISTRAL_API_BASE",),  # litellm, read 2026-11
    dialect=OpenAIChat(
        late_system="user",  # refused behind an assistant or a tool (mistral-common 1.13.1, validator.py)
        seed_field="random_seed",
        # `n`, and neither logprobs nor top_k: mistralai/client-python 02e327f, models/chatcompletionrequest.py,
        # generated from its OpenAPI description, read 2026-11
        logprobs=None,
        stream_options=None,
        metadata=True,
        efforts={"low": "high", "medium": "high"},  # it has on and off
        audio_input="string",
        file_input="document_url",
        file_urls=True,
        speaker_names=False,
        tool_names=True,
        null_content=False,
        prefill_field="prefix",
        call_id_pattern=r"[a-zA-Z0-9]{9}",
        call_id_length=9,
        required_word="any",
        none_omits_tools=True,
        # 257 texts are refused; 16,384 tokens a request are langchain-mistralai's reading of its limit, read 2026-11
        embedding=Embedding(most_texts=128, most_tokens=16_000, numbers="float", dimensions="output_dimension"),
        error_words=Words(
            {
                "1000": ServerError,
                "1300": RateLimitedError,
                "1500": ModelNotFoundError,
                "3051": InvalidRequestError,
                "3280": InvalidRequestError,
                "3505": OverloadedError,  # its servers' capacity: one of its own people, BerriAI/litellm#25078
            }
        ),
    ),
    key_env=("MISTRAL_API_KEY",),
    key_url="https://console.mistral.ai/api-keys",
    rate_headers=rate_headers.MISTRAL,
    request_id_headers=("mistral-correlation-id", "x-kong-request-id"),
    strip_base=("/chat/completions", "/models", "/embeddings"),
    # Mistral docs, "Batch inference", read 2026-11
    batches=Batches("openai_chat.batch_jobs", {"max_requests": 1_000_000, "max_bytes": 512_000_000}),
    docs="docs/providers/mistral.md",
)
