"""Bytes → text: byte order marks first, then strict UTF-8, then the likeliest older encoding."""

import codecs

import charset_normalizer

from ingest.amounts import count
from ingest.errors import IngestError
from ingest.unpack import READABLE

BOMS = (  # the longer first: UTF-32-LE begins like UTF-16-LE
    (codecs.BOM_UTF8, "utf-8", "UTF-8 with byte order mark"),
    (codecs.BOM_UTF32_LE, "utf-32-le", "UTF-32"),
    (codecs.BOM_UTF32_BE, "utf-32-be", "UTF-32"),
    (codecs.BOM_UTF16_LE, "utf-16-le", "UTF-16"),
    (codecs.BOM_UTF16_BE, "utf-16-be", "UTF-16"),
)
OLDER = {  # what charset-normalizer may answer, and how people call it
    "cp1252": "Windows-1252 (Western)",
    "latin_1": "Windows-1252 (Western)",
    "cp1250": "Windows-1250 (Central European)",
    "cp1251": "Windows-1251 (Cyrillic)",
    "koi8_r": "KOI8-R (Cyrillic)",
    "cp1253": "Windows-1253 (Greek)",
    "cp1254": "Windows-1254 (Turkish)",
    "cp1255": "Windows-1255 (Hebrew)",
    "cp1256": "Windows-1256 (Arabic)",
    "mac_roman": "Mac Roman",
    "cp850": "code page 850 (DOS)",
    "shift_jis": "Shift JIS (Japanese)",
    "euc_jp": "EUC-JP (Japanese)",
    "gb18030": "GB 18030 (Chinese)",
    "big5": "Big5 (Chinese)",
    "euc_kr": "EUC-KR (Korean)",
}
SAMPLE_BYTES = 2**16
NEARLY = 0.02  # how much messier than the best guess Windows-1252 may look and still be taken


def decode(data: bytes, cut: bool = False) -> tuple[str, str, tuple[str, ...]]:
    """The text, the encoding's name, and notes on what was assumed or replaced.

    cut: `data` is the beginning of a larger file, so its last character may be incomplete.
    Raises IngestError when this is no text.
    """
    for mark, codec, name in BOMS:
        if data.startswith(mark):
            return _decoded(data[len(mark) :], codec, name, cut)
    codec_without_mark = _utf16_without_mark(data)
    if codec_without_mark:
        return _decoded(data, codec_without_mark, "UTF-16 without byte order mark", cut)
    try:
        return _strict(data, "utf-8", cut), "UTF-8", ()
    except UnicodeDecodeError as error:
        where = data.count(b"\n", 0, error.start) + 1
    codec = _likeliest(data[:SAMPLE_BYTES])
    text, _, notes = _decoded(data, codec, OLDER[codec], cut)
    assumed = f"Not valid UTF-8 (line {where}), so read as {OLDER[codec]}: check the accents."
    return text, OLDER[codec], (assumed, *notes)


def _strict(data: bytes, codec: str, cut: bool) -> str:
    return codecs.getincrementaldecoder(codec)("strict").decode(data, final=not cut)


def _decoded(data: bytes, codec: str, name: str, cut: bool) -> tuple[str, str, tuple[str, ...]]:
    text = codecs.getincrementaldecoder(codec)("replace").decode(data, final=not cut)
    lost = text.count("\ufffd")
    note = f"{count(lost, 'character')} could not be read as {name}: \ufffd stands there instead."
    return text, name, (note,) if lost else ()


def _utf16_without_mark(data: bytes) -> str | None:
    """Western text in UTF-16 has a zero in nearly every second byte."""
    even, odd = data[:SAMPLE_BYTES:2], data[1:SAMPLE_BYTES:2]
    if len(data) < 4:
        return None
    zeros = even.count(0) / len(even), odd.count(0) / len(odd)
    if zeros[1] > 0.4 and zeros[0] < 0.1:
        return "utf-16-le"
    return "utf-16-be" if zeros[0] > 0.4 and zeros[1] < 0.1 else None


def _likeliest(data: bytes) -> str:
    """A key of OLDER. Western text is what most people send: near ties go to Windows-1252."""
    controls = sum(data.count(code) for code in range(32) if code not in b"\t\n\v\f\r\x1a\x1b")
    if controls > len(data) * 0.02:
        raise IngestError(f"This is not text: it is full of control characters. {READABLE}")
    matches = list(charset_normalizer.from_bytes(data, cp_isolation=list(OLDER)))
    if not matches:
        return "cp1252"
    best = matches[0]
    for match in matches:
        western = {"cp1252", "latin_1"} & {match.encoding, *match.could_be_from_charset}
        fits = match.chaos <= best.chaos + NEARLY and match.coherence >= best.coherence - 0.1
        if western and fits:
            return "cp1252"
    return "cp1252" if best.encoding == "latin_1" else best.encoding
