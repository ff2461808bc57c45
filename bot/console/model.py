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
