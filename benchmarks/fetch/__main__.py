"""Fetch public sets into the folder that benchmarks and training read.

    python -m benchmarks.fetch [NAME ...] [--to FOLDER] [--mirror http://host]

Without names, all of them. What is there already is not fetched again. Each file is compared with what the
committed figures were measured on. A mirror serves https://HOST/PATH as MIRROR/HOST/PATH.
"""

import argparse
import gzip
import json
import sys
import urllib.request
from hashlib import sha256
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent.parent))

from tqdm import tqdm

from benchmarks.fetch.forms import FORMS
from benchmarks.fetch.sources import COPY, SETS, PublicFile
from benchmarks.public_sets import DATA

_TIMEOUT = 60  # seconds without a byte


class FetchError(OSError):
    """A set could not be fetched; the message is one sentence with the remedy."""


def fetch(file: PublicFile, folder: Path, mirror: str | None) -> bool:
    """Write one file under `folder`, whole or not at all; return True if it holds what was measured on.

    Raises:
        FetchError: its address cannot be reached, or what it serves is not in the published form.
    """
    content = _download(file.url, mirror)
    if file.form == COPY:
        digest, written = sha256(content).hexdigest(), content
    else:
        try:
            entries = FORMS[file.form](content.decode("utf-8"))
        except (ValueError, KeyError, IndexError, TypeError) as error:
            raise FetchError(
                f"{file.url} is not in the form {file.form!r} ({type(error).__name__}: {error}); it may have been "
                "published anew: compare it with benchmarks/fetch/sources.json"
            ) from error
        digest = sha256(
            "\n".join(json.dumps(entry, sort_keys=True) for entry in entries).encode()
        ).hexdigest()
        written = "".join(json.dumps(entry, ensure_ascii=False) + "\n" for entry in entries).encode()
    path = folder / file.file
    path.parent.mkdir(parents=True, exist_ok=True)
    new = path.with_name(f"{path.name}.new")
    new.write_bytes(gzip.compress(written, mtime=0))
    new.replace(path)
    return digest == file.sha256


def _download(url: str, mirror: str | None) -> bytes:
    address = f"{mirror.rstrip('/')}/{url.removeprefix('https://')}" if mirror else url
    try:
        with urllib.request.urlopen(address, timeout=_TIMEOUT) as answer:
            content: bytes = answer.read()
    except OSError as error:  # urllib's own errors are OSErrors too
        raise FetchError(
            f"cannot fetch {address} ({getattr(error, 'reason', None) or error}); run this where there is a network and "
            f"copy the folder, or name a copy of the files with --mirror"
        ) from error
    return content


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(SETS)}")
    parser.add_argument("--to", type=Path, default=DATA, help="folder for the sets (default: %(default)s)")
    parser.add_argument("--mirror", help="address of a server that holds copies of the files")
    options = parser.parse_args()
    unknown = [name for name in options.names if name not in SETS]
    if unknown:
        parser.error(f"no set is called {unknown[0]}; the sets are {', '.join(SETS)}")
    wanted = [file for name in options.names or SETS for file in SETS[name].files]
    missing = [file for file in wanted if not (options.to / file.file).exists()]
    try:
        others = [
            file.file
            for file in tqdm(missing, unit=" files", disable=None)
            if not fetch(file, options.to, options.mirror)
        ]
    except FetchError as error:
        sys.exit(f"{error}")
    for name in others:
        print(f"{name} is not what the committed figures were measured on; do not compare them")
    print(f"{len(missing)} of {len(wanted)} files fetched to {options.to}, the others were there")


if __name__ == "__main__":
    main()
