"""Helpers for tests over Milvus Lite: an index in a file, and a server that can be stopped."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from corpus.store.database import Store

if TYPE_CHECKING:
    from embeddings.milvus_index import MilvusIndex

WHY = "pip install -r requirements-milvus.txt"


@contextmanager
def milvus_index(store: Store, folder: Path, dimension: int = 384) -> "Iterator[MilvusIndex]":
    """Give an index of a store in a file of Milvus Lite, whose server ends with the block."""
    pytest.importorskip("pymilvus", reason=WHY)
    lite = pytest.importorskip("milvus_lite.server_manager", reason=WHY)
    from embeddings.milvus_index import MilvusIndex

    file = str(folder / "milvus.db")
    index = MilvusIndex(store, dimension, file)
    try:
        yield index
    finally:
        index.close()
        lite.server_manager_instance.release_server(file)


def start_server(folder: Path, port: int) -> "subprocess.Popen[bytes]":
    """Start Milvus Lite's server over a folder, which outlives it, and wait until it answers."""
    import grpc

    command = [sys.executable, "-m", "milvus_lite", "server", "--data-dir", str(folder), "--port", str(port)]
    process = subprocess.Popen(command, env={**os.environ, "PYTHONWARNINGS": ""})
    with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
        try:
            grpc.channel_ready_future(channel).result(timeout=60)
        except grpc.FutureTimeoutError:
            process.kill()
            raise
    return process
