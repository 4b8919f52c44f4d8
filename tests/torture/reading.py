"""Mutate real files of every format and add them: each is read or refused, and the others of the batch are added."""

import csv
import io
import json
import os
import re
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from contextlib import suppress
from html import escape
from pathlib import Path
from time import process_time

import docx
import numpy as np
from numpy.typing import NDArray

from benchmarks.reading.formats import mail, metas, page, pdf, web_archive
from corpus.reading.files import FORMATS
from corpus.store.database import Store
from torture.history import Item
from torture.kills import Lab
from torture.trials import Trial

MAX_SECONDS = 10.0  # of the processor, in the process that adds; the parser's has a limit of its own
MAX_MEMORY = 1_200_000_000  # of the adding process and its parser together
_GOOD_EVERY = 25
# What parsers of these formats have special meanings for.
_TOKENS = (
    b"\x00", b"\xff\xfe", b"\xfe\xff", b"\xef\xbb\xbf", b"\xed\xa0\x80", b"\xf4\x90\x80\x80", b"\xc0\x80",
    "\u2028".encode(), "\u202e".encode(), "\x85".encode(), b"&#x110000;", b"&#xD800;", b"&#0;", b"&amp;" * 99,
    b"<![CDATA[", b"]]>", b"<!--", b"<script>", b"</", b"<div>" * 3_000, b'<!DOCTYPE a [<!ENTITY b "c">]>&b;',
    b"<table><tr>" * 300, b"(" * 5_000, b"[" * 5_000, b"{" * 5_000, b'"' * 999, b'\\ud800', b"1e999", b"NaN",
    b"-" * 9_999, b"9" * 5_000, b"<<" * 999, b" obj", b"endstream", b"/Length 99999999999", b"/Kids[1 0 R]",
    b"/Filter/FlateDecode", b"/Parent 3 0 R", b"%%EOF", b"0 0 R", b"=?utf-8?b?////?=", b"=?utf-8?q?=ff=fe?=",
    b"=?rot13?b?x?=", b"Content-Transfer-Encoding: uuencode\n", b"Content-Type: multipart/mixed; boundary=B\n\n--B\n" * 40,
    b'; charset="zlib"', b'; charset="punycode"', b'; charset="undefined"', b"\r", b"\n" * 5_000, b",," * 5_000,
    b"---\n", b"&x\n*x\n", b"!!python/object:os.system {}\n", b"? - ", b"date: 99999-99-99\n", b"0001-01-01",
    b"31 June 2020", b"<pubDate>", b"</item><item>" * 500, "漢".encode() * 3_000, b"a" * 100_000, b"_*" * 3_000, b"[](" * 3_000,
)  # fmt: skip


def whole_files(item: Item) -> dict[str, bytes]:
    """Return an article as a file of each format, by its suffix."""
    article = item.article
    title, day, paper = (
        article.headline,
        str(article.published or "2020-01-01"),
        article.publisher or "A Paper",
    )
    lines = [line for line in article.body.split("\n") if line.strip()]
    fields = {"title": title, "date": day, "publisher": paper}
    html = page(
        metas(og__title=title, og__site_name=paper, article__published_time=day),
        f"<nav>Home News</nav><article><h1>{escape(title)}</h1>{''.join(f'<p>{escape(line)}</p>' for line in lines)}</article>",
    )
    latin = [(12, line.encode("latin-1", "replace").decode("latin-1")) for line in (title, *lines)]
    entry = f"<title>{escape(title)}</title><{{0}}>{day}</{{0}}><{{1}}>{escape(article.body)}</{{1}}>"
    return {
        ".html": html.encode(),
        ".mhtml": web_archive(html, title, "https://harbour.example/1"),
        ".eml": mail({"Subject": title, "From": f"{paper} <a@harbour.example>"}, article.body, html),
        ".rss": f"<rss version='2.0'><channel><title>{escape(paper)}</title><item>{entry.format('pubDate', 'description')}</item></channel></rss>".encode(),
        ".atom": f"<feed xmlns='http://www.w3.org/2005/Atom'><entry>{entry.format('published', 'content')}</entry></feed>".encode(),
        ".pdf": pdf([(20, latin[0][1]), *latin[1:]]),
        ".docx": _word([title, *lines]),
        ".csv": _table({**fields, "body": article.body}),
        ".jsonl": "\n".join(json.dumps({**fields, "body": f"{line} And more."}, ensure_ascii=False) for line in lines).encode(),
        ".md": "\n".join(["---", *(f"{name}: {json.dumps(value)}" for name, value in fields.items()), "---", *lines]).encode(),
        ".txt": "\n\n".join([title, day, *lines]).encode(),
    }  # fmt: skip


def _word(lines: Sequence[str]) -> bytes:
    document, data = docx.Document(), io.BytesIO()
    for line in lines:
        document.add_paragraph(line)
    document.save(data)
    return data.getvalue()


def _table(row: dict[str, str]) -> bytes:
    text = io.StringIO()
    rows = csv.DictWriter(text, row)
    rows.writeheader()
    rows.writerow(row)
    return text.getvalue().encode()


def mutate(data: bytes, other: bytes, rng: np.random.Generator) -> bytes:
    """Return the data with one to six changes; `other` is a file of which parts are taken."""
    copy = bytearray(data)
    for _ in range(int(rng.integers(1, 7))):
        at, end = sorted(int(n) for n in rng.integers(0, len(copy) + 1, 2))
        end = min(end, at + 2_000)
        choice = int(rng.integers(8))
        if choice == 0 and copy:
            copy[at % len(copy)] ^= 1 << int(rng.integers(8))
        elif choice == 1:
            copy[at:end] = rng.bytes(end - at)
        elif choice == 2:
            del copy[at:end]
        elif choice == 3:
            copy[at:at] = copy[at:end] * int(rng.integers(1, 60))
        elif choice == 4:
            start = int(rng.integers(len(other)))
            copy[at:at] = other[start : start + 2_000]
        elif choice == 5 and rng.random() < 0.3:
            del copy[at:]
        else:
            copy[at:at] = _TOKENS[int(rng.integers(len(_TOKENS)))]
    return bytes(copy)


def mutate_inside(suffix: str, data: bytes, other: bytes, rng: np.random.Generator) -> bytes:
    """Mutate a file, or what is compressed in it, so that the change reaches the parser."""
    if suffix == ".docx" and rng.random() < 0.8:
        packed = io.BytesIO()
        with (
            zipfile.ZipFile(io.BytesIO(data)) as whole,
            zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as new,
        ):
            chosen = str(
                rng.choice(
                    ["word/document.xml", "word/document.xml", "word/styles.xml", "[Content_Types].xml"]
                )
            )
            for name in whole.namelist():
                member = whole.read(name)
                new.writestr(name, mutate(member, other, rng) if name == chosen else member)
        return packed.getvalue()
    if suffix == ".pdf" and rng.random() < 0.5:
        return re.sub(
            rb"stream\n(.*?)\nendstream", lambda found: _repack(found, other, rng), data, flags=re.DOTALL
        )
    return mutate(data, other, rng)


def _repack(found: "re.Match[bytes]", other: bytes, rng: np.random.Generator) -> bytes:
    with suppress(zlib.error):
        return b"stream\n" + zlib.compress(mutate(zlib.decompress(found[1]), other, rng)) + b"\nendstream"
    return found[0]


def hostile_files(lab: Lab, rng: np.random.Generator, count: int) -> Iterator[Trial]:
    """Add `count` mutants, one good file after every 25; the vectors are saved ones, all else is real."""
    from corpus.reading import files as reading
    from embeddings.encoder import Encoder
    from embeddings.ingest import ingest_bytes
    from embeddings.library import Library

    saved = [np.array(row, np.float32) for item in lab.items for row in item.vectors]

    class SavedVectors(Encoder):
        def _encode_uncached(self, texts: list[str]) -> list[NDArray[np.float32]]:
            return [saved[len(text) % len(saved)] for text in texts]

    library = Library(Store(lab.keep()), SavedVectors())
    whole = [whole_files(item) for item in lab.items]
    for n in range(count):
        suffix = list(whole[0])[n % len(whole[0])]
        first, second = (whole[int(rng.integers(len(whole)))] for _ in range(2))
        other = second[str(rng.choice(list(second)))]
        data = mutate_inside(suffix, first[suffix], other, rng)
        name = suffix if rng.random() < 0.95 else str(rng.choice(FORMATS))
        began = process_time()
        try:
            statuses = {report.status for report in ingest_bytes(library, Path(f"{n}{name}"), data)}
            problem = "" if statuses else "nothing was reported"
        except Exception as error:  # whatever is raised here would end an addition
            statuses, problem = set(), f"{type(error).__name__}: {error}"[:300]
        seconds = process_time() - began
        if seconds > MAX_SECONDS:
            problem = problem or f"it took {seconds:.1f} seconds"
        if problem:
            (lab.keep() / f"{n}{name}").write_bytes(data)
        yield Trial(f"{name[1:]}: {', '.join(sorted(statuses))}", problem, seconds)
        if n % _GOOD_EVERY == 0:
            good = f"Ferry {n} sails\n\nThe good ferry number {n} sailed at noon with eighty cars on board.\n".encode()
            (report,) = ingest_bytes(library, Path(f"good {n}.txt"), good)
            yield Trial("good", "" if report.status == "added" else report.problem)
            memory = _peak_memory(os.getpid()) + (
                _peak_memory(reading._parser._child.pid) if reading._parser._child else 0
            )
            yield Trial("memory", "" if memory < MAX_MEMORY else f"{memory / 1e6:.0f} MB")
    library.store.close()


def _peak_memory(process: int) -> int:
    with suppress(OSError):
        found = re.search(r"VmHWM:\s+(\d+) kB", Path(f"/proc/{process}/status").read_text())
        return int(found[1]) * 1024 if found else 0
    return 0
