"""Nothing is asked of other computers, and no log or file of Dateline's own shows others what was said."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import ROOT
from serving import free_port

MARK = "zyxomarkle"
BODY = f"The ferry of {MARK} cost 34 million crowns, the harbour master said on Thursday evening in Corrin."
_IN_NAMESPACE = [
    "unshare",
    "--user",
    "--map-root-user",
    "--net",
    "sh",
    "-c",
    'ip link set lo up && exec "$@"',
    "sh",
]


def network_namespace() -> list[str]:
    """Return the command that runs another one without any network but loopback, or skip the test."""
    if not (shutil.which("unshare") and shutil.which("ip")):
        pytest.skip("unshare and ip (util-linux, iproute2) are not installed")
    probe = subprocess.run([*_IN_NAMESPACE, "true"], capture_output=True, text=True)
    if probe.returncode:
        pytest.skip(f"a network namespace is not permitted here: {probe.stderr.strip()}")
    return _IN_NAMESPACE


@pytest.mark.threat(
    "S1",
    "S2",
    "S4",
    "W11",
    n="add, ask, evaluate and serve in a network namespace, with an audit hook; a marked word on 11 paths",
)
def test_without_a_network_all_works_nothing_is_sent_and_nothing_is_logged(tmp_path: Path) -> None:
    article, gold, temporary = tmp_path / "ferry.md", tmp_path / "gold.jsonl", tmp_path / "tmp"
    temporary.mkdir()
    article.write_text(
        f"---\ntitle: Ferry of {MARK}\npublisher: Corrin Wire\ndate: 2020-02-03\n---\n{BODY}\n"
    )
    question = "What did the ferry cost?"
    gold.write_text(json.dumps({"question": question, "answers": ["34 million"]}) + "\n")
    tracing = {
        "LANGSMITH_TRACING": "true",
        "LANGSMITH_API_KEY": "x",
        "HF_HUB_OFFLINE": "0",
        "HTTPS_PROXY": "http://10.9.9.9:1",
    }
    environment = {**os.environ, **tracing, "DATELINE_DATA": str(tmp_path / "data"), "TMPDIR": str(temporary)}
    script = [sys.executable, "tests/offline_process.py"]
    values = [str(tmp_path), str(article), question, str(gold), str(free_port()), MARK]
    command = [*network_namespace(), *script, *values]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=400)
    log = (tmp_path / "log").read_text() if (tmp_path / "log").exists() else ""
    assert done.stdout.splitlines()[-1:] == ["[]"], done.stdout[-500:] + done.stderr[-3000:] + log[-3000:]
    assert all(line in done.stdout for line in ("add 0", "ask 0", "evaluate 0", "served", "serve 0")), (
        done.stdout,
        done.stderr[-3000:],
        log[-3000:],
    )
    assert MARK not in log and "34 million" not in log and "lanterns" not in log and question not in log, log
    assert "ValueError at " in log  # what failed inside is there, without its message
    mine = [path for path in (tmp_path / "data").rglob("*")]
    assert {path.name for path in mine} >= {"collection.sqlite"} and not [
        path
        for path in mine
        if path.is_file() and path.stat().st_mode & 0o077 and path.name != "collection.writer"
    ]
    left = [path for path in temporary.rglob("*") if path.is_file() and MARK.encode() in path.read_bytes()]
    assert not left and not (tmp_path / "data").stat().st_mode & 0o077
