"""What one message changes, kept together and committed in one short transaction.

Reads run at once, each in a transaction of its own; writes are staged and run together in `commit`.
So no transaction is held while the reconciliation system is asked (a call may take seconds), and a
process killed before `commit` has changed nothing. What was read may have changed before `commit`: writes
that depend on it say so, and `commit` raises Conflict.
"""

from __future__ import annotations

from functools import lru_cache
from types import TracebackType
from typing import (
    Any,
    Awaitable,
    Callable,
    Generic,
    Mapping,
    MutableMapping,
    Optional,
    Sequence,
    Type,
    TypeVar,
)

import sqlalchemy as sa
from cachetools import LRUCache
from sqlalchemy.engine import Connection, Row
from sqlalchemy.ext.asyncio import AsyncEngine

from bot.errors import Conflict, Unavailable
from bot.storage.access import Access, Write
from bot.storage.addresses import Addresses
from bot.storage.agent_files import AgentFiles
from bot.storage.agents import Agents
from bot.storage.alerts import Alerts
from bot.storage.api_tokens import ApiTokens
from bot.storage.attachments import Attachments
from bot.storage.audit import Audit
from bot.storage.bookmarks import Bookmarks
from bot.storage.canned_answers import CannedAnswers
from bot.storage.conversations import Conversations
from bot.storage.forms import Forms
from bot.storage.inbox import Inbox
from bot.storage.incoming import Incoming
from bot.storage.lately import Lately
from bot.storage.lines import Lines
from bot.storage.live_tickets import LiveTickets
from bot.storage.misunderstandings import Misunderstandings
from bot.storage.outbox import Outbox
from bot.storage.personal_data import PersonalData
from bot.storage.prepared import Prepared, Statement, run
from bot.storage.presence import Presence
from bot.storage.proposals import Proposals
from bot.storage.queue import Queue
from bot.storage.ratings import Ratings
from bot.storage.reads import Reads
from bot.storage.requests import Requests
from bot.storage.sqlite_access import access_to
from bot.storage.statistics import Statistics
from bot.storage.ticket_words import TicketWords
from bot.storage.tickets import Tickets
from bot.storage.tracker_events import TrackerEvents
from bot.storage.watches import Watches
from bot.storage.webhooks import Webhooks

Memory = MutableMapping[int, tuple[int, Any]]
"""What this process remembers of a conversation, with the version that was the newest then."""

REMEMBERED = 2000


Kind = TypeVar("Kind")


class _Made(Generic[Kind]):
    """A repository of a unit of work, made when it is first used: most messages need six of thirty."""

    def __init__(self, kind: Callable[["UnitOfWork"], Kind]) -> None:
        self._kind = kind

    def __set_name__(self, _owner: type, name: str) -> None:
        self._name = name

    def __get__(self, work: "UnitOfWork", _owner: type) -> Kind:
        made = work.__dict__[self._name] = self._kind(work)
        return made


class UnitOfWork:
    """All repositories over one set of staged writes; leaving without `commit` drops them."""

    conversations = _Made(Conversations)
    incoming = _Made(Incoming)
    attachments = _Made(Attachments)
    agent_files = _Made(AgentFiles)
    lines = _Made(Lines)
    outbox = _Made(Outbox)
    tracker_events = _Made(TrackerEvents)
    ticket_words = _Made(TicketWords)
    tickets = _Made(Tickets)
    inbox = _Made(Inbox)
    queue = _Made(Queue)
    ratings = _Made(Ratings)
    watches = _Made(Watches)
    proposals = _Made(Proposals)
    requests = _Made(Requests)
    addresses = _Made(Addresses)
    reads = _Made(Reads)
    presence = _Made(Presence)
    canned_answers = _Made(CannedAnswers)
    agents = _Made(Agents)
    forms = _Made(Forms)
    lately = _Made(Lately)
    alerts = _Made(Alerts)
    api_tokens = _Made(ApiTokens)
    audit = _Made(Audit)
    misunderstandings = _Made(Misunderstandings)
    bookmarks = _Made(Bookmarks)
    personal_data = _Made(PersonalData)
    statistics = _Made(Statistics)
    webhooks = _Made(Webhooks)

    def __init__(self, access: Access, memory: Optional[Memory] = None) -> None:
        self._access = access
        self._writes: list[Write] = []
        self._rows: dict[str, list[dict[str, Any]]] = {}
        self._needs_transaction = False
        self._held: set[int] = set()
        self._after: list[Callable[[], None]] = []
        self.memory: Memory = {} if memory is None else memory
        self.blind: Optional[Unavailable] = None
        """Why a read failed: somebody on the way up may take that for an answer, so nothing may be stored."""

    async def __aenter__(self) -> "UnitOfWork":
        return self

    async def __aexit__(
        self,
        kind: Optional[Type[BaseException]],
        error: Optional[BaseException],
        trace: Optional[TracebackType],
    ) -> None:
        self._take_writes()
        self.conversations.changes.clear()

    @property
    def dialect(self) -> str:
        """Which kind of database this is: `sqlite` or `postgresql`."""
        return self._access.dialect

    async def fetch(self, statement: Statement, values: Optional[Mapping[str, Any]] = None) -> list[Row]:
        """All rows of a read, in a transaction of its own. Raises Unavailable and Bug.

        `values` are for a statement that was made once, which costs half of one that is made anew.
        """
        return await self._seeing(self._access.read(statement, values))

    async def fetch_briefly(
        self, statement: Statement, values: Optional[Mapping[str, Any]] = None
    ) -> list[Row]:
        """The same for a read that looks at a few rows by an index, as those of every message are."""
        return await self._seeing(self._access.read_briefly(statement, values))

    async def _seeing(self, read: Awaitable[list[Row]]) -> list[Row]:
        try:
            return await read
        except Unavailable as error:
            self.blind = error
            raise

    def stage(self, write: Write, is_one_statement: bool = False) -> None:
        """Keeps a write for `commit`, in the order staged."""
        self._writes.append(write)
        self._needs_transaction = self._needs_transaction or not is_one_statement

    def stage_row(self, table: sa.Table, row: dict[str, Any]) -> None:
        """Keeps a row to insert; a table's rows go together, in their order, with the first of them."""
        if table.name not in self._rows:
            rows = self._rows[table.name] = []

            def write(connection: Connection) -> None:
                _insert_into(table).run_each(connection, rows)

            self.stage(write)
        self._rows[table.name].append(row)

    def stage_statement(self, statement: Any) -> None:
        """Keeps one statement for `commit`."""

        def write(connection: Connection) -> None:
            connection.execute(statement)

        self.stage(write)

    def stage_change(self, statement: Any, what: str, values: Optional[Mapping[str, Any]] = None) -> None:
        """Keeps an update that names what was read; `commit` raises Conflict when it fits no row."""

        def write(connection: Connection) -> None:
            if run(connection, statement, values).changed != 1:
                raise Conflict(f"{what} was changed meanwhile")

        self.stage(write)

    def after_commit(self, step: Callable[[], None]) -> None:
        """Keeps a step for when everything is stored; it is dropped when `commit` fails."""
        self._after.append(step)

    def hold(self, conversation_id: int) -> None:
        """Makes other writers into this conversation wait for `commit`, so that its lines appear in order."""
        self._held.add(conversation_id)

    async def commit(self) -> None:
        """Runs every staged write in one transaction: all or nothing.

        Raises Conflict when somebody changed what was read, Unavailable when the database cannot be used or
        could not be read earlier in this unit of work.
        """
        if self.blind is not None:
            raise self.blind
        is_alone = len(self._writes) == 1 and not self._needs_transaction and not self.conversations.changes
        writes = self._take_writes()
        steps, self._after = self._after, []
        if is_alone:
            await self._access.write(writes[0], is_one_statement=True)
        elif writes or self.conversations.changes:
            await self._access.write(self._together(writes))
        for step in steps:
            step()

    def _take_writes(self) -> list[Write]:
        writes, self._writes = self._writes, []
        self._rows, self._needs_transaction = {}, False
        return writes

    def _together(self, writes: Sequence[Write]) -> Write:
        held, self._held = self._held, set()

        def write_all(connection: Connection) -> None:
            self.conversations.write(connection, held)
            for write in writes:
                write(connection)
            live = LiveTickets(connection)
            self.ticket_words.write(connection, live)
            self.webhooks.write(connection, live)

        return write_all


@lru_cache
def _insert_into(table: sa.Table) -> Prepared:
    """Made once for each table."""
    return Prepared(table.insert())


class UnitOfWorkFactory:
    """Makes a unit of work for each message, request or background step."""

    def __init__(self, engine: AsyncEngine, access: Optional[Access] = None) -> None:
        self._access = access or access_to(engine)
        self._memory: Memory = LRUCache(REMEMBERED)

    def __call__(self) -> UnitOfWork:
        return UnitOfWork(self._access, self._memory)
