"""Search vectors from a server: the packaged encoder behind `/v1/embeddings`, and servers that fail."""

import base64
import json
from collections.abc import Iterator
from contextlib import closing, contextmanager
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from conftest import ROOT, article, copy_collection
from model_server import send, server_that
from serving import free_port

from corpus.store.connection import StoreError
from corpus.store.database import Store
from embeddings import library as libraries
from embeddings.encoder import Encoder, EncoderError, Fingerprint
from embeddings.ingest import ingest
from embeddings.library import Library
from rag.factory import check_rebuildable, open_encoder, open_library, open_library_over
from rag.generation.prompts import Prompts
from rag.generation.registry import AnswerModel
from rag.retrieval.search import Retriever
from rag.settings import SettingError, Settings


@contextmanager
def embedding_server(
    encoder: Encoder, turned: bool = False, asked: list[list[str]] | None = None, values: int = 384
) -> Iterator[str]:
    """Serve an encoder's vectors, of any length; `turned` makes it another model of the same name."""

    def reply(handler: BaseHTTPRequestHandler, request: dict[str, Any]) -> None:
        assert handler.path == "/v1/embeddings" and len(request["input"]) <= 32
        if asked is not None:
            asked.append(request["input"])
        rows = encoder.encode(request["input"]) * 3
        rows = (rows[:, ::-1] if turned else rows)[:, :values]
        data = [{"object": "embedding", "index": n, "embedding": packed(row)} for n, row in enumerate(rows)]
        usage = {"prompt_tokens": 1, "total_tokens": 1}
        whole = {"object": "list", "data": data, "model": request["model"], "usage": usage}
        send(handler, json.dumps(whole).encode(), "application/json")

    def packed(row: np.ndarray) -> str | list[float]:
        """Half of the servers that there are ignore that the client asks for base64."""
        return [float(value) for value in row] if turned else base64.b64encode(row.astype("<f4")).decode()

    with server_that(reply) as address:
        yield address


def test_vectors_of_a_server_find_what_the_same_encoder_finds_here(
    sample: Library, encoder: Encoder, tmp_path: Path
) -> None:
    asked: list[list[str]] = []
    folder = copy_collection(sample.store.path.parent, tmp_path / "data")
    question = "Which ferry was late, and why?"
    with embedding_server(encoder, asked=asked) as address:
        settings = Settings(data=folder, encoder=address, threads=1)
        with pytest.raises(StoreError, match="were made by all-MiniLM-L6-v2, and not by small as it is now"):
            open_library(settings)
        with closing(Store(folder)) as store:
            count = len([*libraries.rebuild(store, open_encoder(settings))])
            library = open_library_over(store, settings)
            found = Retriever(library=library, k=8).search_text(question)
            here = Retriever(library=sample, k=8).search_text(question)
            assert count == sample.coverage().articles
            assert [hit.passage.text for hit in found] == [hit.passage.text for hit in here]
            # Passages and questions go to the server, the sentences of evidence do not.
            assert ["Which ferry was late", "why?"] not in asked and any(question in texts for texts in asked)
            before = len(asked)
            from rag.assistant import Assistant

            answer = Assistant(Retriever(library=library, k=8), AnswerModel("none", None), Prompts()).ask(
                "When did Notre-Dame reopen?"
            )
            assert answer.statements and sum(map(len, asked[before:])) <= 2


def test_another_model_is_refused_and_the_same_one_elsewhere_is_not(encoder: Encoder, tmp_path: Path) -> None:
    """The address may change; a model of the same name with other vectors is known by the canaries."""
    settings = [Settings(data=tmp_path, encoder="", threads=1)]
    with embedding_server(encoder) as first, embedding_server(encoder) as moved:
        for address in (first, moved):
            settings = [Settings(data=tmp_path, encoder=address, threads=1)]
            library = open_library(settings[0])
            library.add(article(), "raw", "0" * 64)
            stored = Fingerprint.from_json(library.store.get_property("encoder") or "")
            assert (stored.name, stored.weights, stored.dimension) == ("small", "", 384)
            library.store.close()
    with embedding_server(encoder, turned=True) as other:
        changed = Settings(data=tmp_path, encoder=other, threads=1)
        with pytest.raises(
            StoreError, match=r"made by small, and not by small as it is now.*dateline rebuild"
        ):
            open_library(changed)
        with closing(Store(tmp_path)) as store:
            assert len([*libraries.rebuild(store, open_encoder(changed))]) == 1
            assert open_library_over(store, changed).search_by_vector(
                open_encoder(changed).encode_queries(["council plan cost"])[0], 1
            )


def test_a_collection_is_not_rebuilt_with_vectors_of_another_dimension(
    encoder: Encoder, tmp_path: Path
) -> None:
    open_library(Settings(data=tmp_path, threads=1)).store.close()
    with embedding_server(encoder, values=128) as address, closing(Store(tmp_path)) as store:
        small = open_encoder(Settings(data=tmp_path, encoder=address, threads=1))
        with pytest.raises(StoreError, match=r"384 values and those of small 128; run: dateline export"):
            check_rebuildable(store, small)
        assert small.encode_queries([]).shape == (0, 128) and small.encode(["Evidence."]).shape == (1, 384)
        assert len(small.embed_query("A ferry")) == len(small.embed_documents(["A ferry"])[0]) == 128


def test_what_a_server_does_wrong_is_one_sentence_with_the_remedy(tmp_path: Path) -> None:
    def failing(status: int, body: bytes) -> Any:
        return lambda handler, request: send(handler, body, "application/json", status)

    for reply, why in (
        (failing(401, b"{}"), "refuses the key; set OPENAI_API_KEY"),
        (
            failing(404, b"{}"),
            "has no model small, or its address should end in /v1; correct DATELINE_ENCODER",
        ),
        (failing(200, b"<html>"), "does not answer as an OpenAI-compatible server does"),
        (failing(200, b'{"data": []}'), "does not answer|gave vectors of shape"),
        (failing(200, b'{"data": [{"embedding": [0.0, 0.0]}]}'), "or empty ones"),
        (failing(200, b'{"data": [{"embedding": [1.0]}, {"embedding": [1.0]}]}'), r"\(2, 1\) where \(1, 1\)"),
    ):
        with server_that(reply) as address, pytest.raises(EncoderError, match=why):
            open_encoder(Settings(encoder=address, threads=1))
    nobody = f"openai:small@http://ada:kestrel@127.0.0.1:{free_port()}/v1?key=bay"
    with pytest.raises(
        EncoderError, match="cannot be reached; start it, or correct DATELINE_ENCODER"
    ) as caught:
        open_encoder(Settings(encoder=nobody, threads=1))
    assert not any(secret in str(caught.value) for secret in ("ada", "kestrel", "bay"))
    with pytest.raises(SettingError, match="it should be packaged, or openai:NAME@http"):
        open_encoder(Settings(encoder="fast"))


def test_a_server_that_comes_back_is_asked_again(encoder: Encoder, tmp_path: Path) -> None:
    """A question while it is away is an error that says why; the next one is answered."""
    away = [False]

    def reply(handler: BaseHTTPRequestHandler, request: dict[str, Any]) -> None:
        if away[0]:
            send(handler, b'{"error": {"message": "loading"}}', "application/json", 400)
            return
        rows = [
            {"index": n, "embedding": [float(v) for v in row]}
            for n, row in enumerate(encoder.encode(request["input"]))
        ]
        send(handler, json.dumps({"data": rows}).encode(), "application/json")

    with server_that(reply) as address:
        library = open_library(Settings(data=tmp_path, encoder=address, threads=1))
        [*_] = ingest(library, next((ROOT / "corpus/articles").glob("*.*")))
        search = Retriever(library=library, k=3).search_text
        found = [hit.passage.text for hit in search("What happened?")]
        away[0] = True
        with pytest.raises(EncoderError, match=r"refuses the request .*loading"):
            search("What happened?")
        away[0] = False
        assert [hit.passage.text for hit in search("What happened?")] == found
        library.store.close()
