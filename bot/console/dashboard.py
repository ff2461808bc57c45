"""What the head of the hotline wants to see: the figures of some days, drawn and as files."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any, Mapping, Optional, Sequence
from urllib.parse import urlencode

from starlette.responses import Response
from starlette.routing import Route

from bot.channels.words import Words
from bot.console import charts
from bot.console.model import Permission
from bot.console.office import Office
from bot.console.pages import Pages
from bot.console.reception import Reception, Visit
from bot.errors import InvalidInput, NotFound
from bot.statistics.model import Days, Share
from bot.statistics.report import Kind, Measure, Report, report_of
from bot.statistics.writing import Writer

HERE = "/console/dashboard"
PRESETS = (1, 7, 30, 90)
USUAL = 7
GROUPS = {
    "service": ("contained", "durable", "handed_off", "score", "rated"),
    "volume": ("sessions", "messages", "opened", "resolved"),
    "people": (
        "late", "answer_in_time", "answer_median", "answer_p90", "resolution_in_time", "resolution_median",
        "reopened",
    ),
    "promises": ("notices",),
}  # fmt: skip


@dataclass(frozen=True)
class Asked:
    """The days that an address asks for; `preset` when it is one of the usual spans up to today."""

    days: Days
    preset: Optional[int]

    @classmethod
    def of(cls, params: Mapping[str, str], today: date) -> "Asked":
        """Reads `days`, or `from` and `to`. Raises InvalidInput as `Days.read` does."""
        if "from" in params or "to" in params:
            return cls(Days.read(params.get("from", ""), params.get("to", ""), today), None)
        wanted = params.get("days", "")
        preset = next((count for count in PRESETS if str(count) == wanted), USUAL)
        return cls(Days.until(today, preset), preset)


class Dashboard:
    """The page, and each of its tables for a spreadsheet."""

    def __init__(self, office: Office, pages: Pages) -> None:
        self._office = office
        self._statistics = office.statistics
        self._pages = pages

    def routes(self, reception: Reception) -> list[Route]:
        """The addresses of these pages."""
        return [
            Route(HERE, reception.for_agents(self.dashboard, needs=Permission.OVERSEE)),
            Route(HERE + "/{table}.csv", reception.for_agents(self.table, needs=Permission.OVERSEE)),
        ]

    async def dashboard(self, visit: Visit) -> Response:
        """The page; that it was looked at is recorded, for it shows what residents wrote."""
        words, today = self._pages.words(visit.request), self._statistics.today()
        params = visit.request.query_params
        try:
            asked = Asked.of(params, today)
        except InvalidInput as error:
            trouble = words(f"statistics.trouble.{error.code}")
            typed = {"first": params.get("from", ""), "last": params.get("to", "")}
            return self._page(visit, 422, report=None, trouble=trouble, preset=None, **typed)
        report = report_of(await self._statistics.figures(asked.days))
        names = await self._record(visit, "dashboard_viewed", asked.days)
        measures = {measure.name: measure for measure in report.measures}
        writer = Writer(words, names)
        return self._page(
            visit,
            report=report,
            trouble="",
            preset=asked.preset,
            first=asked.days.first.isoformat(),
            last=asked.days.last.isoformat(),
            writer=writer,
            groups=[(group, [measures[name] for name in names]) for group, names in GROUPS.items()],
            drawn=_drawn(report, words),
            number=lambda measure: _number(writer, measure.now, measure),
            before=lambda measure: _number(writer, measure.before, measure),
            csv=lambda name: _csv_address(name, asked.days),
        )

    async def table(self, visit: Visit) -> Response:
        """One table as CSV. Raises NotFound for one that there is not."""
        asked = Asked.of(visit.request.query_params, self._statistics.today())
        wanted = visit.request.path_params["table"]
        report = report_of(await self._statistics.figures(asked.days))
        table = report.table(wanted)
        if table is None and wanted != "summary":
            raise NotFound(wanted)
        writer = Writer(
            self._pages.words(visit.request), await self._record(visit, "statistics_exported", asked.days)
        )
        content = writer.csv(table) if table else writer.summary_csv(report)
        name = f"{wanted}-{asked.days.first}-{asked.days.last}.csv"
        headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"}
        return Response(content.encode(), 200, headers, "text/csv; charset=utf-8")

    async def _record(self, visit: Visit, action: str, days: Days) -> dict[str, str]:
        """Records who looked; returns what agents are called."""
        async with self._office.work() as work:
            subject = f"{days.first}..{days.last}"
            work.agents.record(visit.account.name, action, subject, self._office.clock.now())
            await work.commit()
            return {account.name: account.display_name for account in await work.agents.all()}

    def _page(self, visit: Visit, status: int = 200, **values: Any) -> Response:
        return self._pages.page(
            visit.request,
            "dashboard.html",
            status,
            account=visit.account,
            csrf=visit.csrf,
            presets=PRESETS,
            today=self._statistics.today().isoformat(),
            **values,
        )


@dataclass(frozen=True)
class Drawn:
    """The charts over days, and what they show in words."""

    sessions: charts.Columns
    sessions_said: str
    cases: charts.Lines
    cases_said: str
    when: Sequence[charts.Field]
    when_said: str
    weekdays: Sequence[str]


def _drawn(report: Report, words: Words) -> Drawn:
    days, hours = report.table("days"), report.table("hours")
    assert days is not None, "there is always this table"
    assert hours is not None, "there is always this table"
    series: list[list[Any]] = [list(column) for column in zip(*days.rows, strict=True)]
    names, (sessions, handed_off, opened, resolved) = charts.spans(series[0], *series[2:6])
    column = {
        name: words(f"statistics.column.{name}") for name in ("sessions", "handed_off", "opened", "resolved")
    }
    weekdays = [words(f"statistics.weekday.{day}") for day in range(7)]
    counts: list[tuple[str, Sequence[Any]]] = [
        (name, row[1:]) for name, row in zip(weekdays, hours.rows, strict=True)
    ]
    return Drawn(
        sessions=charts.columns(
            names,
            handed_off,
            sessions,
            [
                f"{name} · {column['sessions']} {whole} · {column['handed_off']} {part}"
                for name, whole, part in zip(names.names, sessions, handed_off, strict=True)
            ],
        ),
        sessions_said=_said(words, names.names, sessions),
        cases=charts.lines(
            names,
            [opened, resolved],
            [
                [f"{name} · {column[what]} {count}" for name, count in zip(names.names, counted, strict=True)]
                for what, counted in (("opened", opened), ("resolved", resolved))
            ],
        ),
        cases_said=f"{column['opened']}: {_said(words, names.names, opened)} {column['resolved']}: "
        f"{_said(words, names.names, resolved)}",
        when=charts.heat(counts),
        when_said=_said(
            words,
            [f"{name} {hour:02d}:00" for name in weekdays for hour in range(24)],
            [count for _, row in counts for count in row],
        ),
        weekdays=weekdays,
    )


def _said(words: Words, names: Sequence[str], counts: Sequence[int]) -> str:
    """A chart in a sentence: how much altogether, and where most."""
    if not any(counts):
        return words("statistics.empty")
    most = max(range(len(counts)), key=lambda place: counts[place])
    total = words("statistics.chart.total", count=sum(counts))
    return f"{total}. {words('statistics.chart.highest', name=names[most], count=counts[most])}."


def _number(writer: Writer, value: Any, measure: Measure) -> str:
    """The large number of a tile: of a share only its rate."""
    if measure.kind is Kind.SHARE and isinstance(value, Share) and value.rate is not None:
        return f"{value.rate:.1%}"
    return writer.value(None if isinstance(value, Share) else value, measure.kind)


def _csv_address(name: str, days: Days) -> str:
    return f"{HERE}/{name}.csv?" + urlencode({"from": days.first.isoformat(), "to": days.last.isoformat()})
