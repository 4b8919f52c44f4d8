from itertools import combinations
from unittest.mock import Mock

import pytest
from conftest import article

from corpus.store import duplicates
from corpus.store.database import Store
from corpus.store.duplicates import find_near_duplicates
from embeddings.library import Library

BODY = "The council said on Thursday that the ferry would cost 61 million crowns by the time it sails. Anna Holm, the mayor, agreed with it. Nobody else did, and the harbour office had no comment on the figure or on the date of the first crossing."


def test_the_sample_holds_one_pair_that_differs_in_one_number(sample: Library) -> None:
    (pair,) = find_near_duplicates(sample.store.articles())
    assert {pair.first.publisher, pair.second.publisher} == {"Meridian Wire", "Kestrel Bay Times"}
    assert [{item.first, item.second} for item in pair.differences] == [{"61", "67"}] and pair.differences[
        0
    ].is_material


def test_differences_in_numbers_and_names_are_material() -> None:
    def differences(changed: str) -> list[tuple[str, str, bool]]:
        (pair,) = find_near_duplicates([article(body=BODY), article(body=changed)])
        return [(item.first, item.second, item.is_material) for item in pair.differences]

    assert differences(BODY.replace("61 million", "67 million")) == [("61", "67", True)]
    assert differences(BODY.replace("Anna Holm", "Eva Holm")) == [("Anna", "Eva", True)]
    assert differences(BODY.replace("no comment", "nothing to say")) == [
        ("no comment", "nothing to say", False)
    ]
    assert differences(BODY.replace(" Nobody else did,", "")) != []


def test_unrelated_articles_are_no_near_duplicates(store: Store) -> None:
    others = [
        article(
            body=f"Otters number {n} swim in the bay and eat fish of the {n}th kind, while the sun shines on {n * 7} boats."
        )
        for n in range(3)
    ]
    assert not [
        pair
        for pair in find_near_duplicates([article(body=BODY), *others])
        if BODY in (pair.first.body, pair.second.body)
    ]


def test_few_of_the_pairs_of_many_articles_are_compared(monkeypatch: pytest.MonkeyPatch) -> None:
    many = [
        article(body=" ".join(f"word{(n * 31 + k * 17) % 9973}" for k in range(300)) + f". Number {n}.")
        for n in range(1000)
    ]
    compare = Mock(wraps=duplicates._compare)
    monkeypatch.setattr(duplicates, "_compare", compare)
    list(find_near_duplicates(many))
    assert compare.call_count < len(list(combinations(many, 2))) / 10
