"""A disk that is really full: a small one of the test's own, filled to the last byte."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.doubles.bot_api import BotApi
from tests.doubles.telegram_product import telegram_product
from tests.doubles.whole_product import WholeProduct, texts

pytestmark = [pytest.mark.faults, pytest.mark.timeout(240)]

SIZE = "16m"
STOP_SECONDS = 10.0


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of its own, with room for a young database and little more."""
    place = tmp_path / "disk"
    place.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={SIZE}", "tmpfs", str(place)], check=False)
    if mounted.returncode:
        pytest.skip("mounting needs root")
    yield place
    subprocess.run(["umount", "--lazy", str(place)], check=True)


class Ballast:
    """A file that takes all the room there is."""

    def __init__(self, disk: Path) -> None:
        self._file = disk / "ballast"

    def load(self) -> None:
        """From now on there is no byte left."""
        with self._file.open("ab", buffering=0) as file:
            for size in (1 << 16, 1 << 10, 1):
                self._fill(file, b"." * size)
        assert shutil.disk_usage(self._file.parent).free == 0

    def drop(self) -> None:
        """There is room again."""
        self._file.unlink()

    def _fill(self, file: object, block: bytes) -> None:
        while True:
            try:
                file.write(block)  # type: ignore[attr-defined]
            except OSError:
                return


def write(product: WholeProduct, text: str, message_id: str) -> httpx.Response:
    """One message over REST, whatever comes of it."""
    body = {"sender": "anna", "message": text, "metadata": {"message_id": message_id}}
    return httpx.post(f"{product.url}/webhooks/rest/webhook", json=body, timeout=60)


def until_refused(product: WholeProduct) -> str:
    """The id of the first message that does not fit: pages that the database has already take a few."""
    for number in range(200):
        answer = write(product, "转人工" + "。" * 1500, f"m{number}")
        if answer.status_code != 200:
            assert answer.status_code == 503
            assert answer.headers["content-type"] == "application/problem+json"
            assert "try again later" in answer.json()["detail"]
            return f"m{number}"
    raise AssertionError("everything fitted")


def test_a_full_disk_refuses_politely_and_answers_once_when_there_is_room(small_disk: Path) -> None:
    ballast = Ballast(small_disk)
    with BotApi() as api, telegram_product(small_disk, api) as product:
        api.say(1, "你好")
        api.wait_for_replies(1, 1, 30)
        ballast.load()
        refused = until_refused(product)
        api.say(1, "谢谢")
        api.say(2, "谢谢")
        assert httpx.get(f"{product.url}/healthz").status_code == 200
        assert write(product, "转人工" + "。" * 1500, refused).status_code == 503

        ballast.drop()
        answered = product.says_until(
            "anna", "转人工" + "。" * 1500, "GD", seconds=60, metadata={"message_id": refused}
        )
        again = product.says("anna", "转人工" + "。" * 1500, metadata={"message_id": refused})
        assert texts(again) == answered
        assert api.wait_for_replies(1, 2, 60)[1].text.startswith("不客气")
        assert api.wait_for_replies(2, 1, 60)[0].text.startswith("不客气")
        assert product.stop() < STOP_SECONDS
        assert product.status == 0
        assert len(api.replies(1)) == 2
        assert len(api.replies(2)) == 1


def test_a_start_on_a_full_disk_ends_with_words_for_the_operator(small_disk: Path) -> None:
    with WholeProduct(small_disk) as product:
        product.says("anna", "你好")
    ballast = Ballast(small_disk)
    ballast.load()
    product.launch()
    product.ends(60)
    assert product.status == 1
    assert "the database cannot be used" in "".join(product.output)
    assert "Traceback" not in "".join(product.output)
    ballast.drop()
    product.start()
    assert product.says("anna", "转人工")
    assert product.stop() < STOP_SECONDS
