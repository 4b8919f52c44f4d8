"""Layouts held out from whoever writes the cleaning: they measure how it reads what it was not tuned on."""

import random
import textwrap
from datetime import timedelta
from email.utils import format_datetime
from html import escape

from benchmarks.reading.facts import Facts, american, british, german, latin, short, unambiguous_day
from benchmarks.reading.formats import MADE, items, linked, mail, page, pdf, web_archive
from benchmarks.reading.truth import Sample, Sheet


def reader_mode(facts: Facts, rng: random.Random) -> Sample:
    """The reader mode of a browser, copied: site, headline, author with the day, minutes."""
    sheet, day = Sheet(), facts.published
    sheet.dirt(facts.publisher)
    sheet.news(facts.title)
    sheet.dirt(
        " | ".join(part for part in (facts.author, day and british(day)) if part),
        f"{rng.randint(3, 5)}–{rng.randint(6, 8)} minutes",
    )
    sheet.news(*facts.body[:3])
    sheet.dirt(
        f"Protesters outside the ministry in {facts.city} earlier this year (Photo by {facts.second}/NurPhoto)"
    )
    sheet.news(*facts.body[3:])
    sheet.dirt("Don’t miss:", *facts.others[:2], "Got a tip? Write to our newsroom in confidence.")
    return sheet.sample(".txt", sheet.text(), facts)


def asian_daily(facts: Facts, rng: random.Random) -> Sample:
    """A South Asian daily's page, copied.

    Desk and city in the byline, both days, cross-references in capitals amid the body.
    """
    sheet, day, body = Sheet(), facts.published, facts.body
    sheet.dirt(
        "EPAPER",
        "TODAY'S PAPER",
        "MY ACCOUNT",
        facts.publisher and f"{facts.publisher.upper()} PREMIUM",
        "Home / World / Explained",
    )
    sheet.news(facts.title, facts.lead)
    sheet.dirt(facts.author and f"Written by {facts.author} | Edited by {facts.second}")
    changed = day and day + timedelta(1)
    sheet.dirt(
        day
        and changed
        and f"{facts.city} | Updated: {american(changed)} 06:50 IST | Published: {american(day)} 21:12 IST"
    )
    sheet.news(f"{facts.city}: {body[0]}", *body[1:2])
    sheet.dirt(
        f"ALSO READ | {facts.others[0]}",
        f"Officials arriving for talks in {facts.city}. (Express photo by {facts.second})",
    )
    sheet.news(*body[2:4])
    sheet.dirt(f"EXPLAINED | {facts.others[1]}", "Story continues below this ad")
    sheet.news(*body[4:])
    sheet.dirt(
        "Click here to join our channel and stay up to date with the headlines",
        f"TAGS: {facts.city.lower()} economy parliament",
    )
    sheet.dirt(f"© {facts.rights} Pvt Ltd", "First-time commenters are moderated")
    return sheet.sample(".txt", sheet.text("\n"), facts, more=(facts.lead,))


def microdata_page(facts: Facts, rng: random.Random) -> Sample:
    """A page of the middle years.

    Microdata in the body, no <article>, sidebar and comments as divs, hidden print text.
    """
    sheet, day = Sheet(), facts.published
    head = f"<title>{escape(facts.title or '')}{' - ' + facts.publisher if facts.publisher else ''}</title>"
    body = [
        f'<div id="menu">{items("span", sheet.dirt("Start", "Regions", "Money", "Football", "TV guide"))}</div>'
    ]
    body += [
        '<div id="content" itemscope itemtype="http://schema.org/NewsArticle">',
        f'<h2 itemprop="headline">{escape(facts.title or "")}</h2>',
    ]
    if day:
        body += [
            f'<meta itemprop="datePublished" content="{day.isoformat()}"><span class="d">{sheet.dirt(f"Posted {short(day)}, 6:40 p.m.")[0]}</span>'
        ]
    if facts.author:
        body += [
            f'<span itemprop="author" itemscope><span itemprop="name">{escape(facts.author)}</span></span>'
        ]
    body += [
        f'<div itemprop="articleBody"><p><strong>{escape(facts.lead)}</strong></p>',
        *map(linked, facts.body[:3]),
    ]
    body += [
        f'<table class="pic"><tr><td>{escape(sheet.dirt(f"Picture: {facts.second} (archive)")[0])}</td></tr></table>'
    ]
    body += [
        *map(linked, facts.body[3:]),
        f"{items('p hidden', sheet.dirt('This page was printed from our web site.'))}</div></div>",
    ]
    body += [f'<div id="sidebar">{items("p", sheet.dirt("Editor’s choice", *facts.others))}</div>']
    body += [
        f'<div id="disqus">{items("p", sheet.dirt("2 comments so far", "Finally some sense in this debate.", "Log in to reply"))}</div>'
    ]
    body += [
        f'<div id="bottom">{items("small", sheet.dirt(f"(c) {facts.rights}", "Imprint", "Data protection"))}</div>'
    ]
    return sheet.sample(".html", page(head, "\n".join(body)), facts, more=(facts.lead,))


def newspaper_pdf(facts: Facts, rng: random.Random) -> Sample:
    """A newspaper's page in two columns.

    Running head with weekday and numbers, kicker, byline, page number.
    """
    facts, sheet = latin(facts), Sheet()
    day = unambiguous_day(facts.published) if facts.published else None
    parts = sheet.dirt(
        facts.publisher, day and f"{day:%A} {day:%d/%m/%Y}", f"Issue {rng.randint(1000, 9999)}"
    )
    blocks = [(12, sheet.dirt("FOREIGN AFFAIRS")[0]), (20, facts.title or "")]
    blocks += [
        (11, line)
        for line in sheet.dirt(facts.author and f"{facts.author.upper()} reports from {facts.city}")
    ]
    blocks += [(11, text) for text in facts.body]
    blocks += [(11, line) for line in sheet.dirt(f"Continued on page {rng.randint(5, 12)}, column 2")]
    data = pdf(blocks, "  -  ".join(parts), "- # -", columns=2)
    return sheet.sample(".pdf", data, facts, published=day.isoformat() if day else None)


def direct_newsletter(facts: Facts, rng: random.Random) -> Sample:
    """A publisher's own newsletter, saved from the mail program.

    Text and HTML parts; the sender is the publisher.
    """
    sheet, day = Sheet(), facts.published
    top = sheet.dirt(
        "Having trouble reading this? Open it on the web.",
        "Good morning. Here is the story that we are talking about today.",
    )
    by = sheet.dirt(facts.author and f"Written by {facts.author}")
    end = sheet.dirt(
        "Was this email forwarded to you? Sign up here.",
        "Love it   Hate it   Tell us why",
        f"Sent by {facts.publisher or 'our team'}, PO Box 88",
    )
    text = "\n\n".join([*top, facts.title or "", *by, *facts.body, *end])
    html = page(
        "",
        f"{items('small', top)}<h1>{escape(facts.title or '')}</h1>{items('p', [*by, *facts.body])}{items('small', end)}",
    )
    sender = f'"{facts.publisher}" <hello@mail.example.com>' if facts.publisher else "hello@mail.example.com"
    date = MADE.replace(year=day.year, month=day.month, day=day.day) if day else None
    headers = {
        "From": sender,
        "To": "reader@example.org",
        "Subject": facts.title,
        "Date": date,
        "List-Unsubscribe": "<https://example.com/u>",
    }
    return sheet.sample(".eml", mail(headers, text + "\n", html), facts)


def atom_entry(facts: Facts, rng: random.Random) -> Sample:
    """A saved Atom feed of one entry: updated for the feed and the entry, published for the entry only."""
    sheet, day = Sheet(), facts.published
    content = "".join(map(linked, facts.body[:4])) + items(
        "blockquote", sheet.dirt(f"More from this series: {facts.others[0]}")
    )
    content += "".join(map(linked, facts.body[4:])) + items(
        "p", sheet.dirt("Tell a friend about us, or support us on Patreon.")
    )
    fields = [
        f"<title type='text'>{escape(facts.title or '')}</title>",
        f"<id>urn:x:{rng.randint(1, 9999)}</id>",
        f"<updated>{MADE.isoformat()}</updated>",
    ]
    fields += [f"<published>{day.isoformat()}T08:15:00+00:00</published>"] if day else []
    fields += [f"<author><name>{escape(facts.author)}</name></author>"] if facts.author else []
    fields += [f'<content type="html">{escape(content)}</content>']
    feed = f"<title>{escape(facts.publisher)}</title>" if facts.publisher else ""
    data = f'<?xml version="1.0" encoding="utf-8"?>\n<feed xmlns="http://www.w3.org/2005/Atom">{feed}<updated>{MADE.isoformat()}</updated>'
    return sheet.sample(".xml", f"{data}\n<entry>{''.join(fields)}</entry></feed>\n", facts)


def consent_archive(facts: Facts, rng: random.Random) -> Sample:
    """A web archive of a page with a consent dialog before everything.

    Section-built body, day as text above the headline.
    """
    sheet, day = Sheet(), facts.published
    head = f"<title>{escape(facts.title or '')}{f' | {facts.publisher}' if facts.publisher else ''}</title>"
    body = [
        f'<div class="cmp">{items("p", sheet.dirt("Before you continue", "Choose “Reject” to go on without personalised content.", "Manage options"))}</div>'
    ]
    body += [
        items('div class="logo"', sheet.dirt(facts.publisher)),
        items('a class="skip"', sheet.dirt("Jump to main content")),
    ]
    body += [items('p class="stamp"', sheet.dirt(day and f"{day:%a}. {german(day)}, 14:05"))]
    body += [
        f"<h1>{escape(facts.title or '')}</h1>",
        items('p class="who"', sheet.dirt(facts.author and f"{facts.author}, {facts.city}")),
    ]
    body += [f"<section>{linked(text)}</section>" for text in facts.body[:2]]
    body += [
        f'<section class="teaser">{items("a", sheet.dirt(f"Background: {facts.others[0]}", f"Opinion: {facts.others[1]}"))}</section>'
    ]
    body += [f"<section>{linked(text)}</section>" for text in facts.body[2:]]
    body += [
        f'<section class="end">{items("p", sheet.dirt("Report an error in this text", "To the homepage", f"© {facts.rights} GmbH"))}</section>'
    ]
    data = web_archive(
        page(head, "\n".join(body)),
        facts.title or "",
        f"https://www.example.com/a{rng.randint(1000, 9999)}.html",
    )
    return sheet.sample(".mhtml", data, facts)


def translated_story(facts: Facts, rng: random.Random) -> Sample:
    """An English edition, copied.

    Translation notice, correspondent in a sentence, day with time and zone, comment headings.
    """
    sheet, day = Sheet(), facts.published
    sheet.dirt(facts.publisher and f"{facts.publisher} – English edition", "Deutsch   English   Français")
    sheet.news(facts.title)
    sheet.dirt(
        facts.author and f"{facts.author} reports from {facts.city}",
        day and f"{day.isoformat()} 14:05 CET",
        f"Reading time: {rng.randint(2, 8)} min",
    )
    sheet.dirt(
        "This text was translated from the German by our language desk; the original wording prevails."
    )
    sheet.news(*facts.body)
    sheet.dirt(
        f"Image ID: {rng.randint(10**7, 10**8)}, {facts.second}/picture alliance",
        "What do you think? 37 contributions",
        "Page top",
    )
    sheet.dirt(
        "In depth",
        *(f"› {other}" for other in facts.others[:3]),
        "Recommend this article",
        f"© {facts.rights}. Reproduction only with permission.",
    )
    return sheet.sample(".txt", sheet.text(), facts)


def agency_ticker(facts: Facts, rng: random.Random) -> Sample:
    """An agency's ticker, wrapped at 72 columns.

    No headline, codes above, initials below, the day in the dateline alone.
    """
    sheet, day = Sheet(), facts.published
    sheet.dirt(f"ZCZC {rng.randint(100, 999)} r i BEL{rng.randint(1000, 9999)}")
    place = (
        facts.city.upper()
        + (f", {short(day)}" if day else "")
        + (f" ({facts.publisher}):" if facts.publisher else " -")
    )
    body = facts.body
    sheet.news(f"{place} {body[0]}", *body[1:])
    sheet.dirt(facts.author and f"Author: {facts.author}", "jk/ab/mt", "NNNN")
    data = "\n\n".join(
        textwrap.fill(line, 72, initial_indent="   ", break_long_words=False, break_on_hyphens=False)
        for line in sheet.lines
    )
    return sheet.sample(".txt", data + "\n", facts, title=None)


def feed_digest(facts: Facts, rng: random.Random) -> Sample:
    """A saved RSS item whose text is in the description.

    With the author as a mail address and the day in local time.
    """
    sheet, day = Sheet(), facts.published
    text = items("p", facts.body) + items(
        "p", sheet.dirt(f"Filed under: {facts.city}, Economy", "Comments are open for subscribers.")
    )
    fields = [
        f"<title>{escape(facts.title or '')}</title>",
        f"<guid>{rng.randint(1, 99999)}</guid>",
        f"<description>{escape(text)}</description>",
    ]
    fields += [f"<author>desk@example.com ({escape(facts.author)})</author>"] if facts.author else []
    if day:
        stamp = MADE.replace(year=day.year, month=day.month, day=day.day)
        fields += [f"<pubDate>{format_datetime(stamp).replace('+0000', 'EST')}</pubDate>"]
    channel = f"<title>{escape(facts.publisher)}</title>" if facts.publisher else "<title></title>"
    body = f"<channel>{channel}<copyright>{facts.rights}</copyright><item>{''.join(fields)}</item></channel>"
    return sheet.sample(".xml", f'<?xml version="1.0"?>\n<rss version="2.0">{body}</rss>\n', facts)


LAYOUTS = (
    reader_mode, asian_daily, microdata_page, newspaper_pdf, direct_newsletter, atom_entry, consent_archive, translated_story,
    agency_ticker, feed_digest,
)  # fmt: skip
