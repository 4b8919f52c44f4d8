"""Parse the JSON-LD of web pages, in which sites state what a page is and who made it."""

import json
from collections.abc import Iterable, Iterator
from typing import Any

_ORGANISATIONS = ("Organization", "Corporation")


def linked_objects(scripts: Iterable[str]) -> Iterator[dict[str, Any]]:
    """Yield each object in the JSON-LD of a page, however deep; what is not JSON holds none.

    >>> [item.get("name") for item in linked_objects(['{"publisher": {"name": "Harbour News"}}'])]
    [None, 'Harbour News']
    """
    for script in scripts:
        try:
            waiting = [json.loads(script)]
        except (ValueError, RecursionError):
            continue
        for value in waiting:
            if isinstance(value, dict):
                yield value
            waiting += value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()


def organisation_names(objects: Iterable[dict[str, Any]]) -> set[str]:
    """Return the names of the companies among linked objects, in the case in which they are written."""
    return {
        item["name"]
        for item in objects
        if isinstance(item.get("name"), str) and str(item.get("@type")).endswith(_ORGANISATIONS)
    }


def author_names(objects: Iterable[dict[str, Any]]) -> list[str]:
    """Return the names of the people whom linked objects name as authors."""
    people = [
        author
        for item in objects
        for author in (item["author"] if isinstance(item.get("author"), list) else [item.get("author")])
        if isinstance(author, dict) and author.get("@type") == "Person"
    ]
    return list(dict.fromkeys(person["name"] for person in people if isinstance(person.get("name"), str)))
