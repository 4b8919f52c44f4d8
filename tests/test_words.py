import sys
from concurrent.futures import ThreadPoolExecutor

import snowballstemmer

from corpus.words import _cached_stem, stem


def test_stemming_is_thread_safe() -> None:
    words = [
        f"{start}{middle}{end}"
        for start in "bcdfgklmnprst"
        for middle in ("ation", "inter", "oppo", "ulat")
        for end in ("ing", "ness", "fully", "ed")
    ]
    alone = snowballstemmer.stemmer("english")
    right = [alone.stemWord(word) for word in words]
    pause = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        for _ in range(5):
            _cached_stem.cache_clear()
            with ThreadPoolExecutor(8) as pool:
                assert all(
                    found == right for found in pool.map(lambda _: [stem(word) for word in words], range(8))
                )
    finally:
        sys.setswitchinterval(pause)
