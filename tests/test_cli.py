"""The command line: what it prints, and one sentence with exit code 2 for bad input."""

import contextlib
import io
import json
import os
import re
import signal
import socket
import subprocess
import sys
import termios
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path

import pytest
from conftest import ROOT, SHARED, needs_shared

from rag.cli import commands
from rag.cli.main import main
from rag.settings import VERSION


def run(*command: str, data: Path | None = None, **settings: str) -> "subprocess.CompletedProcess[str]":
    environment = {
        **os.environ,
        **({"DATELINE_DATA": str(data)} if data else {}),
        "COLUMNS": "120",
        **settings,
    }
    return subprocess.run(
        [sys.executable, *command], cwd=ROOT, env=environment, capture_output=True, text=True, timeout=240
    )


def dateline(*words: str, data: Path, **settings: str) -> "subprocess.CompletedProcess[str]":
    """Run a command in this process, where torch is imported already: three seconds a command less."""
    signals = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    settings |= {"DATELINE_DATA": str(data), "COLUMNS": "120"}
    out, errors = io.StringIO(), io.StringIO()
    with pytest.MonkeyPatch.context() as patch, redirect_stdout(out), redirect_stderr(errors):
        patch.chdir(ROOT)
        for name, value in settings.items():
            patch.setenv(name, value)
        try:
            code = main(words)
        finally:
            for number, handler in signals.items():
                signal.signal(number, handler)
    return subprocess.CompletedProcess(words, code, out.getvalue(), errors.getvalue())


def on_a_terminal(*command: str, data: Path) -> str:
    """Return what a command writes on standard error where that is a terminal."""
    ours, its = os.openpty()
    termios.tcsetwinsize(its, (24, 120))
    environment = {**os.environ, "DATELINE_DATA": str(data), "COLUMNS": "120"}
    process = subprocess.Popen(
        [sys.executable, *command], cwd=ROOT, env=environment, stdout=subprocess.DEVNULL, stderr=its
    )
    os.close(its)
    seen = b""
    with contextlib.suppress(OSError):  # the terminal is gone with its last writer
        while data_read := os.read(ours, 4096):
            seen += data_read
    os.close(ours)
    assert process.wait() == 0, seen
    return seen.decode()


def refused(done: "subprocess.CompletedProcess[str]", *words: str) -> None:
    """Assert exit code 2 and one sentence that names the thing and the remedy, without a traceback."""
    assert done.returncode == 2, (done.stdout, done.stderr)
    lines = [line for line in done.stderr.strip().splitlines() if line]
    assert len(lines) == 1 and "Traceback" not in done.stderr, done.stderr
    assert all(word in done.stderr for word in words), done.stderr


def imported(*words: str, data: Path | None = None) -> set[str]:
    """Return the heavy libraries that `dateline` imports to run a command."""
    code = (
        "import sys; from rag.cli.main import main; assert main(sys.argv[1:]) == 0; "
        "heavy = {'torch', 'gradio', 'llama_cpp', 'faiss', 'trafilatura', 'langchain_core'}; "
        "sys.stderr.write(' '.join(heavy & set(sys.modules)))"
    )
    done = run("-c", code, *words, data=data)
    assert done.returncode == 0, done.stderr
    return set(done.stderr.split())


def test_help_and_what_shows_the_collection_import_no_models(tmp_path: Path) -> None:
    for words in (
        "--help",
        "--version",
        "add --help",
        "evaluate --help",
        "evaluate run --help",
        "serve --help",
        "list",
    ):
        assert imported(*words.split(), data=tmp_path) == set(), words


def test_every_command_has_help(capsys: pytest.CaptureFixture[str]) -> None:
    assert commands.run(["--help"]) == 0
    listed = capsys.readouterr().out
    names = re.findall(r"^  (\w+) +[A-Z]", listed.split("Commands:")[1], re.MULTILINE)
    assert names == [
        *(
            "serve",
            "ask",
            "add",
            "encode",
            "list",
            "show",
            "set",
            "remove",
            "copies",
            "check",
            "rebuild",
            "export",
            "backup",
            "restore",
        ),
        *("evaluate", "reader", "doctor", "login", "mcp", "schema", "completion"),
    ]
    for name in names:
        assert commands.run([name, "-h"]) == 0
        assert capsys.readouterr().out.startswith(f"Usage: dateline {name}")


def test_every_entry_point_is_the_same_command_line() -> None:
    help = run("-m", "rag", "--help").stdout
    assert help.startswith("Usage: dateline ") and run("-m", "corpus", "--help").stdout == help
    assert run("-m", "rag.evaluation", "--help").stdout.startswith("Usage: dateline evaluate ")
    served = run("app.py", "--help").stdout
    assert served.startswith("Usage: dateline serve ") and "--port" in served


def test_the_version_is_that_of_the_package() -> None:
    assert run("-m", "rag", "--version").stdout == f"dateline {VERSION}\n"


@pytest.mark.parametrize(
    ("words", "named"),
    [
        ("asks", ("asks", "dateline --help")),
        ("add", ("nothing to add", "--sample")),
        ("list --jsn", ("--jsn", "dateline list --help")),
        ("evaluate gold.jsonl --half third", ("--half", "development", "test")),
        ("evaluate gold.jsonl --retrieval folder", ("--retrieval",)),
        ("evaluate compare a.json", ("AFTER", "dateline evaluate compare --help")),
    ],
)
def test_wrong_arguments_get_one_sentence(
    words: str, named: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    assert commands.run(words.split()) == 2
    printed = capsys.readouterr()
    assert not printed.out and printed.err.count("\n") == 1 and all(word in printed.err for word in named)


def test_without_a_command_the_help_is_an_error(capsys: pytest.CaptureFixture[str]) -> None:
    assert commands.run([]) == 2 and capsys.readouterr().err.startswith("Usage: dateline ")


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_a_shell_completes_commands_options_and_choices(
    shell: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert commands.run(["completion", shell]) == 0
    script = capsys.readouterr().out
    assert f"_DATELINE_COMPLETE={shell}_complete" in script and "dateline" in script

    def completed(line: str) -> set[str]:
        position = line.rpartition(" ")[2] if shell == "fish" else str(line.count(" "))
        monkeypatch.setenv("_DATELINE_COMPLETE", f"{shell}_complete")
        monkeypatch.setenv("COMP_WORDS", line)
        monkeypatch.setenv("COMP_CWORD", position)
        commands.run([])
        return set(re.findall(r"[\w-]+", capsys.readouterr().out))

    assert {"remove", "rebuild"} <= completed("dateline re") and "list" not in completed("dateline re")
    assert {"--since", "--until"} <= completed("dateline ask --")
    assert {"compare", "convert"} <= completed("dateline evaluate co")
    assert "development" in completed("dateline evaluate run --half d")


def test_doctor_works_without_click() -> None:
    code = "import sys; sys.modules['click'] = None; sys.argv = ['', {}]; import runpy; runpy.run_module('rag', run_name='__main__')"
    examined = run("-c", code.format("'doctor', '--json'"), DATELINE_MODEL="none")
    assert {json.loads(line)["about"] for line in examined.stdout.splitlines()} >= {
        "Python",
        "packages",
        "collection",
    }
    refused(run("-c", code.format("'list'")), "click is not installed", "dateline doctor")


@needs_shared
def test_the_seed_articles_are_added_once(tmp_path: Path) -> None:
    first = dateline("add", str(SHARED / "seeds"), data=tmp_path)
    assert (
        first.returncode == 0
        and "5 added" in first.stdout
        and "unknown" in first.stdout
        and "12 February 2020" in first.stdout
    )
    again = dateline("add", "../shared/seeds", "--json", data=tmp_path)
    entries = [json.loads(line) for line in again.stdout.splitlines()]
    assert [(entry["status"], entry["passages"]) for entry in entries] == [("unchanged", 0)] * 5
    answer = json.loads(
        dateline(
            "ask",
            "How many trainers could the initial NATO effort mean, according to an official?",
            "--json",
            data=tmp_path,
        ).stdout
    )
    assert "300" in answer["text"] and answer["citations"][0]["verified"]


def test_list_show_and_remove(tmp_path: Path) -> None:
    dateline("add", "corpus/articles/ber-2012-05-opening-called-off.md", data=tmp_path)
    (entry,) = [json.loads(line) for line in dateline("list", "--json", data=tmp_path).stdout.splitlines()]
    shown = dateline("show", entry["id"], data=tmp_path).stdout
    assert "Meridian Wire   (stated: front matter)" in shown and "8 May 2012" in shown
    assert json.loads(dateline("show", entry["id"], "--json", data=tmp_path).stdout)["body"]
    assert dateline("remove", entry["id"], data=tmp_path).returncode == 0
    assert "0 articles" in dateline("list", data=tmp_path).stdout


def test_long_commands_show_their_progress_on_a_terminal_only(tmp_path: Path) -> None:
    lines = [
        json.dumps({"title": f"Ferry {n}", "body": f"The ferry number {n} sailed at noon with eighty cars."})
        for n in range(5)
    ]
    (tmp_path / "a.jsonl").write_text("\n".join(lines))
    for verb in (
        ["add", str(tmp_path / "a.jsonl")],
        ["check"],
        ["copies"],
        ["export", str(tmp_path / "out")],
        ["rebuild"],
    ):
        seen = on_a_terminal("-m", "corpus", *verb, data=tmp_path)
        assert re.search(r"100%.* 5/5 \[\d\d:\d\d<.*articles/s\]", seen), (verb, seen)
    assert dateline("check", data=tmp_path).stderr == ""


def test_copies_lists_what_differs(sample_folder: Path) -> None:
    done = dateline("copies", data=sample_folder)
    assert (
        done.returncode == 0
        and "! “61” / “67”" in done.stdout.replace("“67” / “61”", "“61” / “67”")
        and "Kestrel Bay Times" in done.stdout
    )
    assert json.loads(dateline("copies", "--json", data=sample_folder).stdout)["differences"]


def test_ask_prints_the_answer_with_its_sources(sample_folder: Path) -> None:
    done = dateline(
        "ask",
        "What is the budget of High Speed 2?",
        "--publisher",
        "Northgate Ledger",
        data=sample_folder,
        DATELINE_MODEL="none",
    )
    assert done.returncode == 0 and "[1]" in done.stdout and "(Northgate Ledger, 27 June 2013)" in done.stdout
    assert (
        "48 articles"
        in dateline(
            "ask", "Who won the football world cup?", data=sample_folder, DATELINE_MODEL="none"
        ).stdout
    )


def test_ask_prints_a_document(sample_folder: Path) -> None:
    ask = ("ask", "What is the budget of High Speed 2?", "--export")
    done = dateline(*ask, "bibtex", data=sample_folder, DATELINE_MODEL="none")
    assert done.returncode == 0 and done.stdout.startswith("@misc{") and "Northgate Ledger" in done.stdout
    refused(dateline(*ask, "docx", data=sample_folder), "docx", "markdown, html, json, bibtex, csl")


def test_evaluation_prints_a_table_and_writes_json(sample_folder: Path, tmp_path: Path) -> None:
    gold, out = tmp_path / "gold.jsonl", tmp_path / "out.json"
    gold.write_text("\n".join((ROOT / "corpus/gold.jsonl").read_text().splitlines()[:3]))
    done = dateline("evaluate", str(gold), "--out", str(out), data=sample_folder, DATELINE_MODEL="none")
    assert done.returncode == 0 and "| recall@3 |" in done.stdout and str(out) in done.stdout
    assert len(json.loads(out.read_text())["results"]) == 3


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", ("a.txt", "empty")),
        (b"\x00\x01\x02" * 50, ("a.txt", "binary")),
        (b"Home\nNews", ("a.txt", "no article text")),
    ],
)
def test_files_that_hold_no_article(tmp_path: Path, content: bytes, words: tuple[str, ...]) -> None:
    (tmp_path / "a.txt").write_bytes(content)
    refused(dateline("add", str(tmp_path / "a.txt"), data=tmp_path / "data"), *words)


def test_a_bad_file_costs_the_others_nothing(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "bad.txt").write_bytes(b"\x00")
    (tmp_path / "in" / "good.txt").write_text("A headline here\n\nThe ferry sailed at noon.\n")
    done = dateline("add", str(tmp_path / "in"), data=tmp_path / "data")
    assert (
        done.returncode == 0
        and "1 added" in done.stdout
        and "1 refused" in done.stdout
        and "bad.txt" in done.stderr
    )


def test_a_date_that_cannot_be_parsed_is_reported_and_the_article_added(tmp_path: Path) -> None:
    file = tmp_path / "a.csv"
    file.write_text(
        'body,date\n"The ferry sailed at noon.",soon\n"The bridge opened to all on Friday.",20180213\n'
    )
    done = dateline("add", str(file), data=tmp_path / "data")
    assert done.returncode == 0 and "2 added" in done.stdout and "13 February 2018" in done.stdout
    assert done.stderr.count("a.csv#") == 1 and 'a.csv#1: the date of publication "soon"' in done.stderr


def test_bad_input_gets_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "no.gguf").write_text("text")
    ask = ("ask", "Why?")
    refused(dateline("add", str(tmp_path / "folder"), data=tmp_path), "folder", "no articles")
    refused(dateline("add", "/nowhere", data=tmp_path), "/nowhere", "check the path")
    refused(dateline("show", "1234", data=tmp_path), "1234", "dateline list")
    refused(dateline(*ask, data=tmp_path, DATELINE_MODEL=str(tmp_path / "no.gguf")), "not a GGUF file")
    refused(dateline(*ask, data=tmp_path, DATELINE_MODEL="/nowhere.gguf"), "no such file")
    refused(dateline(*ask, data=tmp_path, DATELINE_CONTEXT="much"), "DATELINE_CONTEXT", "whole number")
    refused(dateline(*ask, data=tmp_path, DATELINE_COLOUR="red"), "DATELINE_COLOUR")
    refused(dateline("ask", "x" * 100_000, data=tmp_path), "100,000 characters")
    refused(dateline("ask", "Why?", "--since", "soon", data=tmp_path), "since", "YYYY-MM-DD")
    refused(dateline("evaluate", "nowhere.jsonl", data=tmp_path), "nowhere.jsonl")
    refused(dateline(*ask, data=tmp_path / "no.gguf" / "x"), "DATELINE_DATA")


@pytest.mark.threat("W10", n="4 settings of Gradio, an open address without --listen, 2 bad ports")
def test_the_server_refuses_what_would_fail_or_open_too_much(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        refused(dateline("serve", "--port", str(taken.getsockname()[1]), data=tmp_path), "--port", "in use")
    refused(dateline("serve", "--host", "0.0.0.0", data=tmp_path), "--listen")
    refused(dateline("serve", "--port", "70000", data=tmp_path), "70000")
    for name in ("GRADIO_SHARE", "GRADIO_VIBE_MODE", "GRADIO_ALLOWED_PATHS", "GRADIO_MCP_SERVER"):
        refused(dateline("serve", data=tmp_path, **{name: "1"}), name, "unset")
