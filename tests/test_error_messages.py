"""What is said of an error: to people and scripts its sentence, to the log where it happened."""

import gradio as gr
import pytest

from rag.page.tabs.error_messages import translate_errors
from rag.query.validation import QuestionEmpty

MARK = "zyxomarkle"


@pytest.mark.threat("S4", "W11", n="an internal error")
@pytest.mark.parametrize("with_code", [True, False])
def test_an_internal_error_is_logged_without_its_message(
    caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str], with_code: bool
) -> None:
    def convert(text: str) -> int:
        return int(text)

    with pytest.raises(gr.Error) as caught:
        translate_errors(convert, with_code)(MARK)
    assert "Something went wrong inside Dateline" in caught.value.message
    assert not caught.value.print_exception
    assert "ValueError at test_error_messages.py:" in caplog.text and "convert" in caplog.text
    assert MARK not in caplog.text + caught.value.message + "".join(capfd.readouterr())


def test_an_error_of_dateline_is_its_sentence_and_is_not_logged(caplog: pytest.LogCaptureFixture) -> None:
    def refuse(text: str) -> None:
        raise QuestionEmpty(f"<{text}> is empty.")

    for with_code, message in ((True, f"<{MARK}> is empty."), (False, f"&lt;{MARK}&gt; is empty.")):
        with pytest.raises(gr.Error) as caught:
            translate_errors(refuse, with_code)(MARK)
        assert caught.value.message == message and not caplog.text
