"""Ask from many sides at once, and count crossed and lost answers: `python -m benchmarks.askers ADDRESS ...`

Each asker has questions of its own, whose answers name it ("asker 7, question 3"), and asks one after the other,
each at the next of the addresses. An answer is crossed if it is to another question, or has other evidence than the
same question had the first time; it is lost if none comes. A full queue (503) is asked again, as it says.

    dateline serve --port 7861 & dateline serve --port 7862 &     # over one DATELINE_DATA
    python -m benchmarks.askers http://127.0.0.1:7861 http://127.0.0.1:7862 --askers 50 --seconds 300
"""

import argparse
import json
import re
import time
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from statistics import median
from typing import Any

import httpx

TOPICS = {
    "When did Notre-Dame reopen?": "Notre-Dame",
    "Why was the opening of Berlin airport called off in May 2012?": "Berlin",
    "What does HS2 cost?": "HS2",
    "What does the Kestrel Bay ferry cost?": "erry",
}
_TIMEOUT = 120.0


@dataclass
class Done:
    """What became of the questions."""

    answered: int = 0
    crossed: int = 0
    lost: int = 0
    full: int = 0
    by_address: Counter[str] = field(default_factory=Counter)
    seconds: list[float] = field(default_factory=list)

    def __str__(self) -> str:
        times = sorted(self.seconds)
        shown = (
            f"median {median(times):.2f} s, 95th percentile {times[int(len(times) * 0.95)]:.2f} s"
            if times
            else ""
        )
        by = ", ".join(f"{address}: {count}" for address, count in self.by_address.items())
        return (
            f"{self.answered} answered ({by}), {self.crossed} crossed, {self.lost} lost; "
            f"{self.full} times a queue was full; {shown}"
        )


def ask(address: str, question: str, cookies: httpx.Cookies | None = None) -> dict[str, Any]:
    """Return the answer to a question; raise httpx.HTTPError or ValueError if none comes."""
    calls = f"{address}/gradio_api/call/ask"
    with httpx.Client(cookies=cookies, timeout=_TIMEOUT) as client:
        reply = client.post(calls, json={"data": [question, None, None]})
        reply.raise_for_status()
        text = client.get(f"{calls}/{reply.json()['event_id']}").text
    if "event: complete" not in text:
        raise ValueError(text[-200:])
    (answer,) = json.loads(re.findall(r"^data: (.*)$", text, re.MULTILINE)[-1])
    return dict(answer)


def ask_together(
    addresses: Sequence[str], askers: int, seconds: float, cookies: httpx.Cookies | None = None
) -> Done:
    """Have several askers ask for some seconds, and return what became of their questions."""
    deadline, topics = time.monotonic() + seconds, list(TOPICS)
    first: dict[str, list[str]] = {}

    def keep_asking(asker: int) -> Done:
        done, n = Done(), 0
        while time.monotonic() < deadline:
            topic, address = topics[(asker + n) % len(topics)], addresses[(asker + n) % len(addresses)]
            question = f"{topic} (asker {asker}, question {n})" if n % 2 else topic
            began = time.monotonic()
            try:
                answer = ask(address, question, cookies)
            except httpx.HTTPStatusError as error:
                if error.response.status_code != 503:
                    done.lost += 1
                    n += 1
                    continue
                done.full += 1
                time.sleep(0.5)
                continue
            except (httpx.HTTPError, ValueError):
                done.lost += 1
                n += 1
                continue
            done.seconds.append(time.monotonic() - began)
            done.answered += 1
            done.by_address[address] += 1
            evidence = [item["headline"] for item in answer["evidence"]]
            wrong = answer["question"] != question or not any(TOPICS[topic] in name for name in evidence)
            done.crossed += wrong or first.setdefault(question, evidence) != evidence
            n += 1
        return done

    total = Done()
    with ThreadPoolExecutor(askers) as pool:
        for done in pool.map(keep_asking, range(askers)):
            total.answered += done.answered
            total.crossed += done.crossed
            total.lost += done.lost
            total.full += done.full
            total.by_address += done.by_address
            total.seconds += done.seconds
    return total


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("addresses", nargs="+")
    parser.add_argument("--askers", type=int, default=50)
    parser.add_argument("--seconds", type=float, default=300)
    given = parser.parse_args()
    print(ask_together(given.addresses, given.askers, given.seconds))


if __name__ == "__main__":
    main()
