from pathlib import Path

import pytest
from test_citations import FERRY, QUAY

from rag.generation.prompts import PROMPTS_FOLDER, PromptError, Prompts


def test_evidence_is_numbered_with_its_source() -> None:
    (system, user), used = Prompts().messages("What does it cost?", [FERRY, QUAY], 2000)
    assert used == [FERRY, QUAY] and Prompts().refusal in system.text
    assert (
        "[1] The ferry will cost 34 million crowns. (Meridian Wire, 13 February 2018)\n[2] The quay"
        in user.text
        and "Question: What does it cost?" in user.text
    )


@pytest.mark.threat("Q9")
def test_the_lowest_ranked_evidence_is_left_out_to_fit_the_budget() -> None:
    chat, used = Prompts().messages("What does it cost?", [FERRY] * 50, 600)
    assert 1 < len(used) < 50 and sum(len(message.text) for message in chat) / 3 <= 600
    (_, user), used = Prompts().messages("What does it cost?", [FERRY, QUAY], 1)
    assert used == [FERRY] and "What does it cost?" in user.text


def test_placeholders_in_articles_and_questions_are_not_filled_in() -> None:
    (_, user), _ = Prompts().messages("Was it $evidence or ${question}?", [FERRY], 2000)
    assert "Was it $evidence or ${question}?" in user.text


def test_missing_files_and_misspelt_placeholders_are_errors(tmp_path: Path) -> None:
    with pytest.raises(PromptError, match="missing"):
        Prompts(tmp_path)
    for file in PROMPTS_FOLDER.glob("*.txt"):
        (tmp_path / file.name).write_text(file.read_text().replace("$question", "$qestion"))
    with pytest.raises(
        PromptError,
        match=r"should hold the placeholders \$evidence, \$question, but holds \$evidence, \$qestion",
    ):
        Prompts(tmp_path)


def test_the_readme_lists_every_prompt() -> None:
    readme = (PROMPTS_FOLDER / "README.md").read_text()
    assert all(f"`{file.name}`" in readme for file in PROMPTS_FOLDER.glob("*.txt"))
