import re
from typing import Any

import pytest
from hostile import HOSTILE, Tags

from rag.page.markup.run_questions import run_questions_html


def result(question: str, failure: str | None = None, right: float | None = 1.0) -> dict[str, Any]:
    return {"question": question, "kind": "fact", "failure": failure, "right": right, "seconds": 1.25}


def test_failures_come_first_and_what_is_not_scored_is_none() -> None:
    page = run_questions_html(
        [result("Fine?"), result("Open?", right=None), result("Lost?", "not retrieved", 0.0)]
    )
    assert re.findall(r">([^<>]+\\?)</button></td>", page) == ["Lost?", "Open?", "Fine?"]
    assert page.count('class="failed"') == 1 and "1 of 3 failed" in page and ">not scored<" in page


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_questions_are_text(text: str) -> None:
    tags = Tags()
    tags.feed(run_questions_html([result(text, text)]))
    assert {tag for tag, _ in tags.found} <= {
        "h2",
        "p",
        "table",
        "thead",
        "tbody",
        "tr",
        "th",
        "td",
        "button",
    }
