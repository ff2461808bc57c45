"""The console's accounts and its audit log as stored."""

from __future__ import annotations

import dataclasses
from datetime import datetime
from typing import Any, Optional

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Row

from bot.console.model import Account, Role
from bot.errors import InvalidInput
from bot.storage.repository import Repository
from bot.storage.tables import agents as table
from bot.storage.tables import audit


class Agents(Repository):
    """Accounts by login name, and who looked at or did what."""

    def add(self, account: Account) -> None:
        """Stages a new account; `commit` raises Conflict when the name is taken."""
        values = dataclasses.asdict(account)
        values.pop("id")
        values["role"] = account.role.value
        self._work.stage_statement(table.insert().values(**values))

    async def by_name(self, name: str) -> Optional[Account]:
        """The account with this login name, or None."""
        rows = await self._work.fetch(sa.select(table).where(table.c.name == name))
        return _account(rows[0]) if rows else None

    async def get(self, account_id: int) -> Optional[Account]:
        """The account with this id, or None."""
        rows = await self._work.fetch(sa.select(table).where(table.c.id == account_id))
        return _account(rows[0]) if rows else None

    async def all(self) -> list[Account]:
        """Every account, by name."""
        return [_account(row) for row in await self._work.fetch(sa.select(table).order_by(table.c.name))]

    def update(self, account: Account, **values: Any) -> None:
        """Stages changes to an account."""
        self._work.stage_statement(table.update().where(table.c.id == account.id).values(**values))

    def update_keeping_an_admin(self, account: Account, **values: Any) -> None:
        """Stages changes after which another admin must be in use.

        `commit` raises InvalidInput("last_admin") when there would be none. Two admins who take the role
        from each other at once are one after the other.
        """

        def write(connection: Connection) -> None:
            admins = sa.select(table.c.id).where(
                table.c.role == Role.ADMIN.value, table.c.disabled_at.is_(None)
            )
            found = connection.execute(admins.order_by(table.c.id).with_for_update())
            if not any(row.id != account.id for row in found):
                raise InvalidInput("last_admin")
            connection.execute(table.update().where(table.c.id == account.id).values(**values))

        self._work.stage(write)

    async def last_logins(self, since: datetime) -> dict[str, datetime]:
        """When each account was last logged in to, of those that were after `since`."""
        rows = await self._work.fetch(
            sa.select(audit.c.actor, sa.func.max(audit.c.at))
            .where(audit.c.action == "logged_in", audit.c.at > since)
            .group_by(audit.c.actor)
        )
        return {row[0]: row[1] for row in rows}

    def record(self, actor: str, action: str, subject: str, now: datetime) -> None:
        """Stages an audit entry; of a longer subject its first 128 characters."""
        self._work.stage_statement(
            audit.insert().values(at=now, actor=actor, action=action, subject=subject[:128])
        )


def _account(row: Row) -> Account:
    return Account(**{**dict(row._mapping), "role": Role(row.role)})
