"""Parse MIME messages: e-mails, and web pages that browsers saved as MHTML."""

import email
import re
from collections.abc import Iterator
from email import policy
from email.message import EmailMessage, Message
from email.utils import parseaddr
from typing import Any

from corpus.publishers import is_aggregator_name, is_publisher_name
from corpus.reading.decoding import decode_text
from corpus.reading.html import html_to_text, parse_html
from corpus.reading.raw import ParsedText

_FORWARDED = re.compile(r"^\s*(fwd?|wg|tr)\s*:", re.IGNORECASE)


def parse_mhtml(data: bytes) -> Iterator[ParsedText]:
    """Yield the text of a saved web page, with the address at which it was saved."""
    message = email.message_from_bytes(data, policy=policy.default)
    for part in message.walk():
        if part.get_content_type() == "text/html":
            address = part.get("Content-Location") or message.get("Snapshot-Content-Location")
            for page in parse_html(_part_text(part)):
                fields = page.fields | {"url": page.fields["url"] or address}
                yield ParsedText(
                    page.text, {**fields, "saved": page.fields["saved"] or _header_date(message)}
                )
            return


def parse_email(data: bytes) -> Iterator[ParsedText]:
    """Yield the text of an e-mail, with what its header states of the article in it.

    A newsletter's sender is the publisher and its day the date. Who forwards an article is not its publisher,
    and the day of forwarding not its date; a message between people states nothing.
    """
    message = email.message_from_bytes(data, policy=policy.default)
    body = message.get_body(("plain", "html")) if isinstance(message, EmailMessage) else None
    if body is None:
        return
    text = _part_text(body)
    text = html_to_text(text) if body.get_content_type() == "text/html" else text
    subject = str(message.get("Subject", "")).strip()
    name, address = parseaddr(str(message.get("From", "")))
    if _FORWARDED.match(subject):
        yield ParsedText(text, {"title": _FORWARDED.sub("", subject).strip()})
    elif _is_personal(name, address) or is_aggregator_name(name):
        in_text = subject in map(str.strip, text.splitlines())
        yield ParsedText(text, {"title": subject if in_text else None})
    else:
        yield ParsedText(text, {"title": subject, "date": _header_date(message), "publisher": name})


def _header_date(message: Message) -> str:
    """Return the date as the header has it; the header's own class raises errors for absurd ones."""
    return next((str(value) for name, value in message.raw_items() if name.casefold() == "date"), "")


def _is_personal(name: str, address: str) -> bool:
    """Return True for a person's address, which holds the name: "Anna Holm <a.holm@...>"."""
    words, parts = name.casefold().split(), re.split(r"[._+@-]", address.casefold())
    if not 2 <= len(words) <= 4 or is_publisher_name(name):
        return False
    return any(part in (words[0], words[-1], words[0][0] + words[-1]) for part in parts[:-1])


def _part_text(part: Any) -> str:
    """Return the text of a part of a message, decoded by its stated charset unless that is wrong."""
    data = bytes(part.get_payload(decode=True) or b"")
    try:
        return data.decode(part.get_content_charset("utf-8"))
    except (LookupError, ValueError):
        return decode_text(data)
