"""Layouts that state little, or oddly, and may be looked at: excerpts, telexes, clippings, mails, feeds."""

import random
import textwrap
from datetime import timedelta
from email.utils import format_datetime
from html import escape

from benchmarks.reading.facts import Facts, british, latin
from benchmarks.reading.formats import MADE, items, mail, page, pdf
from benchmarks.reading.truth import Sample, Sheet

CROSSHEADS = ("What happens next", "A long wait", "‘No other way’", "Mixed reactions", "The road ahead")


def pasted_excerpt(facts: Facts, rng: random.Random) -> Sample:
    """The text alone, pasted from a page.

    No headline, but a photo's number or caption above it and crossheads inside.
    """
    sheet, body = Sheet(), facts.body
    sheet.dirt(rng.choice([None, f"1.{rng.randint(10**6, 10**7)}", f"iStock-{rng.randint(10**6, 10**7)}"]))
    sheet.dirt(
        rng.choice(
            [
                f"Image: {facts.second}/AFP",
                f"The harbour of {facts.city} in winter (Photo by {facts.second})",
                f"© {facts.second}",
            ]
        )
    )
    sheet.news(*body[:3], rng.choice(CROSSHEADS), *body[3:])
    return sheet.sample(".txt", sheet.text(), facts, title=None, publisher=None, author=None, published=None)


def telex(facts: Facts, rng: random.Random) -> Sample:
    """An agency's telex: slug and word count in place of a headline.

    Lines of 66 columns, initials and an English stamp at the end.
    """
    sheet, day = Sheet(), facts.published
    agency = rng.choice(["dpa", "ANSA", "UPI", "Belga"]) if facts.publisher else None
    slug = f"{rng.choice(['EU', 'UK', 'US'])}/{rng.choice(['energy', 'markets', 'diplomacy'])}"
    sheet.dirt(
        f"{slug} (1st lead, changes dateline)",
        f"{rng.choice(['URGENT', 'BC', 'ADVISORY'])}-{slug.upper()}-{rng.randint(2, 9)}",
    )
    body = facts.body
    sheet.news(f"{facts.city} ({agency}) - {body[0]}" if agency else f"{facts.city} - {body[0]}", *body[1:])
    sheet.dirt(
        f"{facts.second[:2].lower()} {facts.second[-2:].lower()}",
        day and f"{day:%d}{rng.randint(1000, 2359)} GMT {day:%b %y}".upper(),
    )
    lines = [textwrap.fill(line, 66, break_long_words=False, break_on_hyphens=False) for line in sheet.lines]
    return sheet.sample(
        ".txt", "\n\n".join(lines) + "\n", facts, title=None, publisher=agency, author=None, published=None
    )


def local_reprint(facts: Facts, rng: random.Random) -> Sample:
    """A local paper's page with an agency's story.

    The paper's name in head and foot, the agency in the dateline and a credit line.
    """
    sheet, day, body = Sheet(), facts.published, facts.body
    section = rng.choice(["Business", "World", "Sport", "Politics"])
    sheet.dirt(facts.publisher, section)
    sheet.news(facts.title)
    standfirst = sheet.news(facts.lead)[0]
    sheet.dirt(
        day and f"Published: {british(day)}",
        day and f"Updated: {british(day + timedelta(3))}",
        f"{rng.randint(2, 8)} min read",
    )
    sheet.news(f"{facts.city.upper()} (AP) — {body[0]}", *body[1:])
    sheet.dirt("This story was distributed by The Associated Press.", f"© {facts.rights}")
    changed = (day + timedelta(3)).isoformat() if day else None
    return sheet.sample(
        ".txt",
        sheet.text(),
        facts,
        author=None,
        standfirst=standfirst,
        section=section,
        updated=changed,
        more=(standfirst,),
        **({} if facts.publisher else {"publisher": "AP"}),
    )


def interview(facts: Facts, rng: random.Random) -> Sample:
    """A page with a list of points above and short paragraphs of one sentence each.

    Questions and quotations among them.
    """
    sheet, day = Sheet(), facts.published
    sheet.news(facts.title)
    sheet.dirt(facts.author and f"Interview by {facts.author}", day and british(day))
    sentences = list(facts.sentences)
    sheet.news(*(f"• {sentence}" for sentence in sentences[:3]))
    sheet.news(*sentences[3:])
    sheet.dirt("Copy link", "Jump to comments")
    return sheet.sample(".txt", sheet.text("\n"), facts, publisher=None)


def clipping(facts: Facts, rng: random.Random) -> Sample:
    """A newspaper's page as PDF.

    Masthead in the largest letters, headline below it, the text in two columns.
    """
    facts, sheet = latin(facts), Sheet()
    day = facts.published
    blocks = [(26, line) for line in sheet.dirt(facts.publisher)]
    blocks += [
        (9, line) for line in sheet.dirt(day and f"{day:%A}, {british(day)}", f"Page {rng.randint(2, 30)}")
    ]
    blocks += [(20, facts.title or "")] + [
        (10, line) for line in sheet.dirt(facts.author and f"By {facts.author}")
    ]
    blocks += [(10, text) for text in facts.body]
    blocks = [(size if size != 10 or text in facts.body else 12, text) for size, text in blocks]
    return sheet.sample(".pdf", pdf(blocks, columns=rng.choice([2, 2, 3])), facts)


def plain_pdf(facts: Facts, rng: random.Random) -> Sample:
    """An office's press review as PDF in letters of one size.

    Running head, page numbers, no headline; sometimes two columns.
    """
    facts, sheet = latin(facts), Sheet()
    head, foot = sheet.dirt("Press review, for internal use only", f"{facts.second} - communications office")
    blocks = [(11, line) for line in sheet.dirt(facts.publisher and f"Source: {facts.publisher}")]
    blocks += [(11, text) for text in facts.body]
    data = pdf(blocks, head, f"{foot}    #", columns=rng.choice([1, 2]))
    return sheet.sample(".pdf", data, facts, title=None, author=None, published=None)


def mail_between_people(facts: Facts, rng: random.Random) -> Sample:
    """Somebody's mail with an article pasted into it.

    Sender, subject and day are the sender's, not the article's.
    """
    sheet = Sheet()
    sheet.dirt("Hi all,", "please find today's piece pasted below, it may be of use on Monday.")
    sheet.news(facts.title)
    sheet.dirt(facts.author and f"By {facts.author}", facts.published and british(facts.published))
    sheet.news(*facts.body)
    sheet.dirt(
        "Best,",
        facts.second.split()[0],
        f"{facts.second} | Head of Communications | +44 20 5550 0{rng.randint(100, 199)}",
    )
    headers = {
        "From": f"{facts.second} <{facts.second.split()[0].lower()}@example.org>",
        "To": "team@example.org",
    }
    headers |= {"Subject": "piece for Monday", "Date": MADE}
    return sheet.sample(".eml", mail(headers, sheet.text()), facts, publisher=None)


def collected_feed(facts: Facts, rng: random.Random) -> Sample:
    """A search at a news aggregator saved as RSS: each item names its source; the channel is the search's."""
    sheet, day = Sheet(), facts.published
    fields = [
        f"<title>{escape(facts.title or '')}</title>",
        "<link>https://www.example.com/rss/articles/1</link>",
    ]
    fields += (
        [f"<pubDate>{format_datetime(MADE.replace(year=day.year, month=day.month, day=day.day))}</pubDate>"]
        if day
        else []
    )
    fields += (
        [f'<source url="https://www.example.com">{escape(facts.publisher)}</source>']
        if facts.publisher
        else []
    )
    fields += [f"<description>{escape(items('p', facts.body))}</description>"]
    channel = f"<title>&quot;{facts.city}&quot; - Google News</title><lastBuildDate>{format_datetime(MADE)}</lastBuildDate>"
    data = f'<?xml version="1.0" encoding="UTF-8"?>\n<rss version="2.0"><channel>{channel}<item>{"".join(fields)}</item></channel></rss>\n'
    return sheet.sample(".xml", data, facts, author=None)


def bare_page(facts: Facts, rng: random.Random) -> Sample:
    """A page whose markup names no site.

    Only its address and an account at a network, and a day of change but none of publication.
    """
    sheet, day = Sheet(), facts.published
    changed = f'<meta property="article:modified_time" content="{day.isoformat()}T08:00:00Z">' if day else ""
    head = f"""<title>{escape(facts.title or "")}</title>
<link rel="canonical" href="https://www.example.com/{rng.randint(100, 999)}"><meta name="twitter:site" content="@example_news">{changed}
<meta property="article:section" content="Environment"><meta name="description" content="{escape(facts.lead)}">"""
    body = [
        f"<article><h1>{escape(facts.title or '')}</h1>",
        items('p class="dek"', [facts.lead]),
        items("p", facts.body),
        "</article>",
    ]
    body += [f"<footer>{items('p', sheet.dirt('Imprint', 'Advertise with us'))}</footer>"]
    return sheet.sample(
        ".html",
        page(head, "\n".join(body)),
        facts,
        publisher=None,
        author=None,
        published=None,
        section="Environment",
        standfirst=facts.lead,
        updated=day.isoformat() if day else None,
        more=(facts.lead,),
    )


ODD = (
    pasted_excerpt, telex, local_reprint, interview, clipping, plain_pdf, mail_between_people, collected_feed, bare_page,
)  # fmt: skip
