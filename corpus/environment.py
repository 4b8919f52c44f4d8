"""Environment variables that keep the libraries offline and silent, set before any of them is imported."""

import os

_SETTINGS = {
    "GRADIO_ANALYTICS_ENABLED": "False",
    "GRADIO_RUN_HISTORY": "False",
    "HF_HUB_OFFLINE": "1",
    "TRANSFORMERS_OFFLINE": "1",
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "HF_HUB_DISABLE_UPDATE_CHECK": "1",
    "DO_NOT_TRACK": "1",
    "LANGSMITH_TRACING": "false",
    "LANGCHAIN_TRACING_V2": "false",
    "ANONYMIZED_TELEMETRY": "False",
    "TOKENIZERS_PARALLELISM": "false",
    "GGML_NO_BACKTRACE": "1",
    "RAY_USAGE_STATS_ENABLED": "0",
    "PYTHON_DOTENV_DISABLED": "1",  # pymilvus would read a file ".env" of any folder above its own
}
_UNSET = ("LANGSMITH_API_KEY", "LANGSMITH_ENDPOINT", "LANGCHAIN_API_KEY", "LANGCHAIN_ENDPOINT")


def set_offline_environment() -> None:
    """Disable telemetry, tracing and hub access for this process and its children.

    What the user's environment says about them is overridden.
    """
    os.environ.update(_SETTINGS)
    for name in _UNSET:
        os.environ.pop(name, None)
    # Spinning thread pools make two busy processes 20-40 times slower; torch and OpenMP read this at import.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    # oneDNN keeps compiled code for each shape that it multiplies in bfloat16, and torch another cache of it
    # in each thread, each for 1,024 shapes: texts have many lengths, so memory grew without end.
    os.environ.setdefault("ONEDNN_PRIMITIVE_CACHE_CAPACITY", "16")
    os.environ.setdefault("LRU_CACHE_CAPACITY", "16")
