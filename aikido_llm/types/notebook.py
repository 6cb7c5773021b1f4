"""How values show themselves in a notebook: MIME type -> content, as its display protocol wants it. Pure.

source: IPython documentation, "Integrating your objects with IPython", `_repr_mimebundle_`, read 2026-11.
"""

from html import escape
from typing import TYPE_CHECKING

from ..codecs.base64 import encode

if TYPE_CHECKING:  # the values stand on these functions
    from .parts import ImagePart
    from .response import Response
    from .usage import Usage

_SHOWN = ("image/png", "image/jpeg")  # the types that notebooks show by themselves


def show_image(image: "ImagePart") -> dict[str, str]:
    """The picture itself; as HTML where the notebook knows its type only from a browser."""
    bundle = {"text/plain": repr(image)}
    if image.data is not None and image.content_type in _SHOWN:
        return {**bundle, image.content_type: encode(image.data)}
    return {**bundle, "text/html": _picture(image)}


def show_response(response: "Response") -> dict[str, str]:
    """The text as Markdown; thinking folded above it, calls, pictures and the finish reason below."""
    parts = [f"<details><summary>thinking</summary>\n\n{response.thinking}\n\n</details>"] if response.thinking else []
    parts.append(response.text)
    parts += [f"`{call.name}({call.arguments})`" for call in response.tool_calls]
    parts += [_picture(image) for image in response.images]
    parts.append(f"*{response.finish_reason}, {response.model or response.provider}*")
    return {"text/plain": repr(response), "text/markdown": "\n\n".join(part for part in parts if part)}


def show_usage(usage: "Usage") -> dict[str, str]:
    """A table of the counts that the server sent."""
    rows = (
        ("input", usage.input_tokens),
        ("of it read from the cache", usage.cache_read_tokens),
        ("of it written to the cache", usage.cache_write_tokens),
        ("output", usage.output_tokens),
        ("of it reasoning", usage.reasoning_tokens),
        ("total", usage.total_tokens),
        ("cost, US dollars", usage.cost_usd),
    )
    cells = "".join(f"<tr><td>{name}</td><td>{count:,}</td></tr>" for name, count in rows if count is not None)
    return {"text/plain": repr(usage), "text/html": f"<table><tr><th>tokens</th><th></th></tr>{cells}</table>"}


def _picture(image: "ImagePart") -> str:
    source = image.url or f"data:{image.content_type or 'image/png'};base64,{encode(image.data or b'')}"
    return f'<img src="{escape(source)}">'
