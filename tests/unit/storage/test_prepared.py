"""A statement that is put into words once does what SQLAlchemy does with it each time."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import Connection

from bot.clock import SHANGHAI
from bot.storage.prepared import Outcome, Prepared
from bot.storage.tables import bookmarks
from bot.storage.tables.base import Moment
from tests.fakes.house import FakeHouse

NOON = datetime(2026, 11, 29, 12, 0, tzinfo=SHANGHAI)

things = sa.Table(
    "things",
    sa.MetaData(),
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("name", sa.String(20), nullable=False),
    sa.Column("at", Moment),
    sa.Column("tags", sa.JSON),
    sa.Column("good", sa.Boolean),
    sa.Column("sealed", sa.LargeBinary),
)
ADD = things.insert()
OF_NAME = (
    sa.select(things, things.c.at.label("seen"), sa.func.count().over().label("all"))
    .where(things.c.name == sa.bindparam("named"), things.c.id > 0)
    .order_by(things.c.id)
    .limit(sa.bindparam("most"))
)
RENAME = (
    things.update()
    .where(things.c.name == sa.bindparam("named"), things.c.at < sa.bindparam("before"))
    .values(name=sa.bindparam("new_name"), tags=sa.bindparam("new_tags"), good=False)
)
COUNT = sa.text("INSERT INTO things (name, at) VALUES (:name, :at) RETURNING id, name").bindparams(
    sa.bindparam("at", type_=Moment)
)
ROW: dict[str, Any] = {
    "name": "黄浦", "at": NOON, "tags": ["户口", 1, None], "good": True, "sealed": b"\x00\xff"
}  # fmt: skip

Run = Callable[[sa.sql.Executable, dict[str, Any]], Outcome]


@pytest.fixture
def connection() -> Iterator[Connection]:
    """A connection of `sqlite3` to a database with the table."""
    engine = sa.create_engine("sqlite://", future=True)
    with engine.connect() as opened:
        things.create(opened)
        yield opened


@pytest.fixture(params=["prepared", "sqlalchemy"])
def run(request: pytest.FixtureRequest, connection: Connection) -> Run:
    """Both ways to run a statement, so that each test says what they have in common."""

    def by_sqlalchemy(statement: sa.sql.Executable, values: dict[str, Any]) -> Outcome:
        result: Any = connection.execute(statement, values)
        return Outcome(result.all() if result.returns_rows else [], result.rowcount)

    def prepared(statement: sa.sql.Executable, values: dict[str, Any]) -> Outcome:
        return Prepared(statement).run(connection, values)

    return prepared if request.param == "prepared" else by_sqlalchemy


def test_every_kind_of_value_comes_back_as_it_was(run: Run) -> None:
    assert run(ADD, ROW).changed == 1
    (row,) = run(OF_NAME, {"named": "黄浦", "most": 5}).rows
    assert dict(row._mapping) == {"id": 1, **ROW, "seen": NOON, "all": 1}
    assert (row.seen.utcoffset(), row.good is True, row[1]) == (timedelta(hours=8), True, "黄浦")


def test_columns_that_are_not_named_stay_empty(run: Run) -> None:
    run(ADD, {"name": "徐汇"})
    run(ADD, {"at": NOON, "name": "徐汇"})
    first, second = run(OF_NAME, {"named": "徐汇", "most": 5}).rows
    assert (first.at, first.tags, first.good, second.at) == (None, None, None, NOON)


def test_a_change_says_how_many_rows_it_fits(run: Run) -> None:
    for at in (NOON, NOON, NOON + timedelta(hours=2)):
        run(ADD, {**ROW, "at": at})
    values = {"named": "黄浦", "before": NOON + timedelta(hours=1), "new_name": "静安", "new_tags": {"a": 1}}
    assert run(RENAME, values).changed == 2
    assert run(RENAME, values).changed == 0
    found = run(OF_NAME, {"named": "静安", "most": 1}).rows
    assert [(row.tags, row.good) for row in found] == [({"a": 1}, False)]


def test_what_an_insert_returns_has_names(run: Run) -> None:
    run(COUNT, {"name": "长宁", "at": NOON})
    outcome = run(COUNT, {"name": "普陀", "at": NOON})
    assert [(row.id, row.name) for row in outcome.rows] == [(2, "普陀")]


def test_nothing_found_is_an_empty_list(run: Run) -> None:
    assert run(OF_NAME, {"named": "nobody", "most": 5}).rows == []


@pytest.mark.parametrize(
    ("statement", "values", "error"),
    [
        (ADD, {"name": None}, sa.exc.IntegrityError),
        (ADD, {"name": "x", "at": datetime(2026, 11, 29)}, sa.exc.StatementError),
        (OF_NAME, {"named": "x"}, (sa.exc.InvalidRequestError, sa.exc.StatementError)),
        (sa.text("SELECT nothing FROM nowhere"), {}, sa.exc.OperationalError),
    ],
)
def test_what_does_not_fit_is_refused(
    run: Run, statement: sa.sql.Executable, values: dict[str, Any], error: Any
) -> None:
    with pytest.raises(error):
        run(statement, values)


def test_several_rows_go_in_one_after_the_other(connection: Connection) -> None:
    add = Prepared(ADD)
    add.run_each(connection, [{"name": "a", "at": NOON}, {"name": "b", "at": None}])
    with pytest.raises(sa.exc.IntegrityError):
        add.run_each(connection, [{"name": "c"}, {"name": None}])
    found = connection.execute(sa.select(things.c.name, things.c.at)).all()
    assert [tuple(row) for row in found][:2] == [("a", NOON), ("b", None)]


@pytest.mark.parametrize(
    ("statement", "why"),
    [
        (sa.select(things).where(things.c.name.in_(["a", "b"])), "anew each time"),
        (sa.select(sa.func.count()).select_from(things), "label"),
        (sa.select(things.c.id, things.c.id), "names"),
        (sa.select(things.c.id).union(sa.select(things.c.id)), "names"),
        (sa.text("SELECT at FROM things").columns(things.c.at), "names"),
    ],
)
def test_what_would_come_back_otherwise_cannot_be_prepared(
    connection: Connection, statement: sa.sql.Executable, why: str
) -> None:
    with pytest.raises(TypeError, match=why):
        Prepared(statement).run(connection, {})


async def test_where_there_is_no_sqlite3_sqlalchemy_runs_it(house: FakeHouse) -> None:
    add, find = Prepared(bookmarks.insert()), Prepared(sa.select(bookmarks))
    rows = [{"name": "a", "value": "1"}, {"name": "b", "value": "2"}]
    async with house.engine.begin() as aiosqlites:
        await aiosqlites.run_sync(lambda connection: add.run_each(connection, rows))
        found = await aiosqlites.run_sync(lambda connection: find.run(connection, {}).rows)
    assert [dict(row._mapping) for row in found] == rows
