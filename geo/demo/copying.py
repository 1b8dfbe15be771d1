"""Rows in PostgreSQL's binary COPY format: one by one from Python values, or many at once from numpy's columns.

Source: PostgreSQL's documentation of COPY, "Binary Format", and the `_recv` functions of the types.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

HEADER = b"PGCOPY\n\xff\r\n\x00" + bytes(8)
TRAILER = b"\xff\xff"
_EPOCH = datetime(2000, 1, 1, tzinfo=UTC)
_EPOCH_SECONDS = int(_EPOCH.timestamp())
_AT_ONCE = 20_000
Bytes = NDArray[np.uint8]
Value = str | bytes | UUID | bool | int | datetime | None


def row(*values: Value) -> bytes:
    """One row. Whole numbers are `integer`; bytes are taken as they are, such as a geometry's binary form."""
    pieces = [struct.pack(">h", len(values))]
    for value in values:
        if value is None:
            pieces.append(b"\xff\xff\xff\xff")
            continue
        if isinstance(value, bytes):
            binary = value
        elif isinstance(value, str):
            binary = value.encode()
        elif isinstance(value, UUID):
            binary = value.bytes
        elif isinstance(value, bool):
            binary = b"\x01" if value else b"\x00"
        elif isinstance(value, int):
            binary = struct.pack(">i", value)
        else:
            since = value - _EPOCH
            binary = struct.pack(">q", (since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds)
        pieces += (struct.pack(">i", len(binary)), binary)
    return b"".join(pieces)


@dataclass(frozen=True, slots=True)
class Column:
    """The values of one column: for row `i` the first `lengths[i]` bytes of `binary[i]`; a length of -1 is NULL.

    Without `lengths` all of it. A single row of `binary` stands for the same value in every row.
    """

    binary: Bytes
    lengths: NDArray[np.int64] | None = None

    def part(self, start: int, end: int) -> Column:
        if len(self.binary) == 1 and self.lengths is None:
            return self
        return Column(self.binary[start:end], None if self.lengths is None else self.lengths[start:end])


class Words:
    """A list of texts, from which columns are made by index; None stands for NULL, as does the index -1."""

    def __init__(self, texts: Sequence[str | None]) -> None:
        encoded = [b"" if text is None else text.encode() for text in texts]
        self._binary = np.zeros((len(encoded) + 1, max(map(len, encoded))), np.uint8)
        self._lengths = np.full(len(encoded) + 1, -1, np.int64)
        for position, (text, binary) in enumerate(zip(texts, encoded, strict=True)):
            self._binary[position, : len(binary)] = np.frombuffer(binary, np.uint8)
            if text is not None:
                self._lengths[position] = len(binary)

    def __len__(self) -> int:
        return len(self._lengths) - 1

    def column(self, index: NDArray[np.int64]) -> Column:
        return Column(self._binary[index], self._lengths[index])


def constant(value: Value) -> Column:
    """The same value in every row; not NULL."""
    return Column(np.frombuffer(row(value)[6:], np.uint8)[None, :])


def fixed(binary: Bytes, given: NDArray[np.bool_] | None = None) -> Column:
    """Values of one width, such as ids and hashes; NULL where not `given`."""
    return Column(binary, None if given is None else np.where(given, binary.shape[1], -1))


def moments(seconds: NDArray[np.int64], given: NDArray[np.bool_] | None = None) -> Column:
    """Points in time, from seconds since 1970."""
    return fixed(_big_endian((seconds - _EPOCH_SECONDS) * 1_000_000, ">i8"), given)


def integers(values: NDArray[np.int64]) -> Column:
    return fixed(_big_endian(values, ">i4"))


def booleans(values: NDArray[np.bool_]) -> Column:
    return fixed(values.astype(np.uint8)[:, None])


def points(units: NDArray[np.int64], per_degree: int, srid: int) -> Column:
    """Points as extended well-known binary, from longitudes and latitudes in units."""
    head = np.frombuffer(struct.pack("<BII", 1, 1 | 0x20000000, srid), np.uint8)
    degrees = np.ascontiguousarray(units / per_degree, "<f8").view(np.uint8).reshape(len(units), 16)
    return fixed(np.concatenate((np.broadcast_to(head, (len(units), len(head))), degrees), axis=1))


def ids(random: np.random.Generator, seconds: NDArray[np.int64]) -> Bytes:
    """UUIDs of version 7 shape, made at these moments; within a second in chance order."""
    count = len(seconds)
    milliseconds = seconds * 1000 + random.integers(0, 1000, count)
    high = (milliseconds.astype(np.uint64) << np.uint64(16)) | random.integers(0x7000, 0x8000, count, np.uint64)
    low = random.integers(0, 2**62, count, np.uint64) | np.uint64(2**63)
    return np.concatenate((_big_endian(high, ">u8"), _big_endian(low, ">u8")), axis=1)


def rows(columns: Sequence[Column], count: int) -> Iterator[bytes]:
    """`count` rows, some twenty thousand at a time."""
    for start in range(0, count, _AT_ONCE):
        end = min(start + _AT_ONCE, count)
        yield _rows([column.part(start, end) for column in columns], end - start)


def _rows(columns: Sequence[Column], count: int) -> bytes:
    """Every row is laid out at full width first; what a shorter value leaves over is then cut out."""
    width = 2 + sum(4 + column.binary.shape[1] for column in columns)
    laid = np.empty((count, width), np.uint8)
    kept = np.ones((count, width), np.bool_)
    laid[:, :2] = np.frombuffer(struct.pack(">h", len(columns)), np.uint8)
    at = 2
    for column in columns:
        room = column.binary.shape[1]
        laid[:, at + 4 : at + 4 + room] = column.binary
        if column.lengths is None:
            laid[:, at : at + 4] = np.frombuffer(struct.pack(">i", room), np.uint8)
        else:
            laid[:, at : at + 4] = _big_endian(column.lengths, ">i4")
            kept[:, at + 4 : at + 4 + room] = np.arange(room) < column.lengths[:, None]
        at += 4 + room
    return laid[kept].tobytes()


def _big_endian(values: NDArray[Any], kind: str) -> Bytes:
    binary = np.ascontiguousarray(values, kind)
    return binary.view(np.uint8).reshape(len(binary), binary.itemsize)
