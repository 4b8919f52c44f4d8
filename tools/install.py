"""Install Dateline into a virtual environment: `python tools/install.py .venv`; `make` does this by itself.

llama-cpp-python is published as source alone, ten minutes of compiling, and torch for Linux with several
GB of GPU libraries. Their makers keep smaller, finished wheels on indexes of their own; these are tried
first, for a few seconds, and nothing depends on them. Nothing else is installed yet, so this uses Python's
standard library alone.
"""

import argparse
import os
import re
import subprocess
import sys
import tempfile
import time
import venv
from contextlib import suppress
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LLAMA_WHEELS = "https://abetlen.github.io/llama-cpp-python/whl/cpu"
TORCH_WHEELS = "https://download.pytorch.org/whl/cpu"


class InstallError(RuntimeError):
    """pip could not install something; the message holds the end of what it printed."""


def install(environment: Path, requirements: Path = ROOT / "requirements.txt") -> None:
    """Install Dateline, editable, into a virtual environment that is made where there is none.

    Raises InstallError, with pip's own last lines.
    """
    if not (environment / "pyvenv.cfg").exists():
        venv.create(environment, with_pip=True)
    python = python_of(environment)
    torch, llama = (pinned(name, requirements) for name in ("torch", "llama-cpp-python"))
    if sys.platform == "linux" and not installed(python, torch):
        install_wheel(python, torch, TORCH_WHEELS)
    if not installed(python, llama) and not install_wheel(python, llama, LLAMA_WHEELS):
        compile_llama(python, llama)
    run_pip(python, "Dateline and the other packages", ["--editable", str(ROOT)])


def compile_llama(python: Path, llama: str) -> None:
    """Build llama-cpp-python without the models that read pictures, or take what pip built before."""
    how = "from pip's cache" if cached(python, llama) else "is compiled once, about ten minutes"
    flags = f"-DLLAVA_BUILD=OFF {os.environ.get('CMAKE_ARGS', '')}".strip()
    run_pip(python, f"{llama.replace('==', ' ')} {how}", [llama], {"CMAKE_ARGS": flags})


def python_of(environment: Path) -> Path:
    """Return the path of a virtual environment's interpreter."""
    return environment / ("Scripts/python.exe" if os.name == "nt" else "bin/python")


def pinned(name: str, requirements: Path) -> str:
    """Return "name==version" as a requirements file states it."""
    match = re.search(rf"^{re.escape(name)}==\S+", requirements.read_text("utf-8"), re.MULTILINE)
    if not match:
        raise InstallError(f"{requirements.name} pins no version of {name}")
    return match[0]


def installed(python: Path, requirement: str) -> bool:
    """Whether an environment has exactly this version."""
    name, version = requirement.split("==")
    code = f"import importlib.metadata as m; print(m.version({name!r}).split('+')[0])"
    found = subprocess.run([python, "-c", code], capture_output=True, text=True)
    return found.stdout.strip() == version


def cached(python: Path, requirement: str) -> bool:
    """Whether pip's cache holds the wheel that an earlier run compiled."""
    pattern = requirement.replace("-", "_").replace("==", "-")
    found = subprocess.run([python, "-m", "pip", "cache", "list", pattern], capture_output=True, text=True)
    return f"{pattern}-" in found.stdout


def install_wheel(python: Path, requirement: str, index: str) -> bool:
    """Try to install a package as a finished wheel from an index, and say whether it worked.

    An index that cannot be reached, or has no wheel of this version for this machine, costs a few seconds.
    """
    options = [
        "--no-deps",
        "--only-binary",
        ":all:",
        "--index-url",
        index,
        "--timeout",
        "5",
        "--retries",
        "0",
    ]
    try:
        run_pip(python, requirement.replace("==", " "), [*options, requirement])
    except InstallError:
        return False
    return True


def run_pip(python: Path, what: str, arguments: list[str], variables: dict[str, str] | None = None) -> None:
    """Run `pip install`, showing what is installed and for how long, and none of what pip prints.

    Raises InstallError with the end of that, if it fails.
    """
    command = [python, "-m", "pip", "install", "--disable-pip-version-check", "--no-input", *arguments]
    started = time.monotonic()
    with tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace") as output:
        with subprocess.Popen(
            command, stdout=output, stderr=subprocess.STDOUT, env={**os.environ, **(variables or {})}
        ) as pip:
            while pip.poll() is None:
                show(what, time.monotonic() - started)
                with suppress(subprocess.TimeoutExpired):
                    pip.wait(timeout=1)
        show("", 0)
        if pip.returncode:
            output.seek(0)
            last = output.read().strip().splitlines()[-20:]
            raise InstallError("\n".join([f"pip could not install {what}:", *last]))


def show(what: str, seconds: float) -> None:
    """Rewrite the terminal's last line; in a file, write one line for what has begun."""
    if sys.stderr.isatty():
        line = f"  {what}  {seconds // 60:.0f}:{seconds % 60:02.0f}" if what else ""
        print(f"\r\x1b[K{line}", end="", file=sys.stderr, flush=True)
    elif what and seconds < 0.1:
        print(f"  {what}", file=sys.stderr, flush=True)


def main() -> None:
    """Read the command line and install."""
    parser = argparse.ArgumentParser(description="Install Dateline into a virtual environment.")
    parser.add_argument("environment", type=Path, nargs="?", default=ROOT / ".venv")
    environment = parser.parse_args().environment
    if sys.version_info < (3, 11):  # noqa: UP036 - nothing else has looked yet
        sys.exit("Dateline needs Python 3.11 or newer; run: make PYTHON=/path/to/python3.11 run")
    print(f"Installing Dateline into {environment}", file=sys.stderr)
    try:
        install(environment)
    except InstallError as error:
        sys.exit(str(error))
    except KeyboardInterrupt:
        sys.exit("\nStopped; run it again to go on")


if __name__ == "__main__":
    main()
