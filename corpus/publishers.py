"""Recognise the names of newspapers, news agencies and broadcasters, and those of aggregators."""

import re

# What newspapers and broadcasters are usually called, and the news agencies with short names.
_NAME = re.compile(
    r"(?:The |Le |La |Die |Der |El )?(?:[A-Z][\w&'’-]* ){0,3}(?:[A-Z]\w+-)?(?:Times|Herald|Tribune|Gazette|"
    r"Observer|Chronicle|Ledger|Courier|Dispatch|Mirror|Guardian|Independent|Journal|Standard|Telegraph|"
    r"Examiner|Inquirer|Globe|Sun|Star|Echo|Mail|Post|Daily|Press|Review|News|News Network|News Agency|Wire|"
    r"Network|Media|Broadcasting|Zeitung|Online)(?: (?:Online|News|Agency|International|Service))?|Reuters|"
    r"AP|AFP|dpa|UPI|ANSA|EFE|PTI|IANS|ANI|TASS|Interfax|Xinhua|Kyodo|Yonhap|Belga|ANP|APA|TT|NTB|Ritzau|STT|"
    r"PAP|CTK|MTI|AAP|PA|Bloomberg|CNN(?: Business)?|BBC|AFX|Anadolu|SPA|WAM|QNA|Antara|Bernama|Lusa|MENA|"
    r"Sputnik|Ukrinform|Agerpres|Hina|Tanjug|Petra"
)
_AGGREGATOR = re.compile(
    r"\b(?:google|bing|yahoo|feedly|inoreader|alerts?|search|rss|clippings?|press review|monitoring|"
    r"all items)\b",
    re.IGNORECASE,
)

_MAX_NAME_CHARS = 80  # limit: the longest of the 38 publishers of MultiHop-RAG's news has 58


def may_be_name(text: str) -> bool:
    """Return True if a text is short enough for a publisher's name, which no order or message is.

    >>> may_be_name("Live Science: The Most Interesting Articles"), may_be_name("Why did he resign? " * 5)
    (True, False)
    """
    return len(text) <= _MAX_NAME_CHARS


def is_publisher_name(name: str) -> bool:
    """Return True if `name` reads like the name of a newspaper, agency or broadcaster.

    >>> is_publisher_name("The Harbour Gazette"), is_publisher_name("Anna Holm")
    (True, False)
    """
    return bool(_NAME.fullmatch(name))


def is_aggregator_name(name: str) -> bool:
    """Return True if `name` is that of a service that sends or lists what others publish.

    >>> is_aggregator_name("ferries - Google News")
    True
    """
    return bool(_AGGREGATOR.search(name))
