"""The whole product over webhook, talked to through telemelya (its argument: where that is installed)."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path
from typing import Any

import httpx

from bot.channels.telegram.webhook import PATH, webhook_secret
from bot.phrasebook import Phrasebook
from tests.conversations.seeded import WAITING
from tests.doubles.whole_product import WholeProduct, free_port
from tests.telemelya.door import Door
from tests.telemelya.emulator import Emulator, running_emulator, wait_until

TOKEN = "123456789:AAE-test-token_0123456789abcdefghi"
SECRET = "a secret for telemelya"
JPEG = b"\xff\xd8\xff\xe0" + b"a picture" * 100
PHRASES = Phrasebook.load()


def main(programs: Path) -> int:
    """Starts everything, runs every check, says what was seen."""
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        port = free_port()
        door = Door(f"http://127.0.0.1:{port}", webhook_secret(SECRET, TOKEN))
        with running_emulator(programs, folder, TOKEN) as emulator, door:
            settings = {
                "HTTP_PORT": str(port),
                "SECRET_KEY": SECRET,
                "TELEGRAM_BOT_TOKEN": TOKEN,
                "TELEGRAM_API_BASE_URL": emulator.url,
                "TELEGRAM_WEBHOOK_URL": door.url,
            }
            with WholeProduct(folder, **settings):
                wait_until(lambda: emulator.webhook() == door.url + PATH, 30)
                for check in CHECKS:
                    check(emulator)
                    print(f"ok  {check.__doc__}")
                refuse_strangers(port)
    return 0


def answers_a_question(emulator: Emulator) -> None:
    """A question gets its answer, with buttons."""
    said = emulator.resident(1).says("我不小心付了两次")
    assert said[0]["text"] == PHRASES.say("utter_faq_duplicate_payment", "zh").text, said
    assert titles(said[-1])


def tells_a_state(emulator: Emulator) -> None:
    """A serial number gets its payment's state."""
    said = emulator.resident(2).says(WAITING)
    assert WAITING[-6:] in said[0]["text"], said


def obeys_a_button(emulator: Emulator) -> None:
    """A pressed button does what it says."""
    resident = emulator.resident(3)
    greeting = resident.says("/start")[-1]
    said = resident.presses(greeting, titles(greeting)[0])
    assert said[0]["text"] == PHRASES.say("utter_ask_serial_number", "zh").text, said


def brings_a_person(emulator: Emulator) -> None:
    """Who asks for a person gets a ticket's number."""
    said = emulator.resident(4).says("转人工")
    assert any("GD" in one["text"] for one in said), said


def keeps_a_photo(emulator: Emulator) -> None:
    """A photo is fetched from the file server and kept."""
    said = emulator.resident(5).sends_photo(JPEG)
    assert said[0]["text"] == PHRASES.say("utter_photo_received", "zh").text, said


CHECKS = (answers_a_question, tells_a_state, obeys_a_button, brings_a_person, keeps_a_photo)


def refuse_strangers(port: int) -> None:
    """Without the secret token nothing is taken."""
    answer = httpx.post(f"http://127.0.0.1:{port}{PATH}", json={"update_id": 1})
    assert answer.status_code == 403
    print(f"ok  {refuse_strangers.__doc__}")


def titles(reply: dict[str, Any]) -> list[str]:
    """The buttons under a message."""
    rows = (reply.get("reply_markup") or {}).get("inline_keyboard", [])
    return [button["text"] for row in rows for button in row]


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]).resolve()))
