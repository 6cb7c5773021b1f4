"""aikido_llm: stream from large language models, every provider's own wire behind one asyncio Client."""

__version__ = "0.1.0"
