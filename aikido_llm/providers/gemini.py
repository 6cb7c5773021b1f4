"""Google's Gemini API (source: Gemini API reference, authentication, read 2026-11)."""

from ..dialects.gemini_generate import GeminiGenerate
from .base import Batches, Provider

PROVIDER = Provider(
    name="gemini",
    aliases=("google",),
    title="Google Gemini",
    base_url="https://generativelanguage.googleapis.com/v1beta",
    dialect=GeminiGenerate(),
    key_env=("GEMINI_API_KEY", "GOOGLE_API_KEY"),
    key_url="https://aistudio.google.com/apikey",
    key_header="x-goog-api-key",
    key_prefix="",
    base_always=True,
    base_env="GOOGLE_GEMINI_BASE_URL",  # google-genai 3.6.1, _base_url.py, read 2026-11; it puts the version behind it
    base_env_older=("GEMINI_API_BASE",),  # litellm, read 2026-11
    strip_base=("/models/*", "/models", "/openai/chat/completions", "/openai"),
    batches=Batches("gemini_generate.batch"),
    docs="docs/providers/gemini.md",
)
