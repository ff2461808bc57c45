"""The console's accounts from the command line: `python -m bot agents add|list|reset|disable|enable|role`."""

from __future__ import annotations

import argparse
import sys
from typing import Awaitable, Callable, Mapping

from bot.bootstrap import House, build_house
from bot.console.model import Account, Role
from bot.console.service import AccountsService
from bot.console.staff import Staff, existing
from bot.errors import InvalidInput, NotFound
from bot.settings import Settings
from bot.storage.database import migrate

Command = Callable[[argparse.Namespace], Awaitable[str]]
"""Does one thing; returns what to say."""

TROUBLES = {
    "bad_name": "a login name has 2 to 32 lower-case letters, digits, dots, hyphens or underscores",
    "bad_display_name": "a display name has 1 to 20 characters",
    "name_taken": "there is an account of this name",
    "last_admin": "this is the last admin in use; make another one first",
}


async def agents(settings: Settings, arguments: argparse.Namespace) -> int:
    """Runs one of the actions; returns the exit status."""
    house = build_house(settings, "")
    try:
        await migrate(house.engine)
        commands = _Commands(house).named
        sys.stdout.write(await commands[arguments.action](arguments) + "\n")
    except InvalidInput as error:
        sys.stderr.write(f"not done: {TROUBLES.get(error.code, error.code)}\n")
        return 1
    except NotFound as error:
        sys.stderr.write(f"no account {error}\n")
        return 1
    finally:
        await house.aclose()
    return 0


class _Commands:
    """What each action does."""

    def __init__(self, house: House) -> None:
        self._work = house.work
        self._accounts = AccountsService(house.clock, house.secret)
        self._staff = Staff(house.work, house.clock, house.services.casework)

    @property
    def named(self) -> Mapping[str, Command]:
        """Every action by its name."""
        return {
            "add": self._add,
            "list": self._list,
            "reset": self._reset,
            "disable": self._disable,
            "enable": self._enable,
            "role": self._role,
        }

    async def _add(self, given: argparse.Namespace) -> str:
        role, shown = Role(given.role), given.display_name or given.account
        async with self._work() as work:
            password = await self._accounts.add(work, given.account, shown, role)
            await work.commit()
        return f"{given.account} ({given.role}), one-time password: {password}"

    async def _reset(self, given: argparse.Namespace) -> str:
        async with self._work() as work:
            password = await self._accounts.reset(work, given.account)
            await work.commit()
        return f"{given.account}, one-time password: {password}"

    async def _disable(self, given: argparse.Namespace) -> str:
        tickets = await self._staff.disable(given.account)
        return f"{given.account} is out of use; {tickets} live tickets wait for somebody else"

    async def _enable(self, given: argparse.Namespace) -> str:
        await self._staff.enable(given.account)
        return f"{given.account} is in use"

    async def _role(self, given: argparse.Namespace) -> str:
        async with self._work() as work:
            account = await existing(work, given.account)
        await self._staff.change(account.name, account.display_name, Role(given.role))
        return f"{given.account} ({given.role})"

    async def _list(self, _given: argparse.Namespace) -> str:
        async with self._work() as work:
            return "\n".join(_line(account) for account in await self._accounts.all(work))


def _line(account: Account) -> str:
    state = "out of use" if account.disabled_at else "in use"
    return "\t".join((account.name, account.role.value, state, account.display_name))
