"""Statements that every message runs: put into words once.

Whenever a statement runs, SQLAlchemy looks it up among those it compiled and makes a context, a cursor and a
result, which takes several times as long as SQLite itself does. On a connection of `sqlite3` a prepared
statement does without, with SQLAlchemy's own SQL, types and rows; elsewhere SQLAlchemy runs it.
"""

from __future__ import annotations

import sqlite3
from contextlib import contextmanager
from typing import Any, Callable, Iterator, Mapping, NamedTuple, Optional, Sequence, Union

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Dialect, Row
from sqlalchemy.engine.result import result_tuple

Values = Mapping[str, Any]
Convert = Optional[Callable[[Any], Any]]


class Outcome(NamedTuple):
    """What a statement returned, and how many rows it changed."""

    rows: list[Row]
    changed: int


class Prepared:
    """A statement whose values are all parameters. Raises what SQLAlchemy raises."""

    def __init__(self, statement: sa.sql.Executable) -> None:
        self.statement = statement
        self._spoken: dict[tuple[str, ...], _Spoken] = {}

    def run(self, connection: Connection, values: Values) -> Outcome:
        """Runs once; an insert sets the columns that `values` names."""
        driver = connection.connection.dbapi_connection
        if isinstance(driver, sqlite3.Connection):
            return self._for(connection.dialect, values).run(driver, values)
        return run(connection, self.statement, values)

    def run_each(self, connection: Connection, rows: Sequence[Values]) -> None:
        """Runs for each of one or more rows, which all name the same columns."""
        driver = connection.connection.dbapi_connection
        if isinstance(driver, sqlite3.Connection):
            self._for(connection.dialect, rows[0]).run_each(driver, rows)
        else:
            connection.execute(self.statement, rows)

    def _for(self, dialect: Dialect, values: Values) -> "_Spoken":
        names = tuple(values)
        spoken = self._spoken.get(names)
        if spoken is None:
            spoken = self._spoken[names] = _Spoken(self.statement, dialect, names)
        return spoken


Statement = Union[sa.sql.Executable, Prepared]


def run(connection: Connection, statement: Statement, values: Optional[Values] = None) -> Outcome:
    """Runs a statement, prepared or not."""
    if isinstance(statement, Prepared):
        return statement.run(connection, values or {})
    result: Any = connection.execute(statement, values)
    return Outcome(result.all() if result.returns_rows else [], result.rowcount)


class _Spoken:
    """A statement as `sqlite3` takes it, when these parameters are given."""

    def __init__(self, statement: Any, dialect: Dialect, names: tuple[str, ...]) -> None:
        compiled = statement.compile(dialect=dialect, column_keys=list(names))
        if compiled.post_compile_params or compiled.insert_prefetch or compiled.update_prefetch:
            raise TypeError(f"has to be made anew each time: {compiled}")
        columns = _columns(statement)
        self._sql = str(compiled)
        self._given = [_parameter(compiled, name, name in names) for name in compiled.positiontup]
        self._read = [_kind(column.type, dialect).result_processor(dialect, None) for column in columns]
        self._row: Any = result_tuple([column.key for column in columns]) if columns else None

    def run(self, driver: sqlite3.Connection, values: Values) -> Outcome:
        with as_sqlalchemy_says(self._sql):
            cursor = driver.execute(self._sql, self._in_order(values))
            found = cursor.fetchall()
        return Outcome(self._rows(cursor, found) if found else [], cursor.rowcount)

    def run_each(self, driver: sqlite3.Connection, rows: Sequence[Values]) -> None:
        with as_sqlalchemy_says(self._sql):
            driver.executemany(self._sql, [self._in_order(values) for values in rows])

    def _in_order(self, values: Values) -> list[Any]:
        return [
            written if name is None else convert(values[name]) if convert else values[name]
            for name, convert, written in self._given
        ]

    def _rows(self, cursor: sqlite3.Cursor, found: list[tuple[Any, ...]]) -> list[Row]:
        if self._row is None:
            self._row = result_tuple([column[0] for column in cursor.description])
        if not self._read:
            return [self._row(row) for row in found]
        return [
            self._row(
                [convert(value) if convert else value for convert, value in zip(self._read, row, strict=True)]
            )
            for row in found
        ]


@contextmanager
def as_sqlalchemy_says(statement: str) -> Iterator[None]:
    """The driver's errors, and those of a value that does not fit, become what SQLAlchemy raises for them."""
    try:
        yield
    except Exception as error:
        raise sa.exc.DBAPIError.instance(statement, None, error, sqlite3.Error) from error


def _columns(statement: Any) -> list[Any]:
    """What a select's rows have; raises TypeError for rows whose columns cannot be told by name."""
    columns = list(statement.selected_columns) if isinstance(statement, sa.sql.Select) else []
    names = [column.key for column in columns]
    is_plain = isinstance(statement, (sa.sql.Select, sa.sql.elements.TextClause, sa.sql.dml.UpdateBase))
    if not is_plain or getattr(statement, "_returning", None) or len(set(names)) < len(names):
        raise TypeError(f"has columns without names of their own: {statement}")
    if any(name is None or "%(" in name for name in names):
        raise TypeError(f"has columns that need a label: {statement}")
    return columns


def _kind(kind: sa.types.TypeEngine[Any], dialect: Dialect) -> Any:
    return kind.dialect_impl(dialect)


def _parameter(compiled: Any, name: str, is_given: bool) -> tuple[Optional[str], Convert, Any]:
    """What a place in the statement gets: a given value and how it is converted, or a value written in it."""
    bound = compiled.binds[name]
    convert = _kind(bound.type, compiled.dialect).bind_processor(compiled.dialect)
    if is_given:
        return name, convert, None
    if bound.required:
        raise sa.exc.InvalidRequestError(f"no value for {name}: {compiled}")
    written = compiled.params[name]
    return None, None, convert(written) if convert else written
