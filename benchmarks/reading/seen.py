"""Layouts of saved text that may be looked at when the cleaning is improved."""

import random
import textwrap
from datetime import timedelta

from benchmarks.reading.facts import Facts, american, british, french, german, short, unambiguous_day
from benchmarks.reading.seen_odd import ODD
from benchmarks.reading.seen_pages import PAGES
from benchmarks.reading.truth import Sample, Sheet

AGENCIES = ("Reuters", "AFP", "AP", "dpa", "Xinhua", "Interfax")


def wire_story(facts: Facts, rng: random.Random) -> Sample:
    """An agency's own page, copied.

    Dateline with the agency, credits at the end, editors who are no authors.
    """
    sheet, day = Sheet(), facts.published
    agency = rng.choice(AGENCIES) if facts.publisher else None
    (section,) = sheet.dirt(rng.choice(["World News", "Business News", "Technology News"]))
    sheet.dirt(day and f"{american(day)} / {rng.randint(1, 11)}:05 PM / Updated 2 years ago")
    sheet.news(facts.title)
    sheet.dirt(facts.author and f"By {facts.author}", f"{rng.randint(2, 6)} Min Read")
    when = f", {day:%b} {day.day}" if day and rng.random() < 0.5 else ""
    place = f"{facts.city.upper()}{when} ({agency}) - " if agency else f"{facts.city.upper()}{when} - "
    body = facts.body
    sheet.news(place + body[0], *body[1:3])
    sheet.dirt(f"FILE PHOTO: A view of the city centre in {facts.city}. REUTERS/{facts.second}/File Photo")
    sheet.news(*body[3:])
    sheet.dirt(
        f"(Reporting by {facts.author}; Editing by {facts.second})"
        if facts.author
        else f"(Editing by {facts.second})"
    )
    sheet.dirt(agency and f"Our Standards: The {agency} Trust Principles.")
    return sheet.sample(".txt", sheet.text(), facts, publisher=agency, section=section)


def broadcaster(facts: Facts, rng: random.Random) -> Sample:
    """A broadcaster's page, copied with its menu.

    Headline twice, image captions, related stories in the middle.
    """
    sheet, day, body = Sheet(), facts.published, facts.body
    sheet.dirt(
        facts.publisher and f"{facts.publisher} Homepage",
        "Skip to content",
        "Accessibility Help",
        "Your account",
        "Home",
        "News",
        "Sport",
    )
    sheet.dirt(
        "Weather", "iPlayer", "Sounds", "More menu", "Search", facts.publisher and f"{facts.publisher} News"
    )
    sheet.news(facts.title, facts.title)
    sheet.dirt(
        facts.author and f"By {facts.author}",
        facts.author and rng.choice(["Business reporter", "Europe correspondent"]),
    )
    sheet.dirt("Published", day and british(day), "Share")
    sheet.dirt("Image source, Getty Images", f"Image caption, Officials met in {facts.city} for a second day")
    sheet.news(facts.lead, *body[:3])
    sheet.dirt("Read more:", *facts.others[:2])
    sheet.news(*body[3:])
    sheet.dirt("Related Topics", facts.city, "European Union", "More on this story", *facts.others[2:])
    sheet.dirt(
        f"© {facts.rights}. The {facts.publisher or 'site'} is not responsible for the content of external sites."
    )
    return sheet.sample(".txt", sheet.text("\n"), facts, more=(facts.lead,))


def broadsheet(facts: Facts, rng: random.Random) -> Sample:
    """A newspaper's page, copied.

    Standfirst, byline without By, a day of publication and a later one of change.
    """
    sheet, day, body = Sheet(), facts.published, facts.body
    sheet.dirt(
        "Support us",
        "Print subscriptions",
        facts.publisher,
        "News   Opinion   Sport   Culture   Lifestyle",
        "World › Europe › UK politics",
    )
    sheet.news(facts.title, facts.lead)
    sheet.dirt(facts.author and f"{facts.author} {rng.choice(['Political editor', 'in ' + facts.city])}")
    sheet.dirt(day and f"{day:%a} {day.day} {day:%b} {day.year} 14.05 GMT")
    sheet.dirt(day and f"Last modified on {day + timedelta(1):%a} {british(day + timedelta(1))} 09.30 GMT")
    sheet.dirt(f"The parliament building in {facts.city}. Photograph: {facts.second}/AFP/Getty Images")
    sheet.news(*body[:2])
    sheet.dirt(
        "Sign up to First Edition, our free daily newsletter, for the stories that matter",
        "skip past newsletter promotion",
    )
    sheet.news(*body[2:])
    sheet.dirt(
        "Explore more on these topics",
        "European Union",
        "Share",
        "Reuse this content",
        "Most viewed",
        *facts.others,
    )
    sheet.dirt(f"© {facts.rights} Limited or its affiliated companies. All rights reserved.")
    changed = (day + timedelta(1)).isoformat() if day else None
    return sheet.sample(
        ".txt",
        sheet.text(),
        facts,
        standfirst=facts.lead,
        section="World › Europe › UK politics",
        updated=changed,
        more=(facts.lead,),
    )


def cable_network(facts: Facts, rng: random.Random) -> Sample:
    """An American network's page, copied.

    Time before the date, Updated before or after Published, network as dateline.
    """
    sheet, day, body = Sheet(), facts.published, facts.body
    sheet.dirt("Ad Feedback", "Markets", "Tech", "Media", "Calculators", "Videos", "Watch Listen Live TV")
    sheet.news(facts.title)
    sheet.dirt(
        facts.author and f"By {facts.author}" + (f", {facts.publisher}" if facts.publisher else ""),
        f"{rng.randint(2, 9)} minute read",
    )
    stamps = (
        [
            f"Updated 9:41 AM EST, {day + timedelta(1):%a} {american(day + timedelta(1))}",
            f"Published 3:05 PM EST, {day:%a} {american(day)}",
        ]
        if day
        else []
    )
    rng.shuffle(stamps)
    sheet.dirt(*stamps, "Link Copied!", "Follow:")
    sheet.news(
        (f"{facts.city} ({facts.publisher}) — " if facts.publisher else f"{facts.city} — ") + body[0],
        *body[1:2],
    )
    sheet.dirt(
        f"A sign outside a store in {facts.city}, in 2019. {facts.second}/AP",
        "RELATED ARTICLE",
        facts.others[0],
    )
    sheet.news(*body[2:])
    sheet.dirt(
        "Paid Partner Content",
        *facts.others[1:],
        f"© {facts.rights} Inc. A Warner Company. All Rights Reserved.",
    )
    return sheet.sample(
        ".txt", sheet.text(), facts, updated=(day + timedelta(1)).isoformat() if day else None
    )


def labelled_end(facts: Facts, rng: random.Random) -> Sample:
    """A German broadcaster's English page.

    Labelled lines at the end, day with German month or with points.
    """
    sheet, day, body = Sheet(), facts.published, facts.body
    points = rng.random() < 0.5
    day = unambiguous_day(day) if day and points else day
    sheet.dirt(facts.publisher and f"TOP STORIES / {facts.publisher}")
    sheet.news(facts.title, facts.lead, *body)
    sheet.dirt(day and f"Date {f'{day:%d.%m.%Y} ({day:%A})' if points else german(day)}")
    sheet.dirt(
        facts.author and f"Author: {facts.author}",
        f"Related Subjects European Union, {facts.city}",
        "Keywords politics, economy, energy",
    )
    sheet.dirt(
        "Share Send Facebook Twitter Whatsapp",
        "Feedback: Send us an e-mail.",
        "Print Print this page",
        "Permalink https://p.example.org/3XbA1",
    )
    sheet.dirt(f"© {facts.rights} | Legal notice | Contact")
    return sheet.sample(
        ".txt", sheet.text(), facts, more=(facts.lead,), published=day.isoformat() if day else None
    )


def print_view(facts: Facts, rng: random.Random) -> Sample:
    """The print view of a site: address and page number around, weekday and numbers as the date."""
    sheet, body = Sheet(), facts.body
    day = unambiguous_day(facts.published) if facts.published else None
    sheet.dirt(
        f"Printed from https://www.example.com/story/{rng.randint(10000, 99999)}",
        "Click here to print",
        "Close window",
    )
    sheet.dirt(facts.publisher, day and f"{day:%A} {day:%d/%m/%Y}")
    sheet.news(facts.title)
    sheet.dirt(facts.author and f"by {facts.author}")
    sheet.news(*body[:4])
    sheet.dirt("Page 1 of 2", "[Advertisement]")
    sheet.news(*body[4:])
    sheet.dirt("Page 2 of 2", f"Copyright (c) {facts.rights}. For personal use only.")
    return sheet.sample(".txt", sheet.text(), facts, published=day.isoformat() if day else None)


def wrapped_bulletin(facts: Facts, rng: random.Random) -> Sample:
    """Text wrapped at 72 columns with underlined sections; often without any headline."""
    sheet, day = Sheet(), facts.published
    title = facts.title if rng.random() < 0.4 else None
    sheet.dirt(facts.publisher and f"*** {facts.publisher.upper()} - MORNING BULLETIN ***")
    sheet.dirt(day and f"Issued: {day.isoformat()} 14:05 GMT")
    sheet.news(title, title and "=" * 40)
    body = facts.body
    sheet.news(f"{facts.city}: {body[0]}", *body[1:])
    sheet.dirt(
        facts.author and f"-- {facts.author}",
        "-" * 72,
        "IN DEPTH",
        *[f"* {other}" for other in facts.others[:3]],
    )
    sheet.dirt("To unsubscribe, reply with STOP in the subject line.")
    data = (
        "\n\n".join(
            textwrap.fill(line, 72, break_long_words=False, break_on_hyphens=False) for line in sheet.lines
        )
        + "\n"
    )
    publisher = facts.publisher.upper() if facts.publisher else None
    return sheet.sample(".txt", data, facts, title=title, publisher=publisher)


def french_site(facts: Facts, rng: random.Random) -> Sample:
    """The English edition of a French site whose frame stayed French."""
    sheet, day, body = Sheet(), facts.published, facts.body
    sheet.dirt("Se connecter", "S’abonner", "À la une", "International", "Économie", facts.publisher)
    sheet.news(facts.title)
    sheet.news(facts.lead)
    sheet.dirt(
        facts.author and f"Par {facts.author}",
        day and f"Publié le {french(day)} à 14h05" + rng.choice(["", ", modifié hier à 09h12"]),
    )
    sheet.dirt(f"Temps de lecture : {rng.randint(2, 7)} min", "Ajouter à vos sélections", "Partager")
    sheet.news(*body[:3])
    sheet.dirt("Lire aussi :", facts.others[0])
    sheet.news(*body[3:])
    sheet.dirt(
        "Contribuer",
        "Réutiliser ce contenu",
        "Nos lecteurs ont lu ensuite",
        *facts.others[1:],
        "Mentions légales - Politique de confidentialité",
    )
    return sheet.sample(".txt", sheet.text("\n"), facts, standfirst=facts.lead, more=(facts.lead,))


def press_database(facts: Facts, rng: random.Random) -> Sample:
    """An export of a press database.

    Labelled head, day of loading at the end that is not the day of publication.
    """
    sheet, day = Sheet(), facts.published
    sheet.dirt(f"{rng.randint(1, 40)} of 212 DOCUMENTS")
    sheet.dirt(facts.publisher, day and f"{british(day)} {day:%A}")
    sheet.news(facts.title)
    sheet.dirt(
        facts.author and f"BYLINE: {facts.author}",
        "SECTION: NEWS; Pg. 14",
        f"LENGTH: {sum(map(len, facts.body)) // 6} words",
    )
    sheet.news(*facts.body)
    sheet.dirt(
        "LANGUAGE: ENGLISH",
        "PUBLICATION-TYPE: Newspaper",
        "LOAD-DATE: March 3, 2021",
        f"Copyright {facts.rights}",
        "All Rights Reserved",
    )
    return sheet.sample(".txt", sheet.text(), facts, section="NEWS")


def magazine(facts: Facts, rng: random.Random) -> Sample:
    """A monthly: two authors, month without a day or an AP date, further reading at the end."""
    sheet, day, body = Sheet(), facts.published, facts.body
    author = f"{facts.author} and {facts.second}" if facts.author else None
    monthly = rng.random() < 0.6
    sheet.dirt(facts.publisher, day and (f"{day:%B} {day.year} issue" if monthly else short(day)))
    sheet.news(facts.title, facts.lead)
    sheet.dirt(
        author and f"Written by {author}",
        f"Illustration by {rng.choice(['Marta Vale', 'Studio Ondine'])}",
        "Listen to this story (12 mins)",
    )
    sheet.news(*body)
    sheet.dirt(
        "FURTHER READING",
        *facts.others[:3],
        "SUPPORT OUR JOURNALISM",
        "Become a member from just £5 a month and cancel at any time.",
    )
    stated = (f"{day:%Y-%m}" if monthly else day.isoformat()) if day else None
    return sheet.sample(
        ".txt",
        sheet.text(),
        facts,
        author=author,
        published=stated,
        standfirst=facts.lead,
        more=(facts.lead,),
    )


def clipped_markdown(facts: Facts, rng: random.Random) -> Sample:
    """What a clipper for Markdown saves.

    Front matter with some fields, the rest in the text, pictures and link lines.
    """
    sheet, day, body = Sheet(), facts.published, facts.body
    front = rng.random() < 0.5
    head = {
        "title": facts.title,
        "publisher": facts.publisher,
        "author": facts.author,
        "published": day and day.isoformat(),
    }
    matter = (
        "---\n"
        + "".join(f"{name}: {_quoted(value)}\n" for name, value in head.items() if value)
        + "clipped: true\n---\n"
        if front
        else ""
    )
    if not front:
        sheet.dirt(facts.publisher and f"*{facts.publisher}*")
        sheet.news(facts.title and f"# {facts.title}")
        sheet.dirt(" | ".join(part for part in (facts.author, day and british(day)) if part))
    sheet.dirt(
        f"![Street scene in {facts.city}](https://img.example.com/a.jpg)", f"*Photo: {facts.second} / EPA*"
    )
    sheet.news(*body[:3])
    sheet.dirt(f"**Read more:** [{facts.others[0]}](https://news.example.com/x)")
    sheet.news(*body[3:])
    sheet.dirt(
        "## Tags", f"[Politics](/tag/politics) [{facts.city}](/tag/city)", "## Comments (12)", "Leave a reply"
    )
    return sheet.sample(".md", matter + sheet.text(), facts)


def _quoted(value: str) -> str:
    return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'


def tabloid(facts: Facts, rng: random.Random) -> Sample:
    """A popular paper, copied: capitals.

    E-mail of the author, day in a line with the byline, comments below.
    """
    sheet, day, body = Sheet(), facts.published, facts.body
    sheet.dirt(
        "Login",
        "Find a Job",
        "Promo Codes",
        "US Showbiz   TV&Showbiz   Femail   Royals   Health",
        facts.publisher and f"{facts.publisher} Online",
    )
    sheet.news(facts.title)
    sheet.dirt(
        facts.author
        and f"By {facts.author.upper()}" + (f" FOR {facts.publisher.upper()}" if facts.publisher else "")
    )
    sheet.dirt(day and f"PUBLISHED: 18:24, {british(day)} | UPDATED: 07:10, {british(day + timedelta(1))}")
    sheet.dirt(f"{rng.randint(3, 900)} shares", f"{rng.randint(3, 900)}", "View comments")
    sheet.news(*body[:2])
    sheet.dirt(
        f"+{rng.randint(2, 9)}", f"View gallery: Crowds gather near the station in {facts.city} on Monday"
    )
    sheet.news(*body[2:])
    sheet.dirt(
        "Share or comment on this article:",
        "Comments 148",
        "Newest Oldest Best rated Worst rated",
        "About time someone said it out loud.",
    )
    sheet.dirt(
        f"Published by {facts.publisher} Group" if facts.publisher else None, "Privacy Policy & Cookies"
    )
    return sheet.sample(
        ".txt", sheet.text("\n"), facts, updated=(day + timedelta(1)).isoformat() if day else None
    )


LAYOUTS = (
    wire_story, broadcaster, broadsheet, cable_network, labelled_end, print_view, wrapped_bulletin, french_site, press_database, magazine,
    clipped_markdown, tabloid, *PAGES, *ODD,
)  # fmt: skip
