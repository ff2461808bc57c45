"""What the reconciliation room needs stored."""

from __future__ import annotations

from datetime import datetime
from types import TracebackType
from typing import Any, Iterable, List, Optional, Protocol, Type

from bot.notifications.service import WatchStore
from bot.reconciliation.model import Proposal, ProposalState
from bot.tickets.repository import Work as TicketWork


class ProposalStore(Protocol):
    """Proposals by reference."""

    def add(self, proposal: Proposal) -> None: ...
    def change(self, proposal: Proposal, **values: Any) -> Proposal: ...
    async def get(self, reference: str) -> Optional[Proposal]: ...
    async def open_on(self, serial_number: str) -> Optional[Proposal]: ...
    async def of_ticket(self, number: str) -> List[Proposal]: ...
    async def list(
        self, states: Iterable[ProposalState] = (), operator: str = "", limit: int = 50, offset: int = 0
    ) -> List[Proposal]: ...
    async def count(
        self, states: Iterable[ProposalState] = (), operator: str = "", but_not_of: str = ""
    ) -> int: ...
    async def due(self, now: datetime, limit: int = 20) -> List[str]: ...


class AuditLog(Protocol):
    """Who did what."""

    def record(self, actor: str, action: str, subject: str, now: datetime) -> None: ...


class Work(TicketWork, Protocol):
    """One unit of work; nothing is stored before `commit`."""

    async def __aenter__(self) -> "Work": ...
    async def __aexit__(
        self,
        kind: Optional[Type[BaseException]],
        error: Optional[BaseException],
        trace: Optional[TracebackType],
    ) -> None: ...
    @property
    def proposals(self) -> ProposalStore: ...
    @property
    def agents(self) -> AuditLog: ...
    @property
    def watches(self) -> WatchStore: ...
