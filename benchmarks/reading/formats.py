"""Write file formats: web page, web archive, mail and PDF."""

from collections.abc import Iterable
from datetime import UTC, datetime
from email.message import EmailMessage
from email.policy import SMTP
from html import escape
from typing import Any

from fpdf import FPDF

MADE = datetime(2024, 5, 1, 9, 30, tzinfo=UTC)  # when the files were saved: no article's day


def items(tag: str, lines: Iterable[str]) -> str:
    """Return each line as an element: items("li", ["a"]) is "<li>a</li>"."""
    name = tag.split(" ", maxsplit=1)[0]
    return "\n".join(f"<{tag}>{escape(line)}</{name}>" for line in lines)


def linked(paragraph: str, every: int = 9) -> str:
    """Return a paragraph as HTML in which some words are links or emphasised, as on the web."""
    words = [escape(word) for word in paragraph.split(" ")]
    for at in range(every // 2, len(words), every):
        words[at] = f'<a href="/topic/{at}">{words[at]}</a>' if at % 2 else f"<em>{words[at]}</em>"
    return f"<p>{' '.join(words)}</p>"


def page(head: str, body: str) -> str:
    """Return a web page."""
    return f'<!DOCTYPE html>\n<html lang="en">\n<head><meta charset="utf-8">\n{head}\n</head>\n<body>\n{body}\n</body>\n</html>\n'


def metas(**contents: object) -> str:
    """Return meta elements with properties; two underscores mean a colon, empty ones are left out."""
    named = {
        name.replace("__", ":"): content
        for name, content in contents.items()
        if isinstance(content, str) and content
    }
    return "\n".join(
        f'<meta property="{name}" content="{escape(content)}">' for name, content in named.items()
    )


def web_archive(html: str, subject: str, address: str) -> bytes:
    """Return the page as a browser saves it in one file (.mhtml); its Date is the day of saving."""
    mail = EmailMessage(policy=SMTP)
    mail["From"] = "<Saved by Blink>"
    mail["Snapshot-Content-Location"] = address
    mail["Subject"] = subject
    mail["Date"] = MADE
    mail.set_content(html, subtype="html", cte="quoted-printable")
    mail.make_related(boundary="----MultipartBoundary--Kx81")
    mail.add_related(b"body { font-family: serif }", "text", "css", cid="<css-1@mhtml.blink>")
    return mail.as_bytes()


def mail(headers: dict[str, Any], text: str, html: str | None = None) -> bytes:
    """Return a mail (.eml) with a plain part and, if given, the same as HTML; no headers that are None."""
    message = EmailMessage(policy=SMTP)
    for name, value in headers.items():
        if value is not None:
            message[name] = value
    message.set_content(text, cte="quoted-printable")
    if html:
        message.add_alternative(html, subtype="html", cte="quoted-printable")
        message.set_boundary("=_part_7f31")
    return message.as_bytes()


class _Paper(FPDF):
    head: str | None = None
    foot: str | None = None

    def header(self) -> None:
        if self.head:
            self.set_font("Helvetica", size=8)
            self.cell(0, 8, self.head.replace("#", str(self.page_no())), new_x="LMARGIN", new_y="NEXT")

    def footer(self) -> None:
        if self.foot:
            self.set_y(-15)
            self.set_font("Helvetica", size=8)
            self.cell(0, 8, self.foot.replace("#", str(self.page_no())), align="C")


def pdf(
    blocks: Iterable[tuple[int, str]],
    head: str | None = None,
    foot: str | None = None,
    title: str | None = None,
    **options: Any,
) -> bytes:
    """Return a PDF of blocks (font size, Latin-1 text); # in head and foot is the page's number.

    Its creation date is the day of saving. `columns` is the number of columns for blocks of size 11 and
    smaller.
    """
    paper = _Paper()
    paper.head, paper.foot = head, foot
    paper.set_creation_date(MADE)
    if title:
        paper.set_title(title)
    paper.add_page()
    small: list[tuple[int, str]] = []
    for size, text in blocks:
        if options.get("columns", 1) > 1 and size <= 11:
            small.append((size, text))
        else:
            paper.set_font("Times", style="B" if size > 14 else "", size=size)
            paper.multi_cell(0, size / 2.2, text, new_x="LMARGIN", new_y="NEXT")
            paper.ln(2)
    if small:
        _set_columns(paper, small, options["columns"])
    return bytes(paper.output())


def _set_columns(paper: FPDF, blocks: list[tuple[int, str]], columns: int) -> None:
    paper.set_font("Times", size=blocks[0][0])
    with paper.text_columns(ncols=columns, gutter=8) as flow:
        for _, text in blocks:
            with flow.paragraph(bottom_margin=2) as paragraph:
                paragraph.write(text)
