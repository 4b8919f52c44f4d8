"""What stands around an article on a page: menus, captions, notices, sign-ups. Knows lines of text, not articles.

Each pattern is matched against one whole line and is linear in its length.
"""

import re

# Dropped wherever they stand, though they may read like sentences.
_NOTICES = (
    r"\d{1,3}[ -]min(ute)?s?\.?( read| de lecture)?",
    r"[\W\d_]+",
    r"(©|\(c\) ?\d|copyright\b).*",
    r".{0,60}all rights reserved\.?",
    r"follow (us|me|the topics)\b.*",
    r"reuse this content\b.*",
    r"(view |jump to |\d+ )?comments?( \(?\d+\)?)?(jump to.*)?",
    r"(beta\b.*)?\W*powered by automated translation.*",
    r"(sign|signed) up (for|to|here)\b.{0,200}",
    r"(to )?unsubscribe\b.{0,120}",
    r"(you (are|have) receiv(ing|ed)|was this (forwarded|e-?mail)|view (this|in) (e-?mail|your browser|browser))\b.*",
    r"(we|this (web)?site|our (web)?site)( and our partners)? uses? (of )?cookies\b.*",
    r".{0,80}\b(accept|manage|use of) (all )?cookies\b.*",
    r"(image|photo|picture|video|illustration|photograph)s?( (credit|source|caption|by|courtesy))\b:?,?.*",
    r"(file photo|photo|credit|caption|image|pictured) ?: ?.*",
    r".{3,400}\bphotograph: .{2,80}",
    r"\((additional )?(reporting|editing|writing|compiled) by .*",
    r"(additional )?(reporting|editing) by .*",
    r"our standards:.*",
    r".{0,120}\b(may|might) (earn|receive) (a|an|some) .{0,40}commission\b.*",
    r"(become a (member|subscriber)|support (us|our) (work|journalism))\b.{0,120}",
    r"this (article|story|text|translation) (was|has been|is) (first |originally |automatically |machine )*(published|translated)\b.*",
    r"translated (from|by|with) .*",
    r"feedback: .*",
    r"the post .{3,200} appeared first on .*",
    r"continue reading\b.{0,80}",
    r"(tags?|topics?|section|length|byline|publication-type|load-date|graphic|filed under|keywords?) ?: .*",
    r"page \d+ of \d+.*",
    r"printed (from|on) .*",
    r"\*+ .{0,100}|.{0,100} \*{3}",
    r"(have|got) a (story|tip|question)\b.{0,80}",
    r"(read|see|find out|learn) more( about| on| at| here)?\b.{0,160}",
)
# Never a headline; where they are whole sentences they may be the article's ("Share prices fell.").
_LABELS = (
    r"(share|print|save|e-?mail|advertisement|ad feedback|sponsored|tweet|like|listen|watch)\b.{0,60}",
    r"(search|more menu|menu|home|log ?in|sign in|subscribe|follow)\b.{0,60}",
    r"(related|recommended|most (read|viewed|popular)|more (on|from|stories|about)|in (depth|pictures|this article)|read|lire|voir)\b.{0,80}",
    r"(terms (of|and)|privacy|contact us|about us|permalink|legal notice|cookie policy|accessibility)\b.{0,120}",
    r"(click|tap|scroll|skip|go|back|jump|close) (here|to|for|down|past|window)\b.*",
    r"(published|updated|last modified|posted|issued|source)\b.{0,80}",
    r".{0,60}\b(correspondent|reporter|editor|staff writer|homepage|newsletter|bulletin|documents?)s?\W*",
    r"[^a-z]{0,12}",
)
_NOTICE = re.compile("|".join(f"(?:{line})" for line in _NOTICES), re.IGNORECASE)
_LABEL = re.compile("|".join(f"(?:{line})" for line in _LABELS), re.IGNORECASE)
_CAPTION_END = re.compile(
    r"(?:\[[A-Z][\w /.-]{1,30}\]|(?:image|photo|picture)(?: credit)?: ?[^.]{2,60}|\([^()]*tags:[^()]*\)|\bREUTERS/[^.]{2,60}|"
    r"[/(](?:AP|AFP|EPA|Reuters|Getty(?: Images)?|PA|Bloomberg)\)?)$",
    re.IGNORECASE,
)
# After one of these, in a text's second half, only long paragraphs are still the article's.
_END = re.compile(
    r"(?:(?:view |\d+ )?comments?\b.{0,20}|related\b.{0,40}|more (?:on|from|stories)\b.{0,60}|most (?:read|viewed|popular)\b.{0,30}|"
    r"share (?:or comment|this)\b.{0,40}|recommended\b.{0,40}|also (?:read|in)\b.{0,40}|"
    r"(?:weitere|mehr zum|nos lecteurs|contribuer)\b.{0,60}|copyright\b.*|©.*)",
    re.IGNORECASE,
)
_MENU = re.compile(r"\s{2,}\S+\s{2,}| [|›»/•] .* [|›»/•] ")


def is_furniture(line: str) -> bool:
    """True if a whole line is a page's, not the article's."""
    return bool(_NOTICE.fullmatch(line) or _CAPTION_END.search(line))


def is_label(line: str) -> bool:
    """True if a line is no headline: a menu, a button, a rubric."""
    return bool(_LABEL.fullmatch(line) or _MENU.search(line))


def ends_article(line: str) -> bool:
    """True if a line announces what stands below articles: comments, related stories, the copyright."""
    return bool(_END.fullmatch(line))
