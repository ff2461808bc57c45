"""Fills an empty database with tickets as an office of years would have them, for the console's benchmark."""

from __future__ import annotations

import random
from datetime import datetime, timedelta
from typing import Any, Optional

import sqlalchemy as sa

from bot.storage import tables
from bot.storage.database import Database
from bot.storage.pairs import pieces
from bot.storage.ticket_words import KEEP, PIECES_MOST

Row = dict[str, Any]

AT_ONCE = 2000
AGENTS = [f"agent{n:02d}" for n in range(1, 21)]
TAGS = ("银行核实", "催办", "退款", "补录", "重复缴费", "领导交办", "老人", "等材料")
CHANNELS = ("web",) * 10 + ("telegram",) * 6 + ("wechat",) * 3 + ("rest",)
REASONS = ("customer_request", "misunderstood", "overdue", "complaint", "not_found", "mismatch", "unresolved")
PRIORITIES = ("low", "normal", "normal", "normal", "high", "urgent")
RANKS = {"low": 0, "normal": 1, "high": 2, "urgent": 3}
SURNAMES = "王李张刘陈杨黄赵吴周徐孙马朱胡郭何林高罗郑梁谢宋唐许韩冯邓曹"
GIVEN = "伟芳娜敏静丽强磊军洋勇艳杰涛明超秀霞平刚桂英华玉兰建国志红梅"
OPENINGS = ("我要人工", "帮我转人工", "找个人来", "人工客服", "有人吗")
TROUBLES = (
    "我在{place}交了{item}，{day}号付的，到现在还是未对账",
    "{item}扣了两次钱，银行说已经到账了，你们说没有",
    "流水号是{serial}，查不到，是不是系统出问题了",
    "付款的时候写错了名字，写成{name}了，身份证是对的",
    "已经等了{days}天了，{place}那边让我找你们",
    "微信支付{amount}元，订单显示成功，户口本还没办好",
    "我妈妈{name}的{item}，她不会用手机，我帮她问",
    "怎么还没有对账，孩子上学要用居住证，很着急",
    "支付宝显示已付款，可是办事窗口说没收到{item}",
    "能不能开一张收据，单位要报销，一共{amount}元",
)
ANSWERS = (
    "您好，我是坐席{name}，马上为您核实。",
    "已联系{place}核对流水，预计{days}个工作日有结果。",
    "银行对账单已收到，您的{item}今天可以入账。",
    "麻烦您发一下缴费凭证的照片，谢谢。",
)
BOT_SAYS = "已为您转人工，请稍等。您也可以继续补充情况。"
NOTES = (
    "已电话联系{place}，{name}说明天回复",
    "凭证与流水一致，等财政到账",
    "居民{name}，语气着急，优先处理",
)
HOUR = timedelta(hours=1)
YEARS = timedelta(days=730)
LIVE = ("new", "new", "open", "open", "open", "waiting")
PLACES = ("徐家汇派出所", "浦东出入境", "静安社区中心", "闵行办证大厅", "工商银行", "建设银行", "杨浦分局")
ITEMS = ("居住证工本费", "护照费", "户口本补办费", "身份证补领费", "港澳通行证费用", "签注费")


class Office:
    """Makes the rows of one ticket after another; the same seed makes the same office."""

    def __init__(self, tickets: int, live: float, lines: int, now: datetime, seed: int = 5) -> None:
        self._tickets = tickets
        self._live = live
        self._lines = lines
        self._now = now
        self._random = random.Random(seed)
        self._message = 0

    async def fill(self, engine: Database) -> None:
        """Writes everything, thousands of tickets in a transaction."""
        await _free(engine, "DROP INDEX ix_ticket_words_words")
        for first in range(0, self._tickets, AT_ONCE):
            rows: dict[str, list[Row]] = {}
            for place in range(first, min(first + AT_ONCE, self._tickets)):
                for name, values in self._of_ticket(place):
                    rows.setdefault(name, []).append(values)
            async with engine.execution_options(writes=True).begin() as connection:
                words = rows.pop("ticket_words")
                for name, values in rows.items():
                    await connection.execute(tables.metadata.tables[name].insert(), values)
                await connection.execute(*_words(words, engine.dialect.name))
        await self._people(engine)
        await _free(engine, "CREATE INDEX ix_ticket_words_words ON ticket_words USING gin (words)")
        await _settle(engine)

    def _of_ticket(self, place: int) -> list[tuple[str, Row]]:
        chance, number = self._random.random, ticket_number(place)
        made = self._now - (self._tickets - place) * (YEARS / self._tickets)
        # Most of what is live is young, some of it is old.
        live = self._live >= 1 or (
            place > self._tickets * (1 - self._live * 0.9) or chance() < self._live * 0.1
        )
        status = self._random.choice(LIVE) if live else "resolved" if chance() < 0.1 else "closed"
        assignee = None if status == "new" else self._random.choice(AGENTS)
        serial = "42" + "".join(self._random.choices("0123456789", k=26)) if chance() < 0.8 else None
        said = [*self._talk(assignee)]
        noted = self._filled(self._random.choice(NOTES)) if chance() < 0.5 else ""
        rows = [
            ("conversations", self._conversation(place, made, live)),
            ("tickets", self._ticket(place, number, made, status, assignee, serial)),
            *(("messages", self._line(place, made, author, text)) for author, text in said),
            ("ticket_notes", _note(number, made, "bot", "opened", "")),
            ("audit", _audit(made, assignee or AGENTS[0], "ticket_viewed", number)),
            ("audit", _audit(made, assignee or AGENTS[0], "ticket_reply", number)),
        ]
        if assignee:
            rows.append(("ticket_notes", _note(number, made, assignee, "claimed", "")))
            seen = {
                "ticket_number": number,
                "agent": assignee,
                "line_id": self._message - self._random.randrange(4),
            }
            rows.append(("ticket_reads", seen))
        if noted:
            rows.append(("ticket_notes", _note(number, made, assignee or AGENTS[0], "noted", noted)))
        if chance() < 0.3:
            tags = self._random.sample(TAGS, self._random.randint(1, 2))
            rows += [("ticket_tags", {"ticket_number": number, "tag": tag}) for tag in tags]
        spoken = [text for author, text in said if author != "bot"]
        found = set().union(*(pieces(text) for text in (number, serial or "", noted, *spoken)))
        return [*rows, ("ticket_words", {"ticket_number": number, "words": found})]

    def _talk(self, assignee: Optional[str]) -> list[tuple[str, str]]:
        said = [("resident", self._random.choice(OPENINGS)), ("bot", BOT_SAYS)]
        while len(said) < self._lines:
            said.append(("resident", self._filled(self._random.choice(TROUBLES))))
            who = "agent" if assignee else "bot"
            said.append((who, self._filled(self._random.choice(ANSWERS)) if assignee else BOT_SAYS))
        return said[: self._lines]

    def _filled(self, text: str) -> str:
        pick = self._random
        name = pick.choice(SURNAMES) + "".join(pick.choices(GIVEN, k=pick.randint(1, 2)))
        return text.format(
            place=pick.choice(PLACES), item=pick.choice(ITEMS), name=name, amount=pick.randint(10, 999),
            day=pick.randint(1, 28), days=pick.randint(2, 9),
            serial="".join(pick.choices("0123456789", k=20)),
        )  # fmt: skip

    def _conversation(self, place: int, made: datetime, live: bool) -> Row:
        status = self._random.choice(("with_agent", "waiting_for_agent")) if live else "with_bot"
        channel = self._random.choice(CHANNELS)
        return {"id": place + 1, "channel": channel, "user_id": f"resident-{place}", "status": status,
                "language": "zh", "offered": [], "created_at": made, "last_message_at": made}  # fmt: skip

    def _line(self, place: int, made: datetime, author: str, text: str) -> Row:
        self._message += 1
        return {"id": self._message, "conversation_id": place + 1, "author": author,
                "author_name": "王敏" if author == "agent" else "", "text": text, "buttons": [], "custom": {},
                "created_at": made}  # fmt: skip

    def _ticket(self, place: int, number: str, made: datetime, status: str, assignee: Optional[str],
                serial: Optional[str]) -> Row:  # fmt: skip
        pick, priority = self._random, self._random.choice(PRIORITIES)
        late = pick.random() < 0.1
        done = status in ("resolved", "closed")
        answered = done or status == "waiting"
        return {
            "number": number, "conversation_id": place + 1, "reason": pick.choice(REASONS), "status": status,
            "priority": priority, "serial_number": serial, "checked": {"state": "unreconciled"},
            "created_at": made, "updated_at": made + HOUR,
            "due_at": made + HOUR if late else self._now + HOUR,
            "assignee": assignee, "resolved_at": made + HOUR if done else None, "version": 3,
            "urgency": RANKS[priority] + (10 if late and not answered else 0),
            "resolve_by": self._now + 24 * HOUR, "first_replied_at": made + HOUR / 2 if answered else None,
            "snoozed_until": self._now + HOUR if assignee and not done and pick.random() < 0.05 else None,
            "channel": pick.choice(CHANNELS),
        }  # fmt: skip

    async def _people(self, engine: Database) -> None:
        alerts = [
            {"at": self._now - n * HOUR, "kind": "ticket_overdue", "subject": ticket_number(n), "data": {},
             "seen_by": None if n < 40 else "admin", "seen_at": None if n < 40 else self._now}
            for n in range(2000)
        ]  # fmt: skip
        agents = [
            {"name": name, "display_name": f"坐席{place}", "password_hash": "", "role": "agent",
             "must_change_password": False, "failed_logins": 0, "session_epoch": 0, "created_at": self._now}
            for place, name in enumerate(AGENTS)
        ]  # fmt: skip
        async with engine.execution_options(writes=True).begin() as connection:
            await connection.execute(tables.alerts.insert(), alerts)
            await connection.execute(tables.agents.insert(), agents)


def ticket_number(place: int) -> str:
    """The number of the ticket at a place, counted from the oldest."""
    return f"GD{24_000_000_0000 + place}"


def _note(number: str, at: datetime, actor: str, action: str, note: str) -> Row:
    return {"ticket_number": number, "at": at, "actor": actor, "action": action, "note": note, "data": {}}


def _audit(at: datetime, actor: str, action: str, subject: str) -> Row:
    return {"at": at, "actor": actor, "action": action, "subject": subject}


def _words(rows: list[Row], dialect: str) -> tuple[Any, list[Row]]:
    if dialect == "postgresql":
        return KEEP, [
            {"number": row["ticket_number"], "words": sorted(row["words"]), "most": PIECES_MOST}
            for row in rows
        ]
    kept = [{**row, "words": f" {' '.join(sorted(row['words']))} "} for row in rows]
    return tables.ticket_words.insert(), kept


async def _free(engine: Database, statement: str) -> None:
    """Outside a transaction, on PostgreSQL only: an index is made quicker than it is kept."""
    if engine.dialect.name == "postgresql":
        async with engine.connect() as connection:
            free = await connection.execution_options(isolation_level="AUTOCOMMIT")
            await free.execute(sa.text(statement))


async def _settle(engine: Database) -> None:
    """What a database does by itself in its first idle minutes."""
    if engine.dialect.name == "postgresql":
        async with engine.connect() as connection:
            free = await connection.execution_options(isolation_level="AUTOCOMMIT")
            await free.execute(sa.text("VACUUM ANALYZE"))
            tables_with_ids = [table for table in tables.metadata.sorted_tables if "id" in table.c]
            for table in tables_with_ids:
                await free.execute(sa.text(
                    f"SELECT setval(pg_get_serial_sequence('{table.name}', 'id'),"
                    f" (SELECT coalesce(max(id), 0) + 1 FROM {table.name}))"
                ))  # fmt: skip
