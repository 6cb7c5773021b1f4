"""Images, files and sound in a request."""

import pytest

from aikido_llm.codecs.base64 import Base64Text
from aikido_llm.errors import UnsupportedFeatureError
from aikido_llm.types.messages import Message, assistant, tool, user
from aikido_llm.types.parts import AudioPart, FilePart, ImagePart
from tests.dialects.anthropic_messages.bodies import CALL, PDF, PNG, body_of, said, text, turns_of

# ---------------------------------------------------------------- media


def test_images_by_bytes_and_url_follow_the_text() -> None:
    turn = turns_of(user("look", images=[ImagePart(data=PNG), ImagePart(url="https://x.example/a.png")]))[0]
    assert turn["content"] == [
        text("look"),
        {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": Base64Text(PNG)}},
        {"type": "image", "source": {"type": "url", "url": "https://x.example/a.png"}},
    ]


def test_image_types() -> None:
    part = ImagePart(data=b"x", content_type="image/JPG")
    assert turns_of(user([part]))[0]["content"][0]["source"]["media_type"] == "image/jpeg"
    for content_type in ("image/bmp", ""):
        with pytest.raises(UnsupportedFeatureError, match="JPEG"):
            body_of(user([ImagePart(data=b"x", content_type=content_type)]))


def test_files() -> None:
    files = [
        FilePart(data=PDF, name="a.pdf"),
        FilePart(url="https://x.example/b.pdf"),
        FilePart(data="é".encode(), content_type="text/markdown; charset=utf-8"),
        FilePart(data=PNG),
    ]
    assert turns_of(user(files))[0]["content"] == [
        {
            "type": "document",
            "source": {"type": "base64", "media_type": "application/pdf", "data": Base64Text(PDF)},
            "title": "a.pdf",
        },
        {"type": "document", "source": {"type": "url", "url": "https://x.example/b.pdf"}},
        {"type": "document", "source": {"type": "text", "media_type": "text/plain", "data": "é"}},
        {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": Base64Text(PNG)}},
    ]


@pytest.mark.parametrize(
    "part",
    [
        FilePart(data=b"PK", content_type="application/zip"),
        FilePart(data=b"?"),
        FilePart(data=b"\xff", content_type="text/plain"),
        FilePart(url="https://x.example/a.txt", content_type="text/plain"),
        AudioPart(data=b"x", content_type="audio/wav"),
    ],
)
def test_media_that_the_wire_does_not_take(part: FilePart | AudioPart) -> None:
    with pytest.raises(UnsupportedFeatureError):
        body_of(user([part]))


def test_media_of_an_assistant_turn() -> None:
    drawn = turns_of(user("a"), assistant("b", images=[ImagePart(data=PNG)]), user("c"))
    assert drawn[1] == said("assistant", text("b"))
    assert [block.get("text", block["type"]) for block in drawn[2]["content"]] == [
        "Made by the assistant:",
        "image",
        "c",
    ]
    spoken = Message("assistant", audio=[AudioPart(data=b"x", content_type="audio/wav", transcript="hello")])
    assert turns_of(user("a"), spoken, user("c"))[1] == said("assistant", text("hello"))


def test_images_in_a_tool_result() -> None:
    turns = turns_of(user("go"), assistant(tool_calls=[CALL]), tool("toolu_1", "see", images=[ImagePart(data=PNG)]))
    inner = turns[2]["content"][0]["content"]
    assert [block["type"] for block in inner] == ["text", "image"]
