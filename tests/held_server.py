"""`python app.py` for tests: a list of the collection waits before it is sent, while the file HELD_WHILE_EXISTS exists.

`HELD_WHILE_EXISTS` with the ending `.held` is written when a list waits.
"""

import os
import sys
import time
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent.parent))

from rag.cli.main import main
from rag.page.tabs.collection_tab import CollectionTab

_draw = CollectionTab.refresh


def _draw_and_wait(tab: CollectionTab, *options: Any) -> tuple[Any, ...]:
    drawn, hold = _draw(tab, *options), Path(os.environ["HELD_WHILE_EXISTS"])
    while hold.exists():
        hold.with_suffix(".held").touch()
        time.sleep(0.01)
    return drawn


if __name__ == "__main__":
    CollectionTab.refresh = _draw_and_wait  # type: ignore[method-assign]
    sys.exit(main(["serve", *sys.argv[1:]]))
