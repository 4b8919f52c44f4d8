"""Layouts in pages, archives, feeds, mails and PDFs that may be looked at when the cleaning is improved."""

import json
import random
from datetime import timedelta
from email.utils import format_datetime
from html import escape
from typing import Any

from benchmarks.reading.facts import Facts, american, british, latin, short
from benchmarks.reading.formats import MADE, items, linked, mail, metas, page, pdf, web_archive
from benchmarks.reading.truth import Sample, Sheet

COOKIES = (
    "We value your privacy",
    "We and our 842 partners store and access information on your device.",
    "Accept all cookies",
)


def modern_page(facts: Facts, rng: random.Random) -> Sample:
    """A page as frameworks make it: meta properties, <article>, cookie banner, aside, footer."""
    sheet, day = Sheet(), facts.published
    stamp = day and f"{day.isoformat()}T{rng.randint(8, 15):02}:05:00Z"
    changed = day and f"{(day + timedelta(2)).isoformat()}T10:00:00Z"
    head = (
        f"<title>{escape(facts.title or '')}{' | ' + facts.publisher if facts.publisher else ''}</title>\n"
        + metas(
            og__title=facts.title,
            og__site_name=facts.publisher,
            article__published_time=stamp,
            article__modified_time=changed,
            og__type="article",
        )
    )
    head += f'\n<meta name="author" content="{escape(facts.author)}">' if facts.author else ""
    body = [f'<div id="cookie-consent" role="dialog">{items("p", sheet.dirt(*COOKIES))}</div>']
    body += [
        f"<header><nav><ul>{items('li', sheet.dirt('Home', 'World', 'Politics', 'Business', 'Climate', 'Sign in'))}</ul></nav></header>"
    ]
    body += [
        f"<main><article><h1>{escape(facts.title or '')}</h1>",
        items('p class="standfirst"', [facts.lead]),
    ]
    body += [
        items(
            'div class="byline"',
            sheet.dirt(facts.author and f"By {facts.author}", day and f"Published {british(day)}"),
        )
    ]
    body += [
        f"<figure><img src=a.jpg><figcaption>{sheet.dirt(f'A market in {facts.city}. Credit: {facts.second}/Getty')[0]}</figcaption></figure>"
    ]
    body += [
        *map(linked, facts.body[:3]),
        f"<aside><h3>Read next</h3>{items('li', sheet.dirt(*facts.others[:3]))}</aside>",
    ]
    body += [*map(linked, facts.body[3:]), "</article></main>"]
    body += [
        f"<footer>{items('p', sheet.dirt(f'© {facts.rights}. All rights reserved.', 'Terms of use', 'Advertise with us'))}</footer>"
    ]
    changed = (day + timedelta(2)).isoformat() if day else None
    return sheet.sample(
        ".html",
        page(head, "\n".join(body)),
        facts,
        standfirst=facts.lead,
        updated=changed,
        more=(facts.lead,),
    )


def linked_data_page(facts: Facts, rng: random.Random) -> Sample:
    """A page whose facts are in JSON-LD alone, inside a graph.

    The body in nested <div>s, hidden text, share buttons.
    """
    sheet, day = Sheet(), facts.published
    section = rng.choice(["Business", "Politics", "Science"])
    news: dict[str, Any] = {
        "@type": "NewsArticle",
        "headline": facts.title,
        "image": ["https://img.example.com/1.jpg"],
        "articleSection": section,
    }
    if day:
        news["dateModified"] = f"{MADE:%Y-%m-%d}"
        news["datePublished"] = f"{day.isoformat()}T09:{rng.randint(10, 59)}:00+00:00"
    if facts.author:
        news["author"] = [{"@type": "Person", "name": facts.author, "url": "https://news.example.com/staff"}]
    if facts.publisher:
        news["publisher"] = {
            "@type": "Organization",
            "name": facts.publisher,
            "logo": {"@type": "ImageObject", "url": "/logo.png"},
        }
    graph = {
        "@context": "https://schema.org",
        "@graph": [{"@type": "BreadcrumbList", "itemListElement": []}, news],
    }
    head = f'<title>{escape(facts.title or "")}</title>\n<script type="application/ld+json">{json.dumps(graph)}</script>'
    body = [
        f'<div class="topbar">{items("a", sheet.dirt("Sections", "E-paper", "Subscribe for 1 euro"))}</div>'
    ]
    body += [f'<div class="story"><h1>{escape(facts.title or "")}</h1>']
    body += [
        f'<div class="share">{items("button", sheet.dirt("Share on Facebook", "Share on X", "Copy link"))}</div>'
    ]
    body += [f'<div class="text">{items("p", facts.body[:4])}']
    body += [
        f'<div style="display:none">{items("p", sheet.dirt("You have reached your limit of free articles this month."))}</div>'
    ]
    body += [f"{items('p', facts.body[4:])}</div></div>"]
    body += [
        f'<div class="newsletter">{items("p", sheet.dirt("Get the day in your inbox", "By signing up you agree to our terms."))}</div>'
    ]
    body += [f'<div class="more">{items("h4", sheet.dirt("Most popular", *facts.others))}</div>']
    return sheet.sample(
        ".html",
        page(head, "\n".join(body)),
        facts,
        section=section,
        updated=f"{MADE:%Y-%m-%d}" if day else None,
    )


def old_page(facts: Facts, rng: random.Random) -> Sample:
    """A page of the tables age: no meta data, font elements, the date as text."""
    sheet, day = Sheet(), facts.published
    head = f"<title>{escape(f'{facts.publisher}: {facts.title}' if facts.publisher else facts.title or '')}</title>"
    menu = items("td", sheet.dirt("Front page", "Archive", "Classifieds", "Contact us"))
    body = [
        f"<table width=100%><tr>{menu}</tr></table><table><tr><td width=120>{items('b', sheet.dirt('Hot topics', *facts.others[:2]))}</td><td>"
    ]
    body += [f"<b><font size=5>{escape(facts.title or '')}</font></b><br>"]
    where = rng.choice([f"{facts.city}, ", ""])
    body += [items("i", sheet.dirt(facts.author and f"By {facts.author}, Staff Writer")) + "<br>"]
    body += [
        items("small", sheet.dirt(day and f"{where}{short(day)}")) + "<br>",
        *(f"{escape(text)}<br><br>" for text in facts.body),
    ]
    body += [
        items("font size=1", sheet.dirt(f"Copyright © {facts.rights}", "Best viewed with 800x600")),
        "</td></tr></table>",
    ]
    return sheet.sample(".html", page(head, "\n".join(body)), facts)


def archived_page(facts: Facts, rng: random.Random) -> Sample:
    """A web archive of one file (.mhtml), whose Date is the day of saving."""
    sheet, day = Sheet(), facts.published
    head = f"<title>{escape(facts.title or '')}</title>\n" + metas(og__site_name=facts.publisher)
    body = [
        f"<nav>{items('a', sheet.dirt('Latest', 'Video', 'Podcasts', 'My account'))}</nav><article><h1>{escape(facts.title or '')}</h1>"
    ]
    body += [items('span class="author"', sheet.dirt(facts.author and f"By {facts.author}"))]
    if day:
        body += [
            f'<time datetime="{day.isoformat()}T11:00:00Z">{sheet.dirt(f"{american(day)} at 11:00 a.m. UTC")[0]}</time>'
        ]
    body += [
        *map(linked, facts.body[:2]),
        items('div class="ad"', sheet.dirt("Advertisement - scroll to continue")),
        *map(linked, facts.body[2:]),
    ]
    body += [f"</article><footer>{items('p', sheet.dirt('About us', f'© {facts.rights}'))}</footer>"]
    data = web_archive(
        page(head, "\n".join(body)), facts.title or "", f"https://www.example.com/{rng.randint(1000, 9999)}"
    )
    return sheet.sample(".mhtml", data, facts)


def feed_item(facts: Facts, rng: random.Random) -> Sample:
    """A saved RSS feed with one item and its full content."""
    sheet, day = Sheet(), facts.published
    content = "\n".join(map(linked, facts.body)) + items(
        "p",
        sheet.dirt(f"The post {facts.title} appeared first on the site.", "Continue reading on our website"),
    )
    fields = [
        f"<title>{escape(facts.title or '')}</title>",
        f"<link>https://www.example.com/{rng.randint(100, 999)}</link>",
    ]
    fields += [f"<dc:creator><![CDATA[{facts.author}]]></dc:creator>"] if facts.author else []
    if day:
        fields += [
            f"<pubDate>{format_datetime(MADE.replace(year=day.year, month=day.month, day=day.day))}</pubDate>"
        ]
    fields += [
        f"<description>{escape(facts.body[0][:120])} [...]</description>",
        f"<content:encoded><![CDATA[{content}]]></content:encoded>",
    ]
    channel = f"<title>{escape(facts.publisher)}</title>" if facts.publisher else ""
    data = (
        '<?xml version="1.0" encoding="UTF-8"?>\n<rss version="2.0" xmlns:content="http://purl.org/rss/1.0/modules/content/" '
        'xmlns:dc="http://purl.org/dc/elements/1.1/"><channel>'
        f"{channel}<link>https://www.example.com</link><lastBuildDate>{format_datetime(MADE)}</lastBuildDate>\n"
        f"<item>{''.join(fields)}</item></channel></rss>\n"
    )
    return sheet.sample(".xml", data, facts)


def forwarded_newsletter(facts: Facts, rng: random.Random) -> Sample:
    """A newsletter that somebody forwarded.

    The outer From, Subject and Date are the forwarder's, the inner ones count.
    """
    sheet, day = Sheet(), facts.published
    sheet.dirt("FYI, see below. Might be useful for the briefing.", "---------- Forwarded message ---------")
    sheet.dirt(
        facts.publisher and f"From: {facts.publisher} <newsletter@example.com>",
        day and f"Date: {day:%a}, {short(day)} at 7:02 AM",
    )
    sheet.dirt(f"Subject: {facts.title}", "To: <press.office@example.org>", "View this email in your browser")
    sheet.news(facts.title)
    sheet.dirt(facts.author and f"by {facts.author}")
    sheet.news(*facts.body)
    sheet.dirt(
        "You are receiving this email because you opted in via our website.",
        "Unsubscribe from this list | Update preferences",
    )
    sheet.dirt(f"© {facts.rights}, 14 Dock Street")
    headers = {
        "From": f"{facts.second} <desk@example.org>",
        "To": "team@example.org",
        "Subject": f"Fwd: {facts.title}",
        "Date": MADE,
    }
    return sheet.sample(".eml", mail(headers, sheet.text()), facts)


def browser_pdf(facts: Facts, rng: random.Random) -> Sample:
    """A page printed by a browser: day of printing and title above, address and page number below."""
    facts, sheet = latin(facts), Sheet()
    day, body = facts.published, facts.body
    printed, address = sheet.dirt("5/1/24, 9:30 AM", f"https://www.example.com/{rng.randint(100, 999)}")
    blocks = [(9, line) for line in sheet.dirt("Menu   Search   Newsletters", facts.publisher)]
    blocks += [
        (18, facts.title or ""),
        (10, sheet.dirt(f"{facts.author or 'Staff'}" + (f" - {american(day)}" if day else ""))[0]),
    ]
    blocks += (
        [(11, text) for text in body[:4]]
        + [(8, sheet.dirt(f"Photo: {facts.second} / Associated Press")[0])]
        + [(11, text) for text in body[4:]]
    )
    blocks += [(9, line) for line in sheet.dirt("Most read", *facts.others[:3], f"(c) {facts.rights}")]
    return sheet.sample(
        ".pdf", pdf(blocks, f"{printed}    {facts.title}", f"{address}    #/2", facts.title), facts
    )


PAGES = (modern_page, linked_data_page, old_page, archived_page, feed_item, forwarded_newsletter, browser_pdf)
