"""What every table is made of. Moments are stored in UTC and read back in Asia/Shanghai."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import Any, Optional

import sqlalchemy as sa

from bot.clock import SHANGHAI


class Moment(sa.types.TypeDecorator):  # type: ignore[type-arg]
    """An aware moment; naive values are refused, because nobody can say what they mean."""

    impl = sa.DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: Optional[datetime], dialect: Any) -> Optional[datetime]:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a moment without an offset")
        return value.astimezone(timezone.utc)

    def process_result_value(self, value: Optional[datetime], dialect: Any) -> Optional[datetime]:
        if value is None:
            return None
        aware = value if value.tzinfo else value.replace(tzinfo=timezone.utc)
        return aware.astimezone(SHANGHAI)


# SQLite only counts up by itself on INTEGER, PostgreSQL wants room for more.
Number = sa.BigInteger().with_variant(sa.Integer(), "sqlite")

metadata = sa.MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)


def key() -> sa.Column[Any]:
    """The column that counts a table's rows."""
    return sa.Column("id", Number, primary_key=True, autoincrement=True)


def conversation_id(index: bool = True) -> sa.Column[Any]:
    """The column that names the conversation a row belongs to."""
    return sa.Column(
        "conversation_id", Number, sa.ForeignKey("conversations.id"), nullable=False, index=index
    )
