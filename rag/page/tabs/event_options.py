"""Options that the page's Gradio events share: which queue they wait in, and that no script may call them."""

from typing import Any

PRIVATE: dict[str, Any] = {"api_visibility": "private", "show_progress": "hidden"}
# All may be answered at once: each waits its turn for the evidence, and then for the model, so that nobody
# waits for evidence behind the model.
ANSWER: dict[str, Any] = {"concurrency_id": "answers", **PRIVATE}
CHANGE: dict[str, Any] = {"concurrency_id": "changes", "concurrency_limit": 1, **PRIVATE}
# One queue, so that views of the collection are answered in order: a search typed while the tab is still
# loading is shown last. A view that is asked for while an older one is still drawn is drawn after it: by
# default Gradio would drop it, and the page would go on showing what has changed since.
VIEW: dict[str, Any] = {
    "concurrency_id": "views",
    "concurrency_limit": 1,
    "trigger_mode": "always_last",
    **PRIVATE,
}
# Looking on at work that goes on by itself holds up nothing.
WATCH: dict[str, Any] = {"concurrency_id": "watching", "concurrency_limit": None, **PRIVATE}
EVALUATE: dict[str, Any] = {"concurrency_id": "evaluation", "concurrency_limit": 1, **PRIVATE}
