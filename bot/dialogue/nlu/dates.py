"""Days named in a message, resolved against a given today; without a year the most recent is meant."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from enum import Enum

from bot.dialogue.nlu.folding import fold
from bot.dialogue.nlu.numerals import HANZI_NUMBER, read_number


class DateProblem(str, Enum):
    """Why a day cannot be the day of a payment."""

    NO_SUCH_DAY = "no_such_day"
    IN_THE_FUTURE = "in_the_future"


@dataclass(frozen=True)
class FoundDate:
    """`day` stood in the message from `start` to `end`; it is None where the calendar has no such day."""

    day: date | None
    start: int
    end: int
    problem: DateProblem | None = None


Resolver = Callable[[re.Match[str], date], "date | None"]

_N = r"(?:\d{1,2}|[一二三四五六七八九十廿]{1,3})"
_MONTHS = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"]
_MONTH_NAME = (
    r"(?P<name>jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|"
    r"oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)"
)
_WEEKDAYS = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
_WEEKDAY_NAME = (
    r"(?P<weekday>mon(?:day)?|tue(?:s(?:day)?)?|wed(?:nesday)?|thu(?:rs(?:day)?)?|fri(?:day)?|"
    r"sat(?:urday)?|sun(?:day)?)"
)
_ORDINAL = r"(?:st|nd|rd|th)?"
_WEEK = r"(?:周|星期|礼拜)"
_WEEK_PINYIN = r"(?:zhou|xingqi|xing qi|libai|li bai)"
_PINYIN_DAYS = {"yi": 0, "er": 1, "san": 2, "si": 3, "wu": 4, "liu": 5, "ri": 6, "tian": 6}
_PINYIN_DAY = r"(?P<day>yi|er|san|si|wu|liu|ri|tian)"
_NOT_A_DAY = r"(?!线|楼|窗|门|机|码|店|院|令|柜|室|出|口|弄|桌|台|线|[a-z\d])"


class _NoSuchDay(Exception):
    pass


def find_dates(text: str, today: date) -> list[FoundDate]:
    """Every day named in `text`, in order, never overlapping."""
    folded, found = fold(text), list[FoundDate]()
    if not _ANY_SIGN.search(folded):
        return found
    for pattern, resolve in _PATTERNS:
        for match in pattern.finditer(folded):
            if not any(match.start() < other.end and other.start < match.end() for other in found):
                found.extend(_resolved(match, resolve, today))
    return sorted(found, key=lambda one: one.start)


def _resolved(match: re.Match[str], resolve: Resolver, today: date) -> Iterator[FoundDate]:
    try:
        day = resolve(match, today)
    except _NoSuchDay:
        yield FoundDate(None, *match.span(), DateProblem.NO_SUCH_DAY)
        return
    if day is not None:
        yield FoundDate(day, *match.span(), DateProblem.IN_THE_FUTURE if day > today else None)


def _full(match: re.Match[str], today: date) -> date | None:
    year = int(match["year"])
    return _calendar_day(year + 2000 if year < 100 else year, _number(match["month"]), _number(match["day"]))


def _month_and_day(match: re.Match[str], today: date) -> date | None:
    return _most_recent(_number(match["month"]), _number(match["day"]), today)


def _slashed(match: re.Match[str], today: date) -> date | None:
    first, second = int(match["month"]), int(match["day"])
    if not 1 <= first <= 12 and 1 <= second <= 12:
        first, second = second, first
    if not (1 <= first <= 12 and 1 <= second <= 31):
        return None
    return _most_recent(first, second, today)


def _english_month(match: re.Match[str], today: date) -> date | None:
    month, day = _MONTHS.index(match["name"][:3]) + 1, int(match["day"])
    year = match.groupdict().get("year")
    return _calendar_day(int(year), month, day) if year else _most_recent(month, day, today)


def _day_of_month(match: re.Match[str], today: date) -> date | None:
    """A bare day: of last month when said so, else the last time that day came."""
    day, which = _number(match["day"]), match["which"] or ""
    if not 1 <= day <= 31:
        return None
    last_month_ends = today.replace(day=1) - timedelta(days=1)
    if which.startswith("上"):
        return _calendar_day(last_month_ends.year, last_month_ends.month, day)
    if which or day <= today.day:
        return _calendar_day(today.year, today.month, day)
    while last_month_ends.day < day:
        last_month_ends = last_month_ends.replace(day=1) - timedelta(days=1)
    return last_month_ends.replace(day=day)


def _days_ago(match: re.Match[str], today: date) -> date | None:
    return today - timedelta(days=_number(match["count"]))


def _weeks_ago(match: re.Match[str], today: date) -> date | None:
    return today - timedelta(weeks=_number(match["count"]))


def _chinese_weekday(match: re.Match[str], today: date) -> date | None:
    return _weekday(match["which"] or "", "一二三四五六日".index(match["day"].replace("天", "日")), today)


def _pinyin_weekday(match: re.Match[str], today: date) -> date | None:
    weeks = (match["which"] or "").replace(" ", "").count("shang")
    return _weekday("上" * weeks, _PINYIN_DAYS[match["day"]], today)


def _weekday(which: str, weekday: int, today: date) -> date:
    """As many weeks before as 上 is said, or after as 下; else this week, or the last such weekday."""
    monday = today - timedelta(days=today.weekday())
    if which.startswith("下"):
        return monday + timedelta(weeks=which.count("下"), days=weekday)
    if which.startswith("上"):
        return monday - timedelta(weeks=which.count("上")) + timedelta(days=weekday)
    if which:
        return monday + timedelta(days=weekday)
    return today - timedelta(days=(today.weekday() - weekday) % 7)


def _english_weekday(match: re.Match[str], today: date) -> date | None:
    back = (today.weekday() - _WEEKDAYS.index(match["weekday"][:3])) % 7
    return today - timedelta(days=back or (7 if match["which"] == "last" else 0))


def _ago(days: int) -> Resolver:
    return lambda match, today: today - timedelta(days=days)


def _number(written: str) -> int:
    number = read_number({"a": "1", "an": "1"}.get(written, written))
    return -1 if number is None else int(number)


def _most_recent(month: int, day: int, today: date) -> date:
    this_year = _calendar_day(today.year, month, day, leap_year_will_do=True)
    if this_year is not None and this_year <= today:
        return this_year
    for year in range(today.year - 1, today.year - 9, -1):
        earlier = _calendar_day(year, month, day, leap_year_will_do=True)
        if earlier is not None:
            return earlier
    raise _NoSuchDay


def _calendar_day(year: int, month: int, day: int, leap_year_will_do: bool = False) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        if leap_year_will_do and (month, day) == (2, 29):
            return None
        raise _NoSuchDay from None


_LATIN = r"(?<![a-z])"
_NO_LATIN = r"(?![a-z])"
_COUNT = rf"(?<!\d)(?P<count>\d{{1,3}}|{HANZI_NUMBER})"
_YEAR_AFTER = r"(?:,? (?P<year>20\d\d))?"
_SEPARATED = r"(?P<year>20\d\d)\s?[-/.]\s?(?P<month>\d{1,2})\s?[-/.]\s?(?P<day>\d{1,2})"
_COMPACT = r"(?P<year>20[2-3]\d)(?P<month>0[1-9]|1[0-2])(?P<day>[0-3]\d)"
_SMALL = "one|two|three|four|five|six|seven|ten"
_PINYIN_COUNT = r"(?P<count>\d{1,2}|yi|liang|san|si|wu|liu|qi)"
_PINYIN_WHICH = r"(?P<which>(?:shang ?){1,2}(?:ge ?)?)?"

_RULES: tuple[tuple[str, Resolver], ...] = (
    (rf"(?<![\d/-]){_SEPARATED}(?![\d/-])", _full),
    (rf"(?<!\d)(?P<year>(?:20)?\d\d)\s?年\s?(?P<month>{_N})\s?月\s?(?P<day>{_N})\s?[日号]?", _full),
    (rf"(?<![\da-z_-]){_COMPACT}(?![\da-z_-])", _full),
    (rf"(?<!\d)(?P<month>{_N})\s?月\s?(?P<day>{_N})(?:\s?[日号]|(?![\d个天]))", _month_and_day),
    (r"(?<![\d/.-])(?P<month>\d{1,2})/(?P<day>\d{1,2})(?![\d/.-])", _slashed),
    (r"(?<![\d/.-])(?P<month>\d{1,2})[.-](?P<day>\d{1,2})\s?[日号]", _month_and_day),
    (r"(?<![a-z\d])(?P<month>\d{1,2}) ?yue ?(?P<day>\d{1,2})(?: ?(?:hao|ri))?(?![a-z\d])", _month_and_day),
    (rf"{_LATIN}{_MONTH_NAME}\.? ?(?P<day>\d{{1,2}}){_ORDINAL}{_YEAR_AFTER}(?![a-z\d])", _english_month),
    (rf"(?<![\da-z])(?P<day>\d\d?){_ORDINAL}(?: of)? {_MONTH_NAME}{_YEAR_AFTER}{_NO_LATIN}", _english_month),
    (r"大后天", _ago(-3)),
    (rf"(?<!以)后天(?!天)|day after tomorrow|{_LATIN}hou ?tian{_NO_LATIN}", _ago(-2)),
    (rf"明[天日早晚]|{_LATIN}(?:tomorrow|ming ?tian){_NO_LATIN}", _ago(-1)),
    (rf"大前[天日]|da ?qian ?tian{_NO_LATIN}", _ago(3)),
    (rf"前[天日晚]|前夜|day before yesterday|{_LATIN}qian ?(?:tian|ri){_NO_LATIN}", _ago(2)),
    (rf"昨[天日晚夜儿]|yesterday|last night|{_LATIN}zuo ?(?:tian|ri|wan){_NO_LATIN}", _ago(1)),
    (r"今[天日朝早晚儿](?!后)", _ago(0)),
    (rf"{_LATIN}(?:today|this (?:morning|afternoon|evening)|jin ?tian){_NO_LATIN}", _ago(0)),
    (rf"{_COUNT}\s?(?:天|日)(?:以|之)?前", _days_ago),
    (rf"{_COUNT}\s?个?{_WEEK}(?:以|之)?前", _weeks_ago),
    (rf"(?<![a-z\d])(?P<count>\d{{1,3}}|an?|{_SMALL}) days? (?:ago|back)", _days_ago),
    (rf"(?<![a-z\d])(?P<count>\d{{1,2}}|an?|{_SMALL}) weeks? (?:ago|back)", _weeks_ago),
    (rf"{_LATIN}{_PINYIN_COUNT} ?tian (?:yi ?)?qian{_NO_LATIN}", _days_ago),
    (rf"(?P<which>下下个?|下个?){_WEEK}(?P<day>[一二三四五六日天])(?!个|次)", _chinese_weekday),
    (rf"(?P<which>上上个?|上个?|这个?|本|今)?{_WEEK}(?P<day>[一二三四五六日天])(?!个|次)", _chinese_weekday),
    (rf"{_LATIN}{_PINYIN_WHICH}{_WEEK_PINYIN} ?{_PINYIN_DAY}{_NO_LATIN}", _pinyin_weekday),
    (rf"{_LATIN}(?P<which>last|this|on|since|past|was) {_WEEKDAY_NAME}{_NO_LATIN}", _english_weekday),
    (r"(?P<which>^)\W*(?P<weekday>(?:mon|tues|wednes|thurs|fri|satur|sun)day)\W*$", _english_weekday),
    (rf"(?P<which>上个?月|这个?月|本月)?(?<![\d.,第#])(?P<day>{_N})\s?号{_NOT_A_DAY}", _day_of_month),
    (r"(?P<which>上个?月|这个?月|本月)(?P<day>\d{1,2})日?(?![\d个天])", _day_of_month),
)
_ANY_SIGN = re.compile(r"[\da-z月日号天夜晚早朝儿周星礼]")
"""One of these is in every day that can be named; half of all messages have none."""
_PATTERNS = tuple((re.compile(pattern), resolve) for pattern, resolve in _RULES)
