"""Google's Gemini API (source: Gemini API reference, authentication, read 2026-11)."""

from ..dialects.gemini_generate import GeminiGenerate
from .base import Provider

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
    strip_base=("/models",),
    docs="docs/providers/gemini.md",
)
