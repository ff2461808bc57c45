"""The console's pages, rendered in the agent's language with the times of Shanghai."""

from __future__ import annotations

import re
import secrets
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Optional

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from bot.channels.assets import Assets
from bot.channels.problems import Problem
from bot.channels.words import LANGUAGES, Words, chosen_language, load_words
from bot.clock import SHANGHAI, Clock
from bot.console.model import Account, Permission

HERE = Path(__file__).parent
LANGUAGE_COOKIE = "console_language"
MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d.*[+-]\d\d:\d\d$")


class Pages:
    """Renders templates; every page gets the words, the account and the time."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._words = load_words(HERE / "words")
        self.assets = Assets(HERE / "static", "/console/static")
        self._pages = Environment(
            loader=FileSystemLoader(HERE / "templates"),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._pages.globals["asset"] = self.assets.address
        self._pages.globals["may"] = lambda account, name: account.may(Permission(name))
        self._pages.filters["full"] = full_moment
        self._pages.filters["short"] = short_moment

    def words(self, request: Request) -> Words:
        """The words of the language chosen in this browser; Chinese first."""
        return self._words[chosen_language(request, LANGUAGE_COOKIE, by_browser=False)]

    def words_in(self, language: str) -> Words:
        """The words of a language, whatever was chosen in a browser."""
        return self._words[language]

    def fragment(self, request: Request, name: str, **values: Any) -> str:
        """A part of a page."""
        words = self.words(request)
        now = self._clock.now()
        return self._pages.get_template(name).render(
            words=words,
            now=now,
            age=lambda since: span_words(words, now - since),
            until=lambda moment: span_words(words, moment - now),
            fact=lambda name, value: fact_words(words, name, value),
            marked=lambda text: _marked(words, text),
            **values,
        )

    def page(
        self,
        request: Request,
        name: str,
        status: int = 200,
        account: Optional[Account] = None,
        csrf: str = "",
        **values: Any,
    ) -> HTMLResponse:
        """A whole page, with a key for its forms; `?lang=` is remembered."""
        values.setdefault("key", new_form_key())
        other = "en" if self.words(request).language == "zh" else "zh"
        switch = request.url.include_query_params(lang=other)
        html = self.fragment(
            request,
            name,
            account=account,
            csrf=csrf,
            here=request.url.path,
            # A page that answers a form has no address of its own to come back to.
            switch=f"{switch.path}?{switch.query}" if request.method == "GET" else f"/console?lang={other}",
            **values,
        )
        response = HTMLResponse(html, status, {"Cache-Control": "no-store"})
        self._remember_language(request, response)
        return response

    def error(self, request: Request, problem: Problem) -> HTMLResponse:
        """What went wrong, for a person."""
        words = self.words(request)
        reference = getattr(request.state, "request_id", "") if problem.status >= 500 else ""
        response = self.page(
            request,
            "error.html",
            problem.status,
            title=_said(words, "error", problem),
            advice=_said(words, "error_advice", problem),
            reference=reference,
        )
        response.headers.update(problem.headers)
        return response

    def _remember_language(self, request: Request, response: Response) -> None:
        if request.query_params.get("lang") in LANGUAGES:
            language = self.words(request).language
            response.set_cookie(
                LANGUAGE_COOKIE, language, max_age=365 * 24 * 3600, path="/console", samesite="lax"
            )


def new_form_key() -> str:
    """What marks the forms of one page."""
    return secrets.token_urlsafe(9)


def full_moment(moment: datetime) -> str:
    """2026-11-23 14:05:09 +08:00."""
    return moment.astimezone(SHANGHAI).strftime("%Y-%m-%d %H:%M:%S +08:00")


def short_moment(moment: datetime) -> str:
    """11-23 14:05, in Shanghai."""
    return moment.astimezone(SHANGHAI).strftime("%m-%d %H:%M")


def span_words(words: Words, span: timedelta) -> str:
    """A length of time in its largest unit; its sign is left out."""
    minutes = int(abs(span.total_seconds()) // 60)
    if minutes < 1:
        return words("span.moment")
    if minutes < 60:
        return words("span.minutes", n=minutes)
    if minutes < 48 * 60:
        return words("span.hours", n=minutes // 60)
    return words("span.days", n=minutes // (24 * 60))


def fact_words(words: Words, name: str, value: str) -> str:
    """What was checked, for people: moments in short, fen as yuan, known values in words."""
    if name.endswith("_fen") and value.isdigit():
        return f"¥{int(value) // 100:,}.{int(value) % 100:02d}"
    if MOMENT.match(value):
        try:
            return short_moment(datetime.fromisoformat(value))
        except ValueError:
            return value
    return words.of("value", value)


def _said(words: Words, family: str, problem: Problem) -> str:
    known = words.within(family)
    return known.get(problem.code) or known.get(str(problem.status)) or known["other"]


def _marked(words: Words, text: str) -> Markup:
    shown = escape(text)
    for mark, named in words.within("mark").items():
        hidden = Markup('<span class="hidden-part">{}</span>').format(named)
        shown = shown.replace(f"‹{mark}›", hidden)
    return shown
