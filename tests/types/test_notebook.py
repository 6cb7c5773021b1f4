"""How values show themselves in a notebook."""

from base64 import b64encode
from typing import Any

import aikido_llm as llm

PNG = b"\x89PNG\r\n\x1a\n..."
WEBP = b"RIFF\0\0\0\0WEBPVP8"


def shown(value: Any) -> dict[str, str]:
    return dict(value._repr_mimebundle_())


def test_a_picture_shows_itself() -> None:
    assert shown(llm.ImagePart(data=PNG))["image/png"] == b64encode(PNG).decode()
    assert "data:image/webp;base64," in shown(llm.ImagePart(data=WEBP))["text/html"]
    assert shown(llm.ImagePart(url='https://host/"><x'))["text/html"] == '<img src="https://host/&quot;&gt;&lt;x">'


def test_a_response_is_markdown_with_its_pictures() -> None:
    call = llm.ToolCall("1", "look", '{"x": 1}')
    response = llm.Response("**bold**", "hm", (call,), (llm.ImagePart(data=PNG),), finish_reason=llm.FinishReason.stop,
                            model="m")  # fmt: skip
    markdown = shown(response)["text/markdown"]
    assert "**bold**" in markdown
    assert "<summary>thinking</summary>" in markdown
    assert '`look({"x": 1})`' in markdown
    assert '<img src="data:image/png;base64,' in markdown
    assert markdown.endswith("*stop, m*")


def test_usage_is_a_table_of_what_was_sent() -> None:
    table = shown(llm.Usage(input_tokens=1200, output_tokens=3, cost_usd=0.5))["text/html"]
    assert "<td>1,200</td>" in table
    assert "0.5" in table
    assert "reasoning" not in table
    assert "Usage(" in shown(llm.Usage())["text/plain"]
