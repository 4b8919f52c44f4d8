"""Decode the bytes of text files, tables and messages whose encoding is not stated, or stated wrongly."""

_BYTE_ORDER_MARKS = ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"))
_BINARY_CHARS = "".join(map(chr, [*range(9), *range(14, 32), 127, 0xFFFD]))


class BinaryData(ValueError):
    """Data that is not text in any encoding."""


def decode_text(data: bytes) -> str:
    """Decode text: by its byte order mark if it has one, else as UTF-8, else as Windows-1252.

    Raises:
        BinaryData: the data is not text.
    """
    import ftfy  # takes a tenth of the time in which `dateline list` should answer

    encoding = next((encoding for mark, encoding in _BYTE_ORDER_MARKS if data.startswith(mark)), "utf-8")
    try:
        # Text that was once decoded wrongly and saved so ("itâ€™s") is repaired where ftfy is certain.
        text = str(ftfy.fix_encoding(data.decode(encoding)))
    except UnicodeDecodeError:
        text = data.decode("cp1252", errors="replace")
    if "\x00" in text or sum(map(text.count, _BINARY_CHARS)) > len(text) / 100:
        raise BinaryData("a binary file, not text")
    return text
