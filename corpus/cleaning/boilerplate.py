"""Recognise lines of a page that are not the article's: menus, captions, notices, section names.

Each pattern is matched against one whole line, in time linear in its length.
"""

import re

# Dropped wherever they are, though they may read like sentences.
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
    r"(you (are|have) receiv(ing|ed)|was this (forwarded|e-?mail)|view (this|in) (e-?mail|your browser|"
    r"browser))\b.*",
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
    r"this (article|story|text|translation) (was|has been|is) (first |originally |automatically |"
    r"machine )*(published|translated)\b.*",
    r"translated (from|by|with) .*",
    r"feedback: .*",
    r"the post .{3,200} appeared first on .*",
    r"continue reading\b.{0,80}",
    r"(tags?|topics?|section|length|byline|publication-type|load-date|graphic|filed under|keywords?) ?: .*",
    r"page \d+( of \d+.*)?",
    r"https?://\S+( +\d+ ?/ ?\d+)?",
    r".{0,60}\b(for internal use|not for (publication|distribution|release)|for immediate release|"
    r"(strictly )?confidential)\b.{0,40}",
    r"(this (story|article|report) was|distributed|reprinted|republished) "
    r"(distributed|supplied|provided|with permission|by)\b.{0,120}",
    r"printed (from|on) .*",
    r"\*+ .{0,100}|.{0,100} \*{3}",
    r"(have|got) a (story|tip|question)\b.{0,80}",
    r"(read|see|find out|learn) more( about| on| at| here)?\b.{0,160}",
)
# Never a headline; where they are whole sentences they may be the article's ("Share prices fell.").
_LABELS = (
    r"(share|print|save|e-?mail|advertisement|ad feedback|sponsored|tweet|like|listen|watch)\b(:? +\S+){0,5}",
    r"(search|more menu|menu|home|log ?in|sign in|subscribe|follow)\b(:? +\S+){0,5}",
    r"(related|recommended|most (read|viewed|popular)|more (on|from|stories|about)|in (depth|pictures|"
    r"this article)|read|lire|voir)\b.{0,80}",
    r"(terms (of|and)|privacy|contact us|about us|permalink|legal notice|cookie policy|"
    r"accessibility)\b.{0,120}",
    r"(click|tap|scroll|skip|go|back|jump|close) (here|to|for|down|past|window)\b.*",
    r"(published|updated|last modified|posted|issued|source)\b.{0,80}",
    r"(hi|hello|dear|best|regards|cheers)\b.{0,40},",
    r"\w{1,6}/\w+\b.*",
    r".*\S@\S+\.\w.*|.*(https?://|www\.).*|.*\+\d[\d ()-]{6,}.*",
    r"(from|to|cc|subject|date|ref|tel|fax|phone|e-?mail|contact|embargo|edition|volume|image|photo|text)s? ?"
    r"(no\.?)? ?: .*",
    r".{0,60}\b(correspondent|reporter|editor|staff writer|homepage|newsletter|bulletin|documents?)s?\W*",
    r"[^a-z]{0,12}",
)
_NOTICE = re.compile("|".join(f"(?:{line})" for line in _NOTICES), re.IGNORECASE)
_LABEL = re.compile("|".join(f"(?:{line})" for line in _LABELS), re.IGNORECASE)
_MAX_LABEL_CHARS = 300  # a limit
_CAPTION_END = re.compile(
    r"(?:\[[A-Z][\w /.-]{1,30}\]|(?:image|photo|picture)(?: credit)?: ?[^.]{2,60}|\([^()]*tags:[^()]*\)|"
    r"\((?:photo|image|picture|credit|file|photograph)\b[^()]{2,60}\)|\bREUTERS/[^.]{2,60}|"
    r"[/(](?:AP|AFP|EPA|Reuters|Getty(?: Images)?|PA|Bloomberg)\)?)$",
    re.IGNORECASE,
)
# After one of these, in a text's second half, only long paragraphs are still the article's.
_ARTICLE_END = re.compile(
    r"(?:(?:view |\d+ )?comments?\b.{0,20}|related\b.{0,40}|more (?:on|from|stories)\b.{0,60}|"
    r"most (?:read|viewed|popular)\b.{0,30}|share (?:or comment|this)\b.{0,40}|recommended\b.{0,40}|"
    r"also (?:read|in)\b.{0,40}|(?:further reading|read next|up next|you (?:may|might) also like|"
    r"(?:paid|sponsored|partner) .{0,20}content|trending\b.{0,20}|editor['’]s picks|latest (?:news|stories)|"
    r"more (?:news|stories))|(?:weitere|mehr zum|nos lecteurs|contribuer)\b.{0,60}|copyright\b.*|©.*)",
    re.IGNORECASE,
)
_SECTION_NAME = re.compile(
    r"(?:(?:world|international|national|local|regional|europe(?:an)?|africa|asia|americas|middle east|uk|us|"
    r"politics|political|business|economy|economics|finance|financial|markets|companies|technology|tech|"
    r"science|environment|climate|energy|health|education|culture|arts|entertainment|lifestyle|sports?|"
    r"football|opinion|comment|analysis|travel|media|law|crime|society|weather|home)(?: (?:news|and|&|"
    r"/) ?)?(?:news|economy|politics|science|health|culture|environment|technology)?|news|top stories|"
    r"breaking news|latest|international|économie|politique|monde|société|culture|politik|wirtschaft|welt|"
    r"kultur|panorama|à la une)",
    re.IGNORECASE,
)
_MENU = re.compile(r"\s{2,}\S+\s{2,}| [|›»/•] .* [|›»/•] ")


def is_boilerplate(line: str) -> bool:
    """Return True if a whole line belongs to the page: a notice, a credit, a caption.

    >>> is_boilerplate("4 min read"), is_boilerplate("The ferry sailed at noon.")
    (True, False)
    """
    return bool(_NOTICE.fullmatch(line) or _CAPTION_END.search(line))


def is_label(line: str) -> bool:
    """Return True if a line cannot be a headline: a menu, a button, a label.

    >>> is_label("Share this article"), is_label("Ferry goes into service")
    (True, False)
    """
    return len(line) <= _MAX_LABEL_CHARS and bool(_LABEL.fullmatch(line) or _MENU.search(line))


def is_section_name(line: str) -> bool:
    """Return True if a line is the name of a newspaper's section and nothing else.

    >>> is_section_name("World news"), is_section_name("World leaders meet")
    (True, False)
    """
    return bool(_SECTION_NAME.fullmatch(line))


def ends_article(line: str) -> bool:
    """Return True if a line announces what follows articles: comments, related stories, the copyright.

    >>> ends_article("Related articles"), ends_article("Talks ended on Friday.")
    (True, False)
    """
    return bool(_ARTICLE_END.fullmatch(line))
