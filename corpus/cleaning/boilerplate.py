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
    r"page \d+( of \d+.*)?",
    r"https?://\S+( +\d+ ?/ ?\d+)?",
    r".{0,60}\b(for internal use|not for (publication|distribution|release)|for immediate release|(strictly )?confidential)\b.{0,40}",
    r"(this (story|article|report) was|distributed|reprinted|republished) (distributed|supplied|provided|with permission|by)\b.{0,120}",
    r"printed (from|on) .*",
    r"\*+ .{0,100}|.{0,100} \*{3}",
    r"(have|got) a (story|tip|question)\b.{0,80}",
    r"(read|see|find out|learn) more( about| on| at| here)?\b.{0,160}",
)
# Never a headline; where they are whole sentences they may be the article's ("Share prices fell.").
_LABELS = (
    r"(share|print|save|e-?mail|advertisement|ad feedback|sponsored|tweet|like|listen|watch)\b(:? +\S+){0,5}",
    r"(search|more menu|menu|home|log ?in|sign in|subscribe|follow)\b(:? +\S+){0,5}",
    r"(related|recommended|most (read|viewed|popular)|more (on|from|stories|about)|in (depth|pictures|this article)|read|lire|voir)\b.{0,80}",
    r"(terms (of|and)|privacy|contact us|about us|permalink|legal notice|cookie policy|accessibility)\b.{0,120}",
    r"(click|tap|scroll|skip|go|back|jump|close) (here|to|for|down|past|window)\b.*",
    r"(published|updated|last modified|posted|issued|source)\b.{0,80}",
    r"(hi|hello|dear|best|regards|cheers)\b.{0,40},",
    r"\w{1,6}/\w+\b.*",
    r".*\S@\S+\.\w.*|.*(https?://|www\.).*|.*\+\d[\d ()-]{6,}.*",
    r"(from|to|cc|subject|date|ref|tel|fax|phone|e-?mail|contact|embargo|edition|volume|image|photo|text)s? ?(no\.?)? ?: .*",
    r".{0,60}\b(correspondent|reporter|editor|staff writer|homepage|newsletter|bulletin|documents?)s?\W*",
    r"[^a-z]{0,12}",
)
_NOTICE = re.compile("|".join(f"(?:{line})" for line in _NOTICES), re.IGNORECASE)
_LABEL = re.compile("|".join(f"(?:{line})" for line in _LABELS), re.IGNORECASE)
_CAPTION_END = re.compile(
    r"(?:\[[A-Z][\w /.-]{1,30}\]|(?:image|photo|picture)(?: credit)?: ?[^.]{2,60}|\([^()]*tags:[^()]*\)|"
    r"\((?:photo|image|picture|credit|file|photograph)\b[^()]{2,60}\)|\bREUTERS/[^.]{2,60}|"
    r"[/(](?:AP|AFP|EPA|Reuters|Getty(?: Images)?|PA|Bloomberg)\)?)$",
    re.IGNORECASE,
)
# After one of these, in a text's second half, only long paragraphs are still the article's.
_END = re.compile(
    r"(?:(?:view |\d+ )?comments?\b.{0,20}|related\b.{0,40}|more (?:on|from|stories)\b.{0,60}|most (?:read|viewed|popular)\b.{0,30}|"
    r"share (?:or comment|this)\b.{0,40}|recommended\b.{0,40}|also (?:read|in)\b.{0,40}|"
    r"(?:further reading|read next|up next|you (?:may|might) also like|(?:paid|sponsored|partner) .{0,20}content|trending\b.{0,20}|"
    r"editor['’]s picks|latest (?:news|stories)|more (?:news|stories))|"
    r"(?:weitere|mehr zum|nos lecteurs|contribuer)\b.{0,60}|copyright\b.*|©.*)",
    re.IGNORECASE,
)
_LABEL_CHARS = 300
# How newspapers, agencies and broadcasters are called; the agencies that are not called so by their short names.
_NEWSROOM = re.compile(
    r"(?:The |Le |La |Die |Der |El )?(?:[A-Z][\w&'’-]* ){0,3}(?:[A-Z]\w+-)?(?:Times|Herald|Tribune|Gazette|Observer|Chronicle|Ledger|Courier|"
    r"Dispatch|Mirror|Guardian|Independent|Journal|Standard|Telegraph|Examiner|Inquirer|Globe|Sun|Star|Echo|Mail|Post|Daily|Press|Review|"
    r"News|News Network|News Agency|Wire|Network|Media|Broadcasting|Zeitung|Online)(?: (?:Online|News|Agency|International|Service))?|"
    r"Reuters|AP|AFP|dpa|UPI|ANSA|EFE|PTI|IANS|ANI|TASS|Interfax|Xinhua|Kyodo|Yonhap|Belga|ANP|APA|TT|NTB|Ritzau|STT|PAP|CTK|MTI|AAP|PA|"
    r"Bloomberg|CNN(?: Business)?|BBC|AFX|Anadolu|SPA|WAM|QNA|Antara|Bernama|Lusa|MENA|Sputnik|Ukrinform|Agerpres|Hina|Tanjug|Petra"
)
_RUBRIC = re.compile(
    r"(?:(?:world|international|national|local|regional|europe(?:an)?|africa|asia|americas|middle east|uk|us|politics|political|business|economy|"
    r"economics|finance|financial|markets|companies|technology|tech|science|environment|climate|energy|health|education|culture|arts|"
    r"entertainment|lifestyle|sports?|football|opinion|comment|analysis|travel|media|law|crime|society|weather|home)(?: (?:news|and|&|/) ?)?"
    r"(?:news|economy|politics|science|health|culture|environment|technology)?|news|top stories|breaking news|latest|international|économie|"
    r"politique|monde|société|culture|politik|wirtschaft|welt|kultur|panorama|à la une)",
    re.IGNORECASE,
)
_MENU = re.compile(r"\s{2,}\S+\s{2,}| [|›»/•] .* [|›»/•] ")


def is_boilerplate(line: str) -> bool:
    """True if a whole line is a page's, not the article's."""
    return bool(_NOTICE.fullmatch(line) or _CAPTION_END.search(line))


def is_label(line: str) -> bool:
    """True if a line is no headline: a menu, a button, a rubric."""
    return len(line) <= _LABEL_CHARS and bool(_LABEL.fullmatch(line) or _MENU.search(line))


def is_newsroom(name: str) -> bool:
    """True if a name is called as newspapers, agencies and broadcasters are."""
    return bool(_NEWSROOM.fullmatch(name))


def is_section_name(line: str) -> bool:
    """True if a line is the name of a newspaper's section and nothing else."""
    return bool(_RUBRIC.fullmatch(line))


def ends_article(line: str) -> bool:
    """True if a line announces what stands below articles: comments, related stories, the copyright."""
    return bool(_END.fullmatch(line))
