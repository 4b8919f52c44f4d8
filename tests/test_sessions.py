import stat
from pathlib import Path

from rag.serving.sessions import FOLDER_NAME, Sessions, end_sessions


def test_a_session_ends_after_its_time_and_is_forgotten(tmp_path: Path) -> None:
    now = [0.0]
    sessions = Sessions(tmp_path, 60, ["ada", "bo.b"], lambda: now[0])
    sessions["a"] = "ada"
    now[0] = 40
    sessions["b"] = "bo.b"
    assert sorted(sessions.values()) == ["ada", "bo.b"] and sessions.get("a") == "ada"
    now[0] = 60  # a minute after the first began, though it was used in between
    assert "a" not in sessions and sessions.get("a") is None and list(sessions.values()) == ["bo.b"]
    sessions["c"] = "ada"
    assert len([*(tmp_path / FOLDER_NAME).glob("*.json")]) == 2
    del sessions["b"]
    assert list(sessions.values()) == ["ada"] and sessions.get(None) is None  # type: ignore[call-overload]


def test_processes_over_one_folder_agree(tmp_path: Path) -> None:
    first, second = (Sessions(tmp_path, 60, ["ada", "bo.b"]) for _ in range(2))
    assert first.cookie_id == second.cookie_id and len(first.cookie_id) > 20
    first["a"] = "ada"
    assert second["a"] == "ada"
    # As Gradio logs a user out.
    for token in list(second.keys()):
        if second[token] == "ada":
            del second[token]
    assert "a" not in first


def test_what_is_kept_lets_nobody_in(tmp_path: Path) -> None:
    sessions = Sessions(tmp_path, 60, ["ada"])
    sessions["secret-token"] = "ada"
    (file,) = (tmp_path / FOLDER_NAME).glob("*.json")
    assert "secret-token" not in file.name + file.read_text() and stat.S_IMODE(file.stat().st_mode) == 0o600
    for forged in (file.stem, f"{file.stem}.json", "", "../sessions/cookie", "x" * 10_000, "\udcff"):
        assert sessions.get(forged) is None
    file.write_text("[half")
    assert sessions.get("secret-token") is None and not list(sessions)


def test_a_new_password_or_a_removed_name_ends_sessions(tmp_path: Path) -> None:
    end_sessions(tmp_path / "data", "ada")
    assert not (tmp_path / "data").exists()  # a password is set before there is a collection
    sessions = Sessions(tmp_path, 60, ["ada", "bo.b"])
    for token, name in (("a", "ada"), ("b", "bo.b"), ("c", "ada")):
        sessions[token] = name
    end_sessions(tmp_path, "ada")
    assert list(sessions.values()) == ["bo.b"]
    assert Sessions(tmp_path, 60, ["ada"]).get("b") is None
