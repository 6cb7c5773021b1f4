"""Names of models in paths."""

from ..paths import segment

_COLLECTIONS = ("models", "tunedModels")


def model_path(model: str) -> str:
    """`gemini-x` and `models/gemini-x` are one; what is tuned has a collection of its own (`tunedModels/x`)."""
    collection, mark, name = model.partition("/")
    if not mark or collection not in _COLLECTIONS:
        collection, name = "models", model
    return f"/{collection}/{segment(name, 'a model name')}"
