"""Every refusal is said in Chinese and in English, with the line where there is one."""

from __future__ import annotations

import ast
from pathlib import Path

import bot.sandbox
from bot.sandbox.bills.errors import Incomplete, Unreadable, at_line, both

HOME = Path(bot.sandbox.__file__).parent
KINDS = {"Unreadable", "Incomplete", "NotReady", "Contradicts"}


def test_every_refusal_in_the_code_has_both_languages() -> None:
    found = 0
    for path in sorted(HOME.rglob("*.py")):
        for part in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(part, ast.Call) and isinstance(part.func, ast.Name) and part.func.id in KINDS:
                said = ast.unparse(part.args[0])
                if isinstance(part.args[0], (ast.Constant, ast.JoinedStr)):
                    found += 1
                    assert " / " in said, f"{path.name}:{part.lineno}: {said}"
    assert found > 40


def test_a_line_is_named_in_both() -> None:
    error = at_line(7, Incomplete("余额接不上 / the balance does not follow"))
    assert isinstance(error, Incomplete)
    assert both(str(error)) == ("第 7 行:余额接不上", "line 7: the balance does not follow")


def test_a_stroke_in_the_chinese_words_parts_nothing() -> None:
    assert both(str(Unreadable("20 分 / 30 分 / with other facts"))) == ("20 分 / 30 分", "with other facts")
