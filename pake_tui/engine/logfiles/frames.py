"""Frames on a pipe between a console and its scan worker: four bytes of length, then a pickled value.

Both ends are this program; nothing from a log file is ever unpickled.
"""

from __future__ import annotations

import pickle
import struct
from typing import IO, Any

_LENGTH = struct.Struct(">I")


def write(pipe: IO[bytes], value: object) -> None:
    """One frame, flushed. OSError where the other side is gone."""
    payload = pickle.dumps(value, protocol=pickle.HIGHEST_PROTOCOL)
    pipe.write(_LENGTH.pack(len(payload)) + payload)
    pipe.flush()


def read(pipe: IO[bytes]) -> Any:
    """The next frame's value. EOFError where the other side is gone, also in the middle of a frame."""
    head = pipe.read(_LENGTH.size)
    if len(head) < _LENGTH.size:
        raise EOFError
    (length,) = _LENGTH.unpack(head)
    payload = pipe.read(length)
    if len(payload) < length:
        raise EOFError
    return pickle.loads(payload)
