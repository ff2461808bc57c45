"""The bot serves without the clients of other companies' chats and databases."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from bot.dialogue.rasa_light import UNUSED_PACKAGES
from tests.doubles.whole_product import ROOT

SERVES = """
import asyncio, sys
from pathlib import Path
from bot.dialogue import rasa_light
rasa_light.install()
rasa_light.install()
import bot.runner
from bot.dialogue.engine import RasaDialogue
dialogue = RasaDialogue.load(Path(sys.argv[1]))
for text in ("转人工", "zhuan ren gong", "I want to talk to a person", "你好，请帮我转人工，谢谢你"):
    print("means", asyncio.run(dialogue.parse(text))["intent"]["name"])
loaded = {name for name, module in sys.modules.items() if getattr(module, "__file__", None)}
print(sorted({name.partition(".")[0] for name in loaded} & rasa_light.UNUSED_PACKAGES))
"""


def run(code: str, *arguments: str) -> list[str]:
    """What a process of its own prints."""
    ended = subprocess.run(
        [sys.executable, "-c", code, *arguments], cwd=ROOT, capture_output=True, text=True, check=True
    )
    return ended.stdout.splitlines()


def test_the_dialogue_works_and_none_of_them_is_loaded(model: Path) -> None:
    *said, loaded = run(SERVES, str(model))
    assert [line for line in said if line.startswith("means ")] == 4 * ["means request_human"]
    assert loaded == "[]"


def test_rasas_own_commands_find_them() -> None:
    names = run(
        "import bot.dialogue.rasa_cli, importlib.util as u, sys;"
        "print(*[n for n in sys.argv[1:] if u.find_spec(n) is not None and u.find_spec(n).origin])",
        *sorted(UNUSED_PACKAGES - {"google"}),
    )
    assert "boto3" in names[-1]
    assert "slack_sdk" in names[-1]
