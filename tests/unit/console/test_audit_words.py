"""Every action that the code records has words, so that the audit log can be read without the code."""

from __future__ import annotations

import ast
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Iterator

import bot.console
from bot.channels.words import load_words
from bot.console.bulk import ACTIONS
from bot.console.model import Role
from bot.console.ticket_actions import TicketActions
from bot.reconciliation.model import ProposalState
from bot.settings import ROOT
from bot.ticket_api.work import Actions

OFFICE: Any = SimpleNamespace(casework=None)
FAMILIES = {
    "ticket_": {*TicketActions(OFFICE).names, *ACTIONS},
    "api_": set(Actions(OFFICE).names),
    "reconcile_": {state.value for state in ProposalState},
    "role_": {role.value for role in Role},
}
"""What follows in actions whose end is known only when they are recorded."""


@dataclass(frozen=True)
class Door:
    """A function that records the action given in this place; a private one has callers in its file only."""

    name: str
    place: int
    owner: str
    file: Path | None


class Code:
    """All of our code, with the function and the class around each of its parts."""

    def __init__(self, folders: list[Path]) -> None:
        self.around: dict[ast.AST, ast.AST] = {}
        self.trees: dict[Path, ast.Module] = {}
        for path in (file for folder in folders for file in sorted(folder.rglob("*.py"))):
            self.trees[path] = ast.parse(path.read_text(encoding="utf-8"))
            for parent in ast.walk(self.trees[path]):
                self.around.update(dict.fromkeys(ast.iter_child_nodes(parent), parent))

    def enclosing(self, part: ast.AST, kinds: Any) -> Any:
        while part in self.around:
            part = self.around[part]
            if isinstance(part, kinds):
                return part
        return None

    def calls(self, door: Door) -> Iterator[tuple[Path, ast.Call]]:
        for path, tree in self.trees.items():
            if door.file not in (None, path):
                continue
            for call in ast.walk(tree):
                if isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute):
                    owner = ast.unparse(call.func.value).lower()
                    if call.func.attr == door.name and (door.file or owner.endswith(door.owner)):
                        yield path, call

    def recorded(self) -> set[str]:
        """Every action, followed from where it is recorded to where it is named."""
        actions: set[str] = set()
        doors, done = [Door("record", 1, "agents", None)], set()
        while doors:
            door = doors.pop()
            if door in done:
                continue
            done.add(door)
            for path, call in self.calls(door):
                for found in self._meant(call.args[door.place], path):
                    if isinstance(found, Door):
                        doors.append(found)
                    else:
                        actions.add(found)
        return actions

    def _meant(self, value: ast.expr, path: Path) -> list[str | Door]:
        if isinstance(value, ast.Constant):
            return [str(value.value)]
        if isinstance(value, ast.IfExp):
            return [*self._meant(value.body, path), *self._meant(value.orelse, path)]
        if isinstance(value, ast.JoinedStr):
            start = value.values[0]
            assert isinstance(start, ast.Constant), ast.unparse(value)
            begins = str(start.value)
            return [begins + end for end in FAMILIES[begins]]
        assert isinstance(value, ast.Name), f"{path}: {ast.unparse(value)} cannot be followed"
        return self._named(value, path)

    def _named(self, value: ast.Name, path: Path) -> list[str | Door]:
        function = self.enclosing(value, (ast.FunctionDef, ast.AsyncFunctionDef))
        given = [argument.arg for argument in function.args.args if argument.arg != "self"]
        if value.id in given:
            owner = self.enclosing(function, ast.ClassDef)
            is_private = function.name.startswith("_")
            return [
                Door(function.name, given.index(value.id), owner.name.lower(), path if is_private else None)
            ]
        set_here = [
            part.value
            for part in ast.walk(function)
            if isinstance(part, ast.Assign)
            and any(isinstance(target, ast.Name) and target.id == value.id for target in part.targets)
        ]
        assert set_here, f"{path}: {value.id} cannot be followed"
        return [found for one in set_here for found in self._meant(one, path)]


def test_every_recorded_action_has_words_in_both_languages() -> None:
    recorded = Code([ROOT / "bot", ROOT / "actions"]).recorded()
    assert {"logged_in", "ticket_viewed", "reconcile_done", "answer_changed", "role_admin"} <= recorded
    words = load_words(Path(bot.console.__file__).parent / "words")
    for language, catalogue in words.items():
        missing = recorded - set(catalogue.within("audit.action"))
        assert not missing, f"{language}: {sorted(missing)}"
