"""The people who work in the console."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import Optional


class Role(str, Enum):
    """What an account may do: agents serve, supervisors oversee, admins manage accounts."""

    AGENT = "agent"
    SUPERVISOR = "supervisor"
    ADMIN = "admin"


class Permission(str, Enum):
    """What a page or an action may ask for."""

    SERVE = "serve"
    """See tickets, answer residents, search payments, propose a manual reconciliation."""
    OVERSEE = "oversee"
    """Take or pass on other agents' tickets, approve reconciliations, see alerts and the dashboard."""
    AUDIT = "audit"
    """Read the audit log."""
    ADMINISTER = "administer"
    """Accounts, webhooks, API tokens."""


PERMISSIONS = {
    Role.AGENT: frozenset({Permission.SERVE}),
    Role.SUPERVISOR: frozenset({Permission.SERVE, Permission.OVERSEE, Permission.AUDIT}),
    Role.ADMIN: frozenset(Permission),
}


@dataclass(frozen=True)
class Account:
    """A login; `session_epoch` rises to end every session at once (password change, lock)."""

    id: int
    name: str
    display_name: str
    password_hash: str
    role: Role
    must_change_password: bool
    failed_logins: int
    locked_until: Optional[datetime]
    session_epoch: int
    created_at: datetime
    disabled_at: Optional[datetime] = None
    """Since when nobody can log in with it; its name stays on what was done."""

    def may(self, permission: Permission) -> bool:
        """True when the account's role allows it."""
        return permission in PERMISSIONS[self.role]
