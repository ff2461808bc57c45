"""What can be done with the console's accounts: add, let in, change a password; the very first one."""

from __future__ import annotations

import asyncio
import hmac
import re
import secrets
from datetime import datetime, timedelta
from functools import cached_property
from hashlib import sha256
from typing import TYPE_CHECKING, Optional

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from bot.clock import Clock
from bot.console.model import Account, Role
from bot.errors import InvalidInput, NotFound, TooManyTries
from bot.turnstile import Turnstile

if TYPE_CHECKING:
    from bot.storage.unit_of_work import UnitOfWork

TRIES = 5
LOCKED_FOR = timedelta(minutes=10)
STRANGER = "stranger_logins"
PASSWORD_MIN = 10
PASSWORD_MAX = 200
NAME = re.compile(r"[a-z0-9][a-z0-9._-]{1,31}")
DISPLAY_NAME_MAX = 20
# Without letters and digits that look alike: it is read aloud or copied by hand.
ONE_TIME_LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"
COMMAND_LINE, SETUP_LINK = "command_line", "setup_link"
"""Who made an account, where nobody was logged in."""
NOT_FOR_PEOPLE = frozenset({"bot", "desk", "resident", "system", COMMAND_LINE, SETUP_LINK})
"""Names that the logs use for what is no person."""


class AccountsService:
    """Changes are staged in the caller's unit of work; only `authenticate` commits by itself."""

    def __init__(
        self,
        clock: Clock,
        secret_key: str,
        hasher: Optional[PasswordHasher] = None,
        turnstile: Optional[Turnstile] = None,
    ) -> None:
        self._clock = clock
        self._secret = secret_key.encode()
        self._hasher = hasher or PasswordHasher()
        self._turnstile = turnstile or Turnstile()

    async def add(
        self, work: UnitOfWork, name: str, display_name: str, role: Role, by: str = COMMAND_LINE
    ) -> str:
        """A new account; returns its one-time password, which must be changed at the first login.

        Raises InvalidInput("bad_name" | "bad_display_name" | "name_taken").
        """
        password = _one_time_password()
        await self._add(work, name, display_name, role, password, must_change=True, by=by)
        return password

    async def reset(self, work: UnitOfWork, name: str, by: str = COMMAND_LINE) -> str:
        """A new one-time password; ends the account's sessions and its lock. Raises NotFound."""
        account = await work.agents.by_name(name)
        if account is None:
            raise NotFound(name)
        password = _one_time_password()
        await self._set_password(work, account, password, must_change=True)
        work.agents.record(by, "password_reset", name, self._clock.now())
        return password

    async def all(self, work: UnitOfWork) -> list[Account]:
        """Every account, by name."""
        return await work.agents.all()

    async def authenticate(self, work: UnitOfWork, name: str, password: str) -> Account:
        """The account, when the password is right. Commits: a wrong try counts whatever happens next.

        Raises InvalidInput("wrong_credentials"), and TooManyTries for 10 minutes after 5 wrong ones; with the
        right password of an account that is out of use, InvalidInput("account_disabled").
        Unknown names take as long, and lock as known ones do.
        """
        name = name.strip().lower()[:64]
        # One try at a time for a name: tries sent at once would all see the same count.
        async with self._turnstile.by_name(f"login {name}"):
            now = self._clock.now()
            account = await work.agents.by_name(name)
            await self._check_lock(work, account, name, now)
            nobody = await asyncio.to_thread(lambda: self._nobody)  # also for a known name: both take as long
            right = await self._verify(account.password_hash if account else nobody, password)
            if account is None:
                await self._count_stranger(work, name, now)
                raise InvalidInput("wrong_credentials")
            if not right:
                await self._count_wrong_try(work, account, now)
                raise InvalidInput("wrong_credentials")
            work.agents.update(account, failed_logins=0, locked_until=None)
            entered = "login_refused" if account.disabled_at else "logged_in"
            work.agents.record(account.name, entered, account.name, now)
            await work.commit()
            if account.disabled_at:
                raise InvalidInput("account_disabled")
            return account

    async def change_password(self, work: UnitOfWork, account: Account, old: str, new: str) -> None:
        """Sets a password of the agent's own and ends every session of the account.

        Raises InvalidInput("wrong_credentials" | "password_too_short" | "password_too_long" |
        "password_same").
        """
        _check_password(new)
        if not await self._verify(account.password_hash, old):
            raise InvalidInput("wrong_credentials")
        if new == old:
            raise InvalidInput("password_same")
        await self._set_password(work, account, new, must_change=False)
        work.agents.record(account.name, "password_changed", account.name, self._clock.now())

    def end_sessions(self, work: UnitOfWork, account: Account) -> None:
        """Ends every session of the account."""
        work.agents.update(account, session_epoch=account.session_epoch + 1)
        work.agents.record(account.name, "logged_out", account.name, self._clock.now())

    async def setup_token(self, work: UnitOfWork) -> Optional[str]:
        """What the one-time set-up link ends in, while there is no account; else None."""
        if await work.agents.all():
            return None
        return hmac.new(self._secret, b"console-setup", sha256).hexdigest()[:40]

    async def set_up(self, work: UnitOfWork, token: str, name: str, display_name: str, password: str) -> None:
        """The first account, an admin. Raises NotFound when the link is wrong or was used, and as `add`."""
        expected = await self.setup_token(work)
        if expected is None or not hmac.compare_digest(token.encode(), expected.encode()):
            raise NotFound("setup")
        _check_password(password)
        await self._add(work, name, display_name, Role.ADMIN, password, must_change=False, by=SETUP_LINK)

    async def _add(
        self,
        work: UnitOfWork,
        name: str,
        display_name: str,
        role: Role,
        password: str,
        must_change: bool,
        by: str,
    ) -> None:
        name, display_name = name.strip().lower(), checked_display_name(display_name)
        if not NAME.fullmatch(name) or name in NOT_FOR_PEOPLE:
            raise InvalidInput("bad_name")
        if await work.agents.by_name(name):
            raise InvalidInput("name_taken")
        now = self._clock.now()
        account = Account(
            id=0,
            name=name,
            display_name=display_name,
            password_hash=await asyncio.to_thread(self._hasher.hash, password),
            role=role,
            must_change_password=must_change,
            failed_logins=0,
            locked_until=None,
            session_epoch=0,
            created_at=now,
        )
        work.agents.add(account)
        work.agents.record(by, "account_added", name, now)

    async def _set_password(
        self, work: UnitOfWork, account: Account, password: str, must_change: bool
    ) -> None:
        work.agents.update(
            account,
            password_hash=await asyncio.to_thread(self._hasher.hash, password),
            must_change_password=must_change,
            failed_logins=0,
            locked_until=None,
            session_epoch=account.session_epoch + 1,
        )

    async def _check_lock(
        self, work: UnitOfWork, account: Optional[Account], name: str, now: datetime
    ) -> None:
        if account is None and await work.lately.times(STRANGER, self._unnamed(name), now) >= TRIES:
            raise TooManyTries(LOCKED_FOR.total_seconds())
        if account and account.locked_until and account.locked_until > now:
            raise TooManyTries((account.locked_until - now).total_seconds())

    async def _count_stranger(self, work: UnitOfWork, name: str, now: datetime) -> None:
        work.lately.forget(now)
        await work.commit()
        await work.lately.happened(STRANGER, self._unnamed(name), now, LOCKED_FOR, since_last=True)

    def _unnamed(self, name: str) -> str:
        """A name that is nobody's, as it may be kept: people type passwords there."""
        return hmac.new(self._secret, b"stranger:" + name.encode("utf-8", "replace"), sha256).hexdigest()[:40]

    async def _count_wrong_try(self, work: UnitOfWork, account: Account, now: datetime) -> None:
        wrong = account.failed_logins + 1
        if wrong >= TRIES:
            work.agents.update(account, failed_logins=0, locked_until=now + LOCKED_FOR)
            work.agents.record(account.name, "login_locked", account.name, now)
        else:
            work.agents.update(account, failed_logins=wrong)
            work.agents.record(account.name, "login_failed", account.name, now)
        await work.commit()

    @cached_property
    def _nobody(self) -> str:
        """The password of a name that nobody has; made at the first login, for it takes 0.1 s."""
        return self._hasher.hash(secrets.token_urlsafe(16))

    async def _verify(self, password_hash: str, password: str) -> bool:
        return await asyncio.to_thread(self._matches, password_hash, password[:PASSWORD_MAX])

    def _matches(self, password_hash: str, password: str) -> bool:
        try:
            return self._hasher.verify(password_hash, password)
        except (VerificationError, InvalidHashError):
            return False


def checked_display_name(text: str) -> str:
    """The name that residents see, without blanks around it. Raises InvalidInput("bad_display_name")."""
    text = text.strip()
    if not text or len(text) > DISPLAY_NAME_MAX or not text.isprintable():
        raise InvalidInput("bad_display_name")
    return text


def _one_time_password() -> str:
    return "-".join("".join(secrets.choice(ONE_TIME_LETTERS) for _ in range(4)) for _ in range(4))


def _check_password(password: str) -> None:
    if len(password) < PASSWORD_MIN:
        raise InvalidInput("password_too_short")
    if len(password) > PASSWORD_MAX:
        raise InvalidInput("password_too_long")
