"""The console's accounts from the command line: `python -m bot agents add|list|reset`."""

from __future__ import annotations

import argparse
import sys

from bot.clock import SystemClock
from bot.console.model import Role
from bot.console.service import AccountsService
from bot.errors import InvalidInput, NotFound
from bot.seal import secret_key
from bot.settings import Settings
from bot.storage.database import migrate, open_database
from bot.storage.unit_of_work import UnitOfWork, UnitOfWorkFactory


async def agents(settings: Settings, arguments: argparse.Namespace) -> int:
    """Runs one of the actions; returns the exit status."""
    engine = open_database(settings.database_url)
    try:
        await migrate(engine)
        accounts = AccountsService(SystemClock(), secret_key(settings.secret_key, settings.data_dir))
        async with UnitOfWorkFactory(engine)() as work:
            if arguments.action == "add":
                return await _add(work, accounts, arguments)
            if arguments.action == "reset":
                return await _reset(work, accounts, arguments.account)
            return await _list(work, accounts)
    finally:
        await engine.dispose()


async def _add(work: UnitOfWork, accounts: AccountsService, arguments: argparse.Namespace) -> int:
    shown = arguments.display_name or arguments.account
    try:
        password = await accounts.add(work, arguments.account, shown, Role(arguments.role))
    except InvalidInput as error:
        sys.stderr.write(f"cannot add this account: {error.code}\n")
        return 1
    await work.commit()
    sys.stdout.write(f"{arguments.account} ({arguments.role}), one-time password: {password}\n")
    return 0


async def _reset(work: UnitOfWork, accounts: AccountsService, name: str) -> int:
    try:
        password = await accounts.reset(work, name)
    except NotFound:
        sys.stderr.write(f"no account {name}\n")
        return 1
    await work.commit()
    sys.stdout.write(f"{name}, one-time password: {password}\n")
    return 0


async def _list(work: UnitOfWork, accounts: AccountsService) -> int:
    for account in await accounts.all(work):
        sys.stdout.write(f"{account.name}\t{account.role.value}\t{account.display_name}\n")
    return 0
