"""A model's worker for tests: it speaks the protocol of `rag.generation.worker` and answers with the last message.

Some words are accidents: what follows them is not said.
"""

import json
import os
import sys
import threading
import time
from queue import SimpleQueue
from typing import Any

cancelled = -1
requests: "SimpleQueue[dict[str, Any] | None]" = SimpleQueue()


def send(**message: Any) -> None:
    write(json.dumps(message) + "\n")


def write(text: str) -> None:
    sys.stdout.write(text)
    sys.stdout.flush()


def read() -> None:
    global cancelled
    for line in sys.stdin:
        request = json.loads(line)
        if "cancel" in request:
            cancelled = request["cancel"]
        else:
            requests.put(request)
    requests.put(None)


def suffer(word: str) -> None:
    if word == "EXIT":
        os._exit(3)
    elif word in ("KILLED", "HANG"):
        time.sleep(600)
    elif word == "RUBBISH":
        write("\x00\xff\u2028 not JSON {{{\n")
        time.sleep(600)
    elif word == "HALF-A-LINE":
        write('{"id": 1, "te')
        os._exit(0)
    elif word == "ENDLESS-LINE":
        while True:
            write("a" * 1_000_000)
    elif word == "NOT-AN-EVENT":
        write("[1, 2]\n")
        time.sleep(600)
    elif word == "MEMORY":
        time.sleep(1)  # until the limit is set
        send(id=0, text=str(bytearray(64 << 20))[:1])


def main() -> None:
    threading.Thread(target=read, daemon=True).start()
    send(ready={"name": "small", "context": 512})
    while (request := requests.get()) is not None:
        number, words = request["id"], request["messages"][-1]["content"].split()
        said = 0
        for word in words[: request["max_tokens"]]:
            if number <= cancelled:
                break
            suffer(word)
            send(id=number, text=f"{word} ")
            said += 1
        send(id=number, done="cancelled" if number <= cancelled else "finished", read=len(words), tokens=said)


if __name__ == "__main__":
    main()
