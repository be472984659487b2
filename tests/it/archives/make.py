#!/usr/bin/env python3
"""Makes the archives in this folder, whose bytes are the same each time. The files of lz4 are made by the program
lz4 1.9.4: `lz4 -9 -B4 -BX` (checked.lz4), `lz4 -B4 -BD --content-size` (linked.lz4)."""

import io
import lzma
import struct
import zipfile
import zlib
from pathlib import Path

HERE = Path(__file__).parent
A = b"id,name\n1,Ann\n2,\"B\nob\"\n"
B = b"x\ty\n1\t2\n3\t\xff\n"
STORED, DEFLATED, BZIP2, LZMA = 0, 8, 12, 14


class Pipe:
    """What can only be written to."""

    def __init__(self, buffer):
        self.write, self.flush = buffer.write, buffer.flush


def archive(name, members, comment=b"", stream=False, change=lambda data: data):
    """Members are (name, bytes, method). As a stream the lengths stand behind the data."""
    buffer = io.BytesIO()
    target = Pipe(buffer) if stream else buffer
    with zipfile.ZipFile(target, "w") as made:
        for member, data, method in members:
            info = zipfile.ZipInfo(member, (2026, 11, 26, 0, 0, 0))
            info.compress_type = method
            made.writestr(info, data)
        made.comment = comment
    (HERE / name).write_bytes(change(buffer.getvalue()))


def zip64(name):
    """All numbers that may be in the zip64 fields are."""
    data = zlib.compressobj(9, zlib.DEFLATED, -15)
    data = data.compress(A) + data.flush()
    wide = 0xFFFFFFFF
    local = struct.pack("<4s5H3I2H", b"PK\3\4", 45, 0, 8, 0, 0x5D7A, zlib.crc32(A), wide, wide, 5, 20)
    local += b"a.csv" + struct.pack("<2H2Q", 1, 16, len(A), len(data)) + data
    entry = struct.pack("<4s6H3I5H2I", b"PK\1\2", 45, 45, 0, 8, 0, 0x5D7A, zlib.crc32(A), wide, wide, 5, 28, 0, 0, 0, 0, wide)
    entry += b"a.csv" + struct.pack("<2H3Q", 1, 24, len(A), len(data), 0)
    end = struct.pack("<4sQ2H2I4Q", b"PK\6\6", 44, 45, 45, 0, 0, 1, 1, len(entry), len(local))
    end += struct.pack("<4sIQI", b"PK\6\7", 0, len(local) + len(entry), 1)
    end += struct.pack("<4s4H2IH", b"PK\5\6", 0xFFFF, 0xFFFF, 0xFFFF, 0xFFFF, wide, wide, 0)
    (HERE / name).write_bytes(local + entry + end)


def raw(name, member, method, packed):
    """One member of a method that zipfile does not write."""
    same = struct.pack("<5H3I2H", 63, 0, method, 0, 0x5D7A, zlib.crc32(A), len(packed), len(A), len(member), 0)
    local = b"PK\3\4" + same + member + packed
    entry = struct.pack("<4sH", b"PK\1\2", 63) + same + struct.pack("<3H2I", 0, 0, 0, 0, 0) + member
    end = struct.pack("<4s4H2IH", b"PK\5\6", 0, 0, 1, 1, len(entry), len(local), 0)
    (HERE / name).write_bytes(local + entry + end)


def patched(field, value):
    """Sets two bytes of every local header and entry, at the entry's `field`."""
    def change(data):
        data = bytearray(data)
        for magic, at in ((b"PK\3\4", field - 2), (b"PK\1\2", field)):
            start = data.find(magic)
            while start >= 0:
                struct.pack_into("<H", data, start + at, value)
                start = data.find(magic, start + 1)
        return bytes(data)
    return change


def main():
    archive("one.zip", [("data.csv", A, DEFLATED)])
    archive("many.zip", [("a.csv", A, DEFLATED), ("d/", b"", STORED), ("empty.csv", b"", STORED), ("d/b.tsv", B, STORED),
                         ("c.csv", A, BZIP2), ("__MACOSX/._a.csv", b"\0\5\x16\7", STORED)], b"a comment")
    archive("stream.zip", [("a.csv", A, DEFLATED), ("d/b.tsv", B, STORED)], stream=True)
    archive("names.zip", [("../up.csv", A, DEFLATED), ("n\nl.csv", A, STORED)])
    archive("nested.zip", [("a.csv.gz", __import__("gzip").compress(A, mtime=0), STORED)])
    archive("empty.zip", [("a.csv", b"", STORED)])
    archive("none.zip", [("d/", b"", STORED)])
    archive("nothing.zip", [])
    archive("book.xlsx", [("[Content_Types].xml", b"<x/>", DEFLATED), ("xl/workbook.xml", b"<x/>", DEFLATED)])
    archive("late.xlsx", [("xl/workbook.xml", b"<x/>", DEFLATED), ("[Content_Types].xml", b"<x/>", DEFLATED)])
    archive("text.docx", [("[Content_Types].xml", b"<x/>", DEFLATED), ("word/document.xml", b"<x/>", DEFLATED)])
    archive("a.jar", [("META-INF/MANIFEST.MF", b"Manifest-Version: 1.0\n", DEFLATED), ("a.csv", A, DEFLATED)])
    archive("a.ods", [("mimetype", b"application/vnd.oasis.opendocument.spreadsheet", STORED)])
    archive("lzma.zip", [("a.csv", A, LZMA)])
    archive("encrypted.zip", [("a.csv", A, DEFLATED)], change=patched(8, 1))
    archive("bad_sum.zip", [("a.csv", A, DEFLATED)], change=lambda data: data.replace(struct.pack("<I", zlib.crc32(A)), b"\1\2\3\4"))
    zip64("zip64.zip")
    raw("xz.zip", b"a.csv", 95, lzma.compress(A))
    # As `zstd -c` makes it, 1.5.
    raw("zstd.zip", b"a.csv", 93, bytes.fromhex("28b52ffd0458b9000069642c6e616d650a312c416e6e0a322c22420a6f62220a8504f428"))
    raw("invalid_name.zip", b"\xff\xfe.csv", STORED, A)


if __name__ == "__main__":
    main()
