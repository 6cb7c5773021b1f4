"""What rows and batches are called at a host, so that another process can tell from the names alone what they are.

A row is `UID-PLACE`, or `UID-PLACE-KEY` where its key is not its place: letters, digits, `_` and `-`, which every host
takes. A batch is `UID.ROWS.ID,ID,...`: all hosted batches that it was split into.
"""

import re
import secrets
from typing import Any

from attrs import frozen

from ..codecs import base64, json
from ..errors import InvalidRequestError

_UID = r"aik[a-z0-9]{7}"
_NAME = re.compile(rf"({_UID})-(\d{{1,15}})(?:-([sj])([A-Za-z0-9_-]*))?")
_ID = re.compile(rf"({_UID})\.(\d{{0,15}})([pk])\.(\S+)")
_PLAIN = re.compile(r"[A-Za-z0-9_-]*")
_LETTERS = "abcdefghijklmnopqrstuvwxyz0123456789"


def new_uid() -> str:
    """What tells one submission from all others."""
    return "aik" + "".join(secrets.choice(_LETTERS) for _ in range(7))


def row_name(uid: str, place: int, key: Any, most: int) -> str:
    """most: characters. Raises InvalidRequestError for a key that is too long for this host."""
    name = f"{uid}-{place}"
    if not (type(key) is int and key == place):
        name += f"-{_written(key)}"
    if len(name) > most:
        raise InvalidRequestError(
            f"the key of row {place} is too long: as the host takes names, it has {len(name)} characters of {most}"
        )
    return name


def read_name(name: str, uid: str) -> tuple[int, Any] | None:
    """(place, key); None for a name that is not of this submission. uid: "" for any."""
    found = _NAME.fullmatch(name)
    if found is None or (uid and found[1] != uid):
        return None
    place = int(found[2])
    if found[3] is None:
        return place, place
    try:
        return place, found[4] if found[3] == "s" else json.loads(base64.decode(found[4]))
    except ValueError:
        return None


def _written(key: Any) -> str:
    if isinstance(key, str) and _PLAIN.fullmatch(key):
        return f"s{key}"
    coded = base64.encode(json.dumps(key)).translate(_URL_SAFE)
    return f"j{coded}"


_URL_SAFE = str.maketrans("+/", "-_", "=")


@frozen
class BatchName:
    """A batch by its id. uid: "" for one that another program has made. rows: how many were read, None where nobody
    knows. keyed: rows have keys that are not their places. ids: of the hosted batches."""

    ids: tuple[str, ...]
    uid: str = ""
    rows: int | None = None
    keyed: bool = True

    def __str__(self) -> str:
        ids = ",".join(self.ids)
        if not self.uid:
            return ids
        return f"{self.uid}.{'' if self.rows is None else self.rows}{'k' if self.keyed else 'p'}.{ids}"

    @classmethod
    def read(cls, id: str) -> "BatchName":
        """Raises InvalidRequestError for what is no id."""
        found = _ID.fullmatch(id)
        ids = tuple(filter(None, (found[4] if found else id).split(",")))
        if not ids or any(one.split() != [one] for one in ids):
            raise InvalidRequestError("a batch is taken up by its id, and this is none")
        if found is None:
            return cls(ids)
        return cls(ids, found[1], int(found[2]) if found[2] else None, found[3] == "k")


def label_of(label: str) -> tuple[str, int] | None:
    """(uid, number) of the label of a hosted batch; None where it is not ours."""
    uid, mark, number = label.rpartition("-")
    return (uid, int(number)) if mark and re.fullmatch(_UID, uid) and number.isdecimal() else None
