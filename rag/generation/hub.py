"""Find and download the GGUF file of a model on Hugging Face."""

import os
import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath

from rag.generation.model_process import ModelMissing

_HUB_NAME = re.compile(r"(?P<repository>[\w.-]{1,96}/[\w.-]{1,96}):(?P<wanted>[\w./-]{1,200})")
_PART = re.compile(r"(?P<whole>.+)-(?P<part>\d{5})-of-(?P<parts>\d{5})\.gguf")
_LISTED = 20  # limit: files that an error names
Progress = Callable[[str], None]


def is_hub_name(name: str) -> bool:
    """Return whether `name` is a file on Hugging Face rather than a local one."""
    return bool(_HUB_NAME.fullmatch(name)) and not Path(name).exists()


def download_model(name: str, progress: Progress) -> Path:
    """Return the file of a model on Hugging Face, downloaded unless it is in the hub's cache.

    `name` is owner/repository:QUANTISATION, or owner/repository:FILE.gguf. Of a split model all files are
    downloaded, and the first is returned, from which llama.cpp finds the others.

    Raises:
        ModelMissing: There is no such file, there are several, or the network is missing.
    """
    match = _HUB_NAME.fullmatch(name)
    assert match
    repository, wanted = match["repository"], match["wanted"]
    with _online():
        import httpx2  # the HTTP client of huggingface_hub
        from huggingface_hub import HfApi
        from huggingface_hub.errors import HfHubHTTPError, LocalEntryNotFoundError

        try:
            progress(f"looking for {wanted} in {repository} on Hugging Face")
            hub = HfApi()
            files = choose_files(hub.list_repo_files(repository), repository, wanted)
            first, *_ = [Path(hub.hf_hub_download(repository, file)) for file in files]
            return first
        except (HfHubHTTPError, LocalEntryNotFoundError, httpx2.HTTPError, OSError) as error:
            if cached := _cached_files(repository):
                return cached[choose_files(cached, repository, wanted)[0]]
            raise ModelMissing(
                f"DATELINE_MODEL: {repository} cannot be fetched without a network ({type(error).__name__}); "
                f"download a GGUF file of {repository} on a machine with a network "
                "and set DATELINE_MODEL=/path/to/it"
            ) from error


@contextmanager
def _online() -> Iterator[None]:
    """Lift Hugging Face's offline switch (`corpus.environment`) for a model that the user named."""
    os.environ["HF_HUB_OFFLINE"] = "0"
    from huggingface_hub import constants

    constants.HF_HUB_OFFLINE = False
    try:
        yield
    finally:
        os.environ["HF_HUB_OFFLINE"] = "1"
        constants.HF_HUB_OFFLINE = True


def _cached_files(repository: str) -> dict[str, Path]:
    """Return the files of a repository that were downloaded before, by their names there."""
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import LocalEntryNotFoundError

    try:
        folder = Path(snapshot_download(repository, local_files_only=True))
    except LocalEntryNotFoundError:
        return {}
    return {file.relative_to(folder).as_posix(): file for file in folder.rglob("*.gguf")}


def choose_files(names: Iterable[str], repository: str, wanted: str) -> list[str]:
    """Return the one file that is called `wanted`, or whose name ends in that quantisation; or all its parts.

    Raises:
        ModelMissing: None is, or more than one, or parts of it are missing; the message lists what there is.

    >>> choose_files(["m-Q4_K_M.gguf", "m-IQ4_K.gguf", "m-Q4_K.gguf"], "a/m", "Q4_K")
    ['m-Q4_K.gguf']
    >>> choose_files(["m-Q8_0-00002-of-00002.gguf", "m-Q8_0-00001-of-00002.gguf"], "a/m", "q8_0")
    ['m-Q8_0-00001-of-00002.gguf', 'm-Q8_0-00002-of-00002.gguf']
    """
    models: dict[str, list[str]] = defaultdict(list)
    for name in sorted(names):
        # A projector is the eye of a model that reads images, not a model.
        if name.endswith(".gguf") and not PurePosixPath(name).name.startswith("mmproj"):
            part = _PART.fullmatch(name)
            models[f"{part['whole']}.gguf" if part else name].append(name)
    exact = [model for model in models if wanted in (model, PurePosixPath(model).name)]
    found = exact or [model for model in models if _has_quantisation(model, wanted)]
    listed = ", ".join(list(models)[:_LISTED]) + (", ..." if len(models) > _LISTED else "")
    if not found:
        raise ModelMissing(
            f"DATELINE_MODEL: {repository} holds no GGUF file {wanted}; there are: {listed or 'none at all'}"
        )
    if len(found) > 1:
        raise ModelMissing(
            f"DATELINE_MODEL: {repository} holds several files {wanted}: {', '.join(found[:_LISTED])}; "
            f"name one of them: {repository}:{found[0]}"
        )
    files = models[found[0]]
    part = _PART.fullmatch(files[0])
    if part and len(files) != int(part["parts"]):
        raise ModelMissing(
            f"DATELINE_MODEL: {repository} holds {len(files)} of {int(part['parts'])} parts of {found[0]}; "
            f"choose another file; there are: {listed}"
        )
    return files


def _has_quantisation(model: str, wanted: str) -> bool:
    """Return whether a file's name ends in a quantisation, as a word of its own.

    >>> [_has_quantisation(name, "q4_k") for name in ("m-Q4_K.gguf", "q4_k.gguf", "m-IQ4_K.gguf")]
    [True, True, False]
    """
    stem, wanted = PurePosixPath(model).stem.lower(), wanted.lower()
    return stem.endswith(wanted) and stem[: -len(wanted)][-1:] in ("", "-", ".")
