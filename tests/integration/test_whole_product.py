"""`python -m bot run` as an operator starts it: where it is, what it answers, how it ends."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.doubles.whole_product import ROOT, WholeProduct

WAITING = "4200002611202611200000000101"


@pytest.fixture(scope="module")
def product(model: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[WholeProduct]:
    """The product, started once."""
    with WholeProduct(tmp_path_factory.mktemp("product")) as running:
        yield running


def test_it_says_where_it_is(product: WholeProduct) -> None:
    said = "".join(product.output)
    assert f"web chat   {product.url}/" in said
    assert f"{product.url}/console/setup/" in product.setup_link
    assert product.sandbox_url.startswith("http://127.0.0.1:")
    assert "Traceback" not in said


def test_it_is_ready_when_it_says_so(product: WholeProduct) -> None:
    assert httpx.get(f"{product.url}/readyz").status_code == 200


def test_a_payment_is_looked_up_in_the_sandbox(product: WholeProduct) -> None:
    [reply] = product.says("anna", WAITING)
    assert reply["text"].startswith("尾号 000101 的缴费：")


def test_a_taken_address_is_named_and_ends_the_start() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        ended = subprocess.run(
            [sys.executable, "-m", "bot", "run"],
            cwd=ROOT,
            env={**os.environ, "HTTP_PORT": str(port)},
            capture_output=True,
            text=True,
            timeout=60,
        )
    assert ended.returncode == 1
    assert f"127.0.0.1:{port}" in ended.stdout
    assert "HTTP_PORT" in ended.stdout


def test_several_workers_on_a_database_in_memory_are_refused_in_plain_words(tmp_path: Path) -> None:
    ended = subprocess.run(
        [sys.executable, "-m", "bot", "run"],
        cwd=ROOT,
        env={**os.environ, "WORKERS": "2", "DATABASE_URL": "sqlite://", "DATA_DIR": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert ended.returncode == 2
    assert "WORKERS: more than one process needs a database that they share" in ended.stderr
    assert not list(tmp_path.iterdir())


def test_it_stops_at_once_with_status_0(product: WholeProduct) -> None:
    assert product.stop() < 10
    assert product.status == 0
