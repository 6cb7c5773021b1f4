"""The one place that names a base64 library.

Decoding is lenient about what providers are known to do (line breaks, missing padding, the URL-safe alphabet) and
strict about everything else: junk is a ValueError, never silently shortened data.
"""


class Base64Text:
    """Bytes that stand in a request body where the wire wants base64 text; `_json.dumps` writes them out.

    prefix goes before the base64 text as it is (`data:image/png;base64,`), so the bytes are encoded once, when sent.
    No attrs class: the JSON library would write one as an object with its fields, and not ask us. Treat as read-only.
    """

    __slots__ = ("data", "prefix")

    def __init__(self, data: bytes, prefix: str = "") -> None:
        self.data = data
        self.prefix = prefix

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Base64Text) and (self.data, self.prefix) == (other.data, other.prefix)

    def __hash__(self) -> int:
        return hash((self.data, self.prefix))

    def __repr__(self) -> str:
        return f"Base64Text(<{len(self.data)} bytes>, prefix={self.prefix!r})"

    def text(self) -> str:
        return self.prefix + encode(self.data)


def encode(data: bytes) -> str:
    """Standard base64 with padding, no line breaks."""
    import pybase64

    return pybase64.b64encode(data).decode("ascii")


def decode(text: str | bytes) -> bytes:
    """Base64 text -> bytes. Raises ValueError when the text is not base64 in any of the forms seen on the wires."""
    import pybase64

    try:
        return pybase64.b64decode(text, validate=True)
    except ValueError:
        raw = text.encode("ascii", "replace") if isinstance(text, str) else text
        packed = b"".join(raw.split()).translate(_URL_SAFE)
        bare = packed.rstrip(b"=")
        if packed and not bare:
            raise ValueError("nothing but padding") from None
        return pybase64.b64decode(bare + b"=" * (-len(bare) % 4), validate=True)


_URL_SAFE = bytes.maketrans(b"-_", b"+/")


def split_data_uri(uri: str) -> tuple[str, bytes]:
    """`data:image/png;base64,iVBO..` -> (`image/png`, bytes).

    The media type is "" when the URI names none. Raises ValueError when this is not a data URI or its base64 is broken.
    """
    head, comma, payload = uri.partition(",")
    if not comma or head[:5].lower() != "data:":
        raise ValueError("not a data URI: it needs 'data:<media type>;base64,<data>'")
    content_type, *parameters = head[5:].split(";")
    if any(p.strip().lower() == "base64" for p in parameters):
        return content_type.strip(), decode(payload)
    from urllib.parse import unquote_to_bytes

    return content_type.strip(), unquote_to_bytes(payload)
