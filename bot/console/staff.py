"""What admins do with accounts: change a role or a name, take one out of use and back, end its sessions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Optional

from bot.clock import Clock
from bot.console.model import Account, Role
from bot.console.service import COMMAND_LINE, checked_display_name
from bot.errors import Conflict, InvalidInput, NotFound
from bot.storage.unit_of_work import UnitOfWork, UnitOfWorkFactory
from bot.tickets.casework import Casework


@dataclass(frozen=True)
class Staff:
    """Who did it is an account, or nobody at the command line, who may do it to any account.

    There is always an admin left: whatever would take the last one away raises InvalidInput("last_admin"),
    and what admins try with their own account InvalidInput("own_account").
    """

    work: UnitOfWorkFactory
    clock: Clock
    casework: Casework

    async def change(self, name: str, display_name: str, role: Role, by: Optional[Account] = None) -> None:
        """A new display name or role. Raises NotFound and InvalidInput("bad_display_name"), too."""
        shown = checked_display_name(display_name)
        async with self.work() as work:
            account = await existing(work, name)
            if shown != account.display_name:
                work.agents.update(account, display_name=shown)
                self._record(work, by, "account_renamed", name)
            if role is not account.role:
                if by and by.id == account.id:
                    raise InvalidInput("own_account")
                # Pages that are open keep no right that the role has lost: every request asks again.
                self._change(work, account, account.role is Role.ADMIN, role=role.value)
                self._record(work, by, f"role_{role.value}", name)
            await work.commit()

    async def disable(self, name: str, by: Optional[Account] = None) -> int:
        """Takes an account out of use; its sessions end, and its live tickets wait for somebody else.

        Returns how many tickets that were.
        """
        async with self.work() as work:
            account = await existing(work, name)
            if by and by.id == account.id:
                raise InvalidInput("own_account")
            if account.disabled_at is None:
                self._change(
                    work,
                    account,
                    account.role is Role.ADMIN,
                    disabled_at=self.clock.now(),
                    session_epoch=account.session_epoch + 1,
                )
                self._record(work, by, "account_disabled", name)
                await work.commit()
        return await self._give_back(name, by)

    async def enable(self, name: str, by: Optional[Account] = None) -> None:
        """Puts an account into use again, with the password it had."""
        async with self.work() as work:
            account = await existing(work, name)
            if account.disabled_at is not None:
                work.agents.update(account, disabled_at=None, failed_logins=0, locked_until=None)
                self._record(work, by, "account_enabled", name)
                await work.commit()

    async def end_sessions(self, name: str, by: Optional[Account] = None) -> None:
        """Logs an account out everywhere."""
        async with self.work() as work:
            account = await existing(work, name)
            work.agents.update(account, session_epoch=account.session_epoch + 1)
            self._record(work, by, "sessions_ended", name)
            await work.commit()

    def _change(self, work: UnitOfWork, account: Account, was_admin: bool, **values: object) -> None:
        if was_admin and account.disabled_at is None:
            work.agents.update_keeping_an_admin(account, **values)
        else:
            work.agents.update(account, **values)

    async def _give_back(self, name: str, by: Optional[Account]) -> int:
        given = 0
        for number in await self._live_of(name):
            async with self.work() as work:
                try:
                    await self.casework.assign(work, number, _actor(by), None)
                    await work.commit()
                    given += 1
                except (Conflict, InvalidInput):
                    continue  # somebody has just taken or ended it
        return given

    async def _live_of(self, name: str) -> list[str]:
        async with self.work() as work:
            return await work.inbox.live_of(name)

    def _record(self, work: UnitOfWork, by: Optional[Account], action: str, name: str) -> None:
        work.agents.record(_actor(by), action, name, self.clock.now())


async def existing(work: UnitOfWork, name: str) -> Account:
    """The account with this login name. Raises NotFound."""
    account = await work.agents.by_name(name)
    if account is None:
        raise NotFound(name)
    return account


def _actor(by: Optional[Account]) -> str:
    return by.name if by else COMMAND_LINE
