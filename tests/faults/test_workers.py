"""`WORKERS=2`: two processes on one port and one database, as an operator starts and loses them."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import asyncpg
import httpx
import pytest

from tests.doubles.whole_product import Agent, WholeProduct, texts
from tests.fakes.postgresql_server import PostgresqlServer, binaries

pytestmark = [pytest.mark.faults, pytest.mark.timeout(240)]
NEEDS_SERVER = pytest.mark.skipif(binaries() is None, reason="needs PostgreSQL's server binaries")

STOP_SECONDS = 10.0
LEADER = (
    "SELECT client_port FROM pg_locks JOIN pg_stat_activity USING (pid)"
    " WHERE locktype = 'advisory' AND granted AND objsubid = 2"
)
"""Locks of two numbers are those of leadership."""
WEBHOOK = "/webhooks/rest/webhook"
TALK = ("你好", "多久能到账", "流水号在哪里", "谢谢")
HEARD = ("您好", "", "", "不客气")
"""How the answers begin, where that is always the same."""


class Workers(WholeProduct):
    """The product with two workers, which are told apart by the sockets they hold."""

    def __init__(self, folder: Path, url: str) -> None:
        super().__init__(folder, DATABASE_URL=url, WORKERS="2")
        self.database = url

    @property
    def parent(self) -> int:
        """The process that was started."""
        return self._process.pid

    @property
    def children(self) -> list[int]:
        """Everything that the parent started and that runs: the sandbox, and the workers."""
        path = Path(f"/proc/{self.parent}/task/{self.parent}/children")
        return [int(one) for one in path.read_text().split()]

    @property
    def workers(self) -> list[int]:
        """The workers, in the order of their start; the sandbox was before them. Numbers begin again."""
        return self.children[1:]

    def holder(self, local: int, remote: int) -> int | None:
        """The worker whose connection goes between these ports, seen from its side."""
        ends = (f":{local:04X}", f":{remote:04X}")
        rows = (line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:])
        sockets = {f"socket:[{row[9]}]" for row in rows if (row[1][-5:], row[2][-5:]) == ends}
        return next((worker for worker in self.workers if sockets & _open_files(worker)), None)

    def leader(self) -> int | None:
        """The worker that does what one does for all."""
        return self._with_the_lock() if self.database.startswith("sqlite") else self._with_the_session()

    def _with_the_lock(self) -> int | None:
        """The worker that has the lock on the file."""
        file = Path(f"{self.database.removeprefix('sqlite:///')}.leads-background")
        rows = [line.split() for line in Path("/proc/locks").read_text().splitlines()]
        inode = str(file.stat().st_ino)
        held = [row for row in rows if row[1] == "FLOCK" and row[5].rpartition(":")[2] == inode]
        return next((worker for worker in self.workers if str(worker) in {row[4] for row in held}), None)

    def _with_the_session(self) -> int | None:
        """The worker on whose connection PostgreSQL's lock is."""
        database = httpx.URL(self.database)

        async def port() -> int | None:
            connection = await asyncpg.connect(self.database)
            try:
                found: int | None = await connection.fetchval(LEADER)
                return found
            finally:
                await connection.close()

        assert database.port is not None
        local = asyncio.run(port())
        return self.holder(local, database.port) if local else None

    @contextmanager
    def a_client_each(self) -> Iterator[list[httpx.Client]]:
        """For each worker a client whose one connection is with it."""
        with ExitStack() as stack:
            found: dict[int, httpx.Client] = {}
            for _ in range(200):
                if len(found) == 2:
                    break
                client = stack.enter_context(httpx.Client(base_url=self.url, timeout=30))
                stream = client.get("/healthz").extensions["network_stream"]
                worker = self.holder(self.port, stream.get_extra_info("socket").getsockname()[1])
                assert worker is not None
                found.setdefault(worker, client)
            assert len(found) == 2, "one worker takes no connections"
            yield list(found.values())

    def counted(self, name: str) -> float:
        """A counter's sum over its labels."""
        lines = httpx.get(f"{self.url}/metrics").text.splitlines()
        return sum(float(line.split()[-1]) for line in lines if line.startswith(f"{name}{{"))

    def transcript(self, sender: str) -> list[tuple[str, str]]:
        """Who said what in a REST conversation, in order."""
        lines = httpx.get(f"{self.url}/conversations/{sender}/messages").json()["messages"]
        return [(line["author"], line["text"]) for line in lines]


def _open_files(process: int) -> set[str]:
    found = set()
    for link in Path(f"/proc/{process}/fd").iterdir():
        try:
            found.add(os.readlink(link))
        except FileNotFoundError:
            continue
    return found


def until(condition: Callable[[], Any], seconds: float = 20) -> Any:
    """What the condition says once it is true."""
    deadline = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    return found


@pytest.fixture(scope="module", params=["sqlite", pytest.param("postgresql", marks=NEEDS_SERVER)])
def url(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A database of the module's own."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path_factory.mktemp('database')}/helpdesk.sqlite"
        return
    folder = binaries()
    assert folder is not None
    server = PostgresqlServer(folder)
    server.start()
    yield server.url("postgres").replace("+asyncpg", "")
    server.stop()


@pytest.fixture(scope="module")
def product(url: str, model: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workers]:
    """Started once; the tests follow each other, and the last one stops it."""
    with Workers(tmp_path_factory.mktemp("workers"), url) as running:
        yield running


def says(product: Workers, sender: str, text: str, message_id: str) -> list[str]:
    """A message on a connection of its own, brought again until it is answered."""
    body = {"sender": sender, "message": text, "metadata": {"message_id": message_id}}
    for _ in range(20):
        try:
            answer = httpx.post(f"{product.url}{WEBHOOK}", json=body, timeout=30)
            if answer.status_code == 200:
                return texts(answer.json())
        except httpx.TransportError:
            pass
        time.sleep(0.2)
    raise AssertionError(f"{message_id} is not answered")


def test_it_says_once_where_it_is(product: Workers) -> None:
    said = "".join(product.output)
    assert said.count("first account:") == said.count("ready") == 1
    assert "workers    2" in said
    assert "Traceback" not in said
    assert len(product.workers) == 2


def test_many_talk_at_once_and_everybody_is_answered_in_order(product: Workers) -> None:
    def talk(sender: str) -> list[list[str]]:
        return [says(product, sender, text, f"m{n}") for n, text in enumerate(TALK)]

    before = product.counted("helpdesk_messages_answered_total")
    senders = [f"many{n}" for n in range(16)]
    with ThreadPoolExecutor(8) as pool:
        heard = list(pool.map(talk, senders))
    for answers in heard:
        assert all(answer[0].startswith(words) for answer, words in zip(answers, HEARD, strict=True))
    for sender in senders:
        assert [text for author, text in product.transcript(sender) if author == "resident"] == list(TALK)
    after = product.counted("helpdesk_messages_answered_total")
    assert after - before == len(senders) * len(TALK)


def test_a_conversation_goes_on_with_whichever_worker_is_asked(product: Workers) -> None:
    with product.a_client_each() as clients:
        for turn in range(6):
            body = {"sender": "both", "message": "流水号在哪里" if turn else "帮我核对凭证"}
            answer = clients[turn % 2].post(WEBHOOK, json=body).json()
            # The form that one worker began is gone on with by the other: its question comes back.
            assert len(answer) > bool(turn), texts(answer)


def test_one_conversation_at_both_workers_at_once_stays_whole(product: Workers) -> None:
    words = [f"我在银行交了{n}元还没到账" for n in range(10, 26)]
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda one: says(product, "burst", one[1], f"b{one[0]}"), enumerate(words)))
    assert all(answers)
    transcript = product.transcript("burst")
    assert sorted(text for author, text in transcript if author == "resident") == sorted(words)
    assert "turn_failed" not in "".join(product.output)


def test_a_line_from_one_worker_reaches_the_browser_at_the_other(product: Workers) -> None:
    with product.a_client_each() as (here, there):
        here.get("/")
        there.cookies = here.cookies
        with here.stream("GET", "/chat/events") as stream:
            events = stream.iter_lines()
            assert "event: ready" in (next(events), next(events))
            body = {"client_id": "c1", "text": "你好", "after": 0}
            said = there.post("/chat/messages", json=body, headers={"Origin": product.url})
            assert said.status_code == 200
            lines = (json.loads(line[6:]) for line in events if line.startswith("data:") and "author" in line)
            assert [next(lines)["author"] for _ in range(2)] == ["resident", "bot"]


def test_a_ticket_page_at_one_worker_shows_what_came_through_the_other(product: Workers) -> None:
    agent = Agent(product)
    agent.set_up(product.setup_link)
    asked = "".join(texts(product.says("caller", "转人工")) + texts(product.says("caller", "1")))
    number = asked[asked.index("GD") : asked.index("GD") + 14]
    with product.a_client_each() as (here, there):
        here.cookies = agent._http.cookies
        with here.stream("GET", f"/console/tickets/{number}/events") as stream:
            events = stream.iter_lines()
            assert "event: ready" in (next(events), next(events))
            there.post(WEBHOOK, json={"sender": "caller", "message": "我等了三天了"})
            assert any("我等了三天了" in line for line in events)


def test_when_the_leading_worker_is_killed_the_other_leads_within_seconds(product: Workers) -> None:
    leader = until(product.leader)
    os.kill(leader, signal.SIGKILL)
    began = time.monotonic()
    successor = until(lambda: (now := product.leader()) and now != leader and now)
    assert time.monotonic() - began < 10
    assert successor in until(lambda: len(product.workers) == 2 and product.workers)


def test_what_was_accepted_by_a_killed_worker_is_answered_once(product: Workers) -> None:
    until(lambda: len(product.workers) == 2)
    victim = product.workers[0]
    senders = [f"killed{n}" for n in range(24)]

    def talk(sender: str) -> list[list[str]]:
        return [says(product, sender, text, f"m{n}") for n, text in enumerate(TALK)]

    with ThreadPoolExecutor(8) as pool:
        running = [pool.submit(talk, sender) for sender in senders]
        until(lambda: sum(one.done() for one in running) >= 4)
        os.kill(victim, signal.SIGKILL)
        heard = [one.result() for one in running]
    for answers in heard:
        assert all(answer[0].startswith(words) for answer, words in zip(answers, HEARD, strict=True))
    for sender in senders:
        said = product.transcript(sender)
        assert [text for author, text in said if author == "resident"] == list(TALK)
        assert said[-1][1].startswith(HEARD[-1])
    until(lambda: len(product.workers) == 2 and victim not in product.workers)
    assert "worker_ended" in "".join(product.output)


def test_a_stop_lets_what_was_accepted_be_answered_and_leaves_nobody_behind(product: Workers) -> None:
    left = product.children
    with ThreadPoolExecutor(8) as pool:
        asked = [pool.submit(_once, product, f"last{n}") for n in range(24)]
        until(lambda: sum(one.done() for one in asked) >= 4)
        assert product.stop() < STOP_SECONDS
        answers = [one.result() for one in asked]
    assert product.status == 0
    # Who was not answered was not let in, or is told so.
    assert all(answer is None or answer.status_code == 200 and answer.json() for answer in answers)
    assert sum(answer is not None for answer in answers) >= 4
    assert not [one for one in left if Path(f"/proc/{one}").exists()]


def _once(product: Workers, sender: str) -> httpx.Response | None:
    body = {"sender": sender, "message": "多久能到账"}
    try:
        return httpx.post(f"{product.url}{WEBHOOK}", json=body, timeout=30)
    except httpx.TransportError:
        return None
