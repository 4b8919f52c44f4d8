"""Settings from the environment: defaults, limits and unknown names."""

import dataclasses
from pathlib import Path

import pytest

from corpus.reading.files import MAX_FILE_BYTES
from rag.settings import SettingError, Settings


def test_defaults_and_what_the_environment_changes() -> None:
    assert Settings.read({}) == Settings()
    assert Settings().upload * 1_000_000 == MAX_FILE_BYTES  # of a file that the command line reads
    found = Settings.read(
        {
            "DATELINE_DATA": "~/news",
            "DATELINE_PORT": "80",
            "DATELINE_MODEL": " none ",
            "DATELINE_HITS": "",
            "HOME": "x",
        }
    )
    assert (found.data, found.port, found.model, found.hits) == (Path("~/news").expanduser(), 80, "none", 8)


def test_a_setting_has_two_names_but_one_value() -> None:
    assert Settings.read({"DATELINE_READER": "small", "DATELINE_MODEL": " "}).model == "small"
    assert Settings.read({"DATELINE_READER": "none", "DATELINE_MODEL": "none"}).model == "none"
    with pytest.raises(SettingError, match="DATELINE_READER and DATELINE_MODEL are two names of one setting"):
        Settings.read({"DATELINE_READER": "small", "DATELINE_MODEL": "none"})


@pytest.mark.parametrize(
    ("name", "value", "why"),
    [
        ("PORT", "many", "whole number of at least 1"),
        ("CONTEXT", "100", "at least 512"),
        ("THREADS", "0", "at least 1"),
        ("CHANGES", "me", "one of local, all, none"),
        ("QUESTION", "0", "at least 1"),
        ("QUEUE", "none", "at least 1"),
        ("UPLOAD", "1.5", "at least 1"),
        ("MODLE", "x", "no setting of Dateline"),
    ],
)
def test_a_wrong_setting_is_named(name: str, value: str, why: str) -> None:
    with pytest.raises(SettingError, match=why) as caught:
        Settings.read({f"DATELINE_{name}": value})
    assert f"DATELINE_{name}" in str(caught.value)


def test_every_setting_has_a_reason_and_there_are_few() -> None:
    settings = dataclasses.fields(Settings)
    assert len(settings) < 25 and all(setting.metadata["reason"] for setting in settings)
