"""What the pages of a Parquet file announce: their size unpacked, and how many values they hold.

Headers are in Thrift's compact protocol. Source: parquet.thrift of the Parquet format, PageHeader;
the Thrift specification, "Compact Protocol".
"""

from collections.abc import Iterator
from dataclasses import dataclass

# Types of the compact protocol; booleans hold their value in the type itself.
TRUE, FALSE, BYTE, I16, I32, I64, DOUBLE, BINARY, LIST, SET, MAP, STRUCT = range(1, 13)
# Fields of PageHeader, and of the headers of each kind of page inside it.
UNPACKED, PACKED, DATA, DICTIONARY, DATA_V2 = 2, 3, 5, 7, 8
VALUES, ENCODING, ENCODING_V2 = 1, 2, 4
COPYING = {2, 7, 8}  # encodings in which few bytes repeat long values: two by dictionary, one delta
DEEPEST = 8
DAMAGED = "the header of a page is damaged"

Value = int | dict[int, "Value"]


@dataclass(frozen=True)
class PageHeader:
    """Of one page: bytes when unpacked, and values, those that are missing among them."""

    unpacked_bytes: int
    values: int
    is_dictionary: bool
    copies: bool  # values may be longer than the page: copied from a dictionary, or from others
    body: slice  # where the packed page lies


def page_headers(data: bytes, begin: int, length: int) -> Iterator[PageHeader]:
    """The headers of the pages in `length` bytes from `begin` on, as a reader would meet them.

    Raises ValueError where there is no header.
    """
    end = begin + length
    if begin < 0 or length < 0 or end > len(data):
        raise ValueError("a column lies outside of the file")
    while begin < end:
        reader = _Compact(data, begin)
        fields = reader.struct()
        begin = reader.at + _number(fields.get(PACKED))
        kind = next((kind for kind in (DATA, DICTIONARY, DATA_V2) if kind in fields), DATA)
        inner = fields.get(kind)
        if not isinstance(inner, dict):
            raise ValueError(DAMAGED)  # noqa: TRY004 - of the file, not of a caller
        encoding = inner.get(ENCODING_V2 if kind == DATA_V2 else ENCODING)
        yield PageHeader(
            unpacked_bytes=_number(fields.get(UNPACKED)),
            values=_number(inner.get(VALUES)),
            is_dictionary=kind == DICTIONARY,
            copies=kind != DICTIONARY and encoding in COPYING,
            body=slice(reader.at, begin),
        )


def _number(value: "Value | None") -> int:
    if not isinstance(value, int) or value < 0:
        raise ValueError(DAMAGED)
    return value


class _Compact:
    """Values of Thrift's compact protocol, of which only whole numbers and structs are kept."""

    def __init__(self, data: bytes, at: int) -> None:
        self.data = data
        self.at = at

    def struct(self, depth: int = 0) -> dict[int, Value]:
        """The fields of a struct by their numbers."""
        if depth > DEEPEST:
            raise ValueError("the header of a page is nested too deep")
        fields: dict[int, Value] = {}
        number = 0
        while head := self.byte():
            delta, kind = head >> 4, head & 15
            number = number + delta if delta else self.zigzag()
            if kind in (TRUE, FALSE):
                continue
            value = self.value(kind, depth)
            if value is not None:
                fields[number] = value
        return fields

    def value(self, kind: int, depth: int) -> Value | None:
        """One value; None for a kind that is passed over."""
        if kind in (I16, I32, I64):
            return self.zigzag()
        if kind == STRUCT:
            return self.struct(depth + 1)
        if kind in (TRUE, FALSE, BYTE):  # in a list, each has a byte
            self.at += 1
        elif kind == DOUBLE:
            self.at += 8
        elif kind == BINARY:
            length = self.varint()
            self.at += length
        elif kind in (LIST, SET):
            head = self.byte()
            length = head >> 4 if head >> 4 < 15 else self.varint()
            for _ in range(min(length, len(self.data) - self.at)):
                self.value(head & 15, depth + 1)
        else:
            raise ValueError(DAMAGED)
        return None

    def byte(self) -> int:
        """The next byte."""
        if self.at >= len(self.data):
            raise ValueError("the header of a page is cut short")
        self.at += 1
        return self.data[self.at - 1]

    def varint(self) -> int:
        """A whole number in pieces of seven bits, the lowest first."""
        number = 0
        for shift in range(0, 70, 7):
            byte = self.byte()
            number |= (byte & 127) << shift
            if byte < 128:
                return number
        raise ValueError(DAMAGED)

    def zigzag(self) -> int:
        """A whole number whose lowest bit is its sign."""
        number = self.varint()
        return (number >> 1) ^ -(number & 1)
