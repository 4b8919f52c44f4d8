"""Recognise lines of a page that are not the article's: notices, captions, labels, section names.

Only what `is_notice` and `is_caption` recognise is left out by itself. Labels tell where a headline is not,
and that there is a page around the article; what else is left out follows from the position of lines. Longer
lines than `MAX_LINE_CHARS` are none of these, so that each pattern's work is bounded.
"""

import re

MAX_LINE_CHARS = 300  # a limit
# Known lines, compared as a whole without the marks around them: these say nothing about any article.
# hand-set on pages: the lists of this module; measured in rag/evaluation/results/reading-*.json
_KNOWN_LINES = frozenset(
    line.strip()
    for line in """
    ad|ad feedback|advert|advertisement|advertisement - scroll to continue
    story continues below advertisement|story continues below this ad|article continues below
    article continues below advertisement|article continues after ad|skip advertisement|sponsored
    sponsored content|share|share this|share this article|share this story|share on facebook
    share on twitter|share on x|share on linkedin|share on whatsapp|link copied|copy link
    print this page|save article|comments|view comments|jump to comments|add a comment|leave a comment
    leave a reply|share or comment on this article|reuse this content|sign up|sign in|log in|subscribe
    subscribe now|skip to content|skip to main content|skip past newsletter promotion|back to top
    read more|related articles|related topics|accept all cookies|view this email in your browser
    unsubscribe|file photo|ad choices|powered by
    """.replace("\n", "|").split("|")
    if line.strip()
)
_EDGES = re.compile(r"^[\W_]+|[\W_]+$")
# Left out wherever they are, sentences included.
_NOTICES = (
    r"[\W_]+",
    r"\d{1,3}(?:[ -]?[–-] ?\d{1,3})?[ -]min(?:ute)?s?\.?(?: read)?",
    r"(?:©|\(c\) ?\d|copyright (?:©|\(c\)|\d{4})).*",
    r"(?:©|copyright\b).{0,120}\ball rights reserved\b.*",
    r"(?:we|this (?:web)?site|our (?:web)?site)(?: and our partners)? uses? cookies\b.*",
    r"sign(?:ed)? up (?:for|to|here)\b.{0,60}\bnewsletters?\b.{0,80}",
    r"follow us on \w+.{0,80}",
    r"you (?:are|have) receiv(?:ing|ed) this (?:e-?mail|message|newsletter)\b.*",
    r"to unsubscribe,.{0,120}",
    r"the post .{3,200} appeared first on .{1,60}",
    r"\((?:additional )?(?:reporting|editing|writing|compiled) by [^()]*\)",
    r"our standards: the .{2,40} trust principles\.?",
    r"(?:beta\b.{0,20})?\W*powered by automated translation\b.*",
    r"continue reading(?: on .{1,40})?",
    r"page \d+ of \d+",
    r"https?://\S+(?: +\d+ ?/ ?\d+)?",
    r"(?:image (?:source|caption)|file photo|photo credit|picture credit) ?[:,].*",
)
_NOTICE = re.compile("|".join(f"(?:{line})" for line in _NOTICES), re.IGNORECASE)
# A caption names who took the picture, where a sentence would have its full stop.
_CREDIT_END = re.compile(
    r"(?: \[[A-Z][\w /.-]{1,30}\]|\b(?:photograph|photo|image|picture)(?: credit)?: ?[^.]{2,60}|"
    r" \((?:photo|image|picture|photograph)\b[^()]{2,60}\)|\bREUTERS/[^.]{2,60}|"
    r"^(?:image|photo|picture|illustration|photograph|graphic)s? by \w[^.]{2,60}|"
    r"\w/(?:AP|AFP|EPA|Reuters|Getty(?: Images)?|PA|Bloomberg))$",
    re.IGNORECASE,
)
# Never a headline; none of these is left out for being one.
_LABELS = (
    r"(?:share|print|save|e-?mail|advertisement|sponsored|tweet|like|listen|watch)\b(?::? +\S+){0,5}",
    r"(?:search|more menu|menu|home|log ?in|sign in|sign up|subscribe|follow|continue reading)\b"
    r"(?::? +\S+){0,5}",
    r"(?:related|recommended|most (?:read|viewed|popular)|more (?:on|from|stories|about)|in (?:depth|"
    r"pictures|this article)|(?:also |further )?read(?:ing)?|lire|voir|interactive|partager|"
    r"contribuer|nos lecteurs|weitere|mehr zum|teilen)\b.{0,80}",
    r"(?:terms (?:of|and)|privacy|contact us|about us|permalink|legal notice|cookie policy|"
    r"accessibility)\b.{0,120}",
    r"(?:click|tap|scroll|skip|go|back|jump|close) (?:here|to|for|down|past|window)\b.*",
    r"(?:published|updated|last modified|posted|issued|printed|source)\b.{0,80}",
    r"(?:hi|hello|dear|best|regards|cheers)\b.{0,40},",
    r"(?:tags?|topics?|section|length|byline|publication-type|load-date|graphic|filed under|keywords?) ?:.*",
    r"\w{1,6}/\w+\b.*|\*+ .{0,100}|.{0,100} \*{3}",
    r".*\S@\S+\.\w.*|.*(?:https?://|www\.).*|.*\+\d[\d ()-]{6,}.*",
    r"(?:from|to|cc|subject|date|ref|tel|fax|phone|e-?mail|contact|embargo|edition|volume|image|photo|"
    r"text)s? ?(?:no\.?)? ?:.*",
    r".{0,60}\b(?:correspondent|reporter|editor|staff writer|homepage|newsletter|bulletin|documents?)s?\W*",
    r".{0,60}\b(?:for immediate release|for internal use|not for (?:publication|distribution)|"
    r"all rights reserved)\b.{0,60}",
    r"[\W\d_]+",
    r".* [|›»/•] .* [|›»/•] .*",
)
_LABEL = re.compile("|".join(f"(?:{line})" for line in _LABELS), re.IGNORECASE)
# The headings of what is beside and behind articles. Behind the text, only long paragraphs follow one.
_ARTICLE_END = re.compile(
    r"(?:view |\d+ )?comments?(?: \(?\d+\)?)?|(?:related|recommended|most (?:read|viewed|popular)|"
    r"more (?:news|stories|on)|in depth|interactive|(?:also |further )?read(?:ing)?|lire|"
    r"nos lecteurs|mehr zum|up next|you (?:may|might) also like|trending)"
    r"(?: .{0,40})?|(?:paid|sponsored|partner) .{0,20}content",
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


def is_notice(line: str) -> bool:
    """Return True if a whole line is the page's and surely not the article's: a button, a notice, a credit.

    >>> is_notice("4 min read"), is_notice("Copyright law will change in May.")
    (True, False)
    """
    return len(line) <= MAX_LINE_CHARS and bool(
        _EDGES.sub("", line).casefold() in _KNOWN_LINES or _NOTICE.fullmatch(line)
    )


def is_caption(line: str) -> bool:
    """Return True if a line ends with the credit of a picture instead of a full stop.

    >>> is_caption("The quay at dawn [Getty]"), is_caption("The talks failed on Monday. (AP)")
    (True, False)
    """
    return len(line) <= MAX_LINE_CHARS and bool(_CREDIT_END.search(line))


def is_label(line: str) -> bool:
    """Return True if a line cannot be a headline: a menu, a button, a label.

    >>> is_label("Share this article"), is_label("Ferry goes into service")
    (True, False)
    """
    return len(line) <= MAX_LINE_CHARS and bool(_LABEL.fullmatch(line))


def is_section_name(line: str) -> bool:
    """Return True if a line is the name of a newspaper's section and nothing else.

    >>> is_section_name("World news"), is_section_name("World leaders meet")
    (True, False)
    """
    return bool(_SECTION_NAME.fullmatch(line))


def ends_article(line: str) -> bool:
    """Return True if a line announces what follows articles: comments, related stories.

    >>> ends_article("Related articles"), ends_article("Talks ended on Friday.")
    (True, False)
    """
    return len(line) <= MAX_LINE_CHARS and bool(_ARTICLE_END.fullmatch(line.rstrip(" :|")))
