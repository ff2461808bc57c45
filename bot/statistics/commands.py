"""The statistics from the command line: `python -m bot statistics --from --to --format csv|table`."""

from __future__ import annotations

import argparse
import sys
from datetime import timedelta

from bot.channels.words import load_words
from bot.clock import SystemClock
from bot.errors import InvalidInput
from bot.settings import ROOT, Settings
from bot.statistics.model import Days
from bot.statistics.report import TABLES, Report, report_of
from bot.statistics.service import StatisticsService
from bot.statistics.writing import Writer
from bot.storage.database import migrate, open_database
from bot.storage.unit_of_work import UnitOfWorkFactory
from bot.tickets.hours import WorkingHours

USUAL_DAYS = 7
SUMMARY = "summary"
"""The measures, as a file."""
WORDS = ROOT / "bot" / "console" / "words"


def statistics_of(settings: Settings, work: UnitOfWorkFactory) -> StatisticsService:
    """The service as these settings want it."""
    return StatisticsService(
        work,
        SystemClock(),
        WorkingHours(settings.work_from, settings.work_until),
        timedelta(minutes=settings.session_gap_minutes),
    )


async def statistics(settings: Settings, arguments: argparse.Namespace) -> int:
    """Prints the figures of some days; 2 when the days cannot be read, or there is no such table."""
    if arguments.table not in (SUMMARY, *TABLES):
        sys.stderr.write(f"no table {arguments.table}; there are: {' '.join((SUMMARY, *TABLES))}\n")
        return 2
    engine = open_database(settings.database_url)
    try:
        await migrate(engine)
        service = statistics_of(settings, UnitOfWorkFactory(engine))
        words = load_words(WORDS)[arguments.language]
        try:
            days = _days(arguments, service)
        except InvalidInput as error:
            sys.stderr.write(words(f"statistics.trouble.{error.code}") + "\n")
            return 2
        written = _written(Writer(words), report_of(await service.figures(days)), arguments)
    finally:
        await engine.dispose()
    sys.stdout.write(written)
    return 0


def _days(arguments: argparse.Namespace, service: StatisticsService) -> Days:
    today = service.today()
    if not arguments.first and not arguments.last:
        return Days.until(today, USUAL_DAYS)
    last = arguments.last or today.isoformat()
    return Days.read(arguments.first or last, last, today)


def _written(writer: Writer, report: Report, arguments: argparse.Namespace) -> str:
    if arguments.format == "table":
        return writer.text(report)
    table = report.table(arguments.table)
    return writer.csv(table) if table else writer.summary_csv(report)
