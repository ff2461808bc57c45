"""Sends notices by e-mail, over the SMTP server that SMTP_URL names."""

from __future__ import annotations

from email.message import EmailMessage
from urllib.parse import unquote, urlsplit

import aiosmtplib

from bot.errors import Unavailable
from bot.messages import Line
from bot.notifications.relay import Undeliverable
from bot.seal import Seal
from bot.storage.unit_of_work import UnitOfWorkFactory

SECONDS = 20.0
FOR_EVER = 500
"""From here on, SMTP's answers say that trying again is of no use."""


class EmailSender:
    """`url` is smtp://user:password@host:port, with STARTTLS where offered, or smtps:// for TLS at once."""

    def __init__(self, work: UnitOfWorkFactory, seal: Seal, url: str, sender: str) -> None:
        parts = urlsplit(url)
        self._work = work
        self._seal = seal
        self._sender = sender
        self._host = parts.hostname or "localhost"
        self._tls = parts.scheme == "smtps"
        self._port = parts.port or (465 if self._tls else 25)
        self._user = unquote(parts.username) if parts.username else None
        self._password = unquote(parts.password) if parts.password else None

    async def send(self, user_id: str, line: Line) -> None:
        """Returns once the server took it; raises RetryLater or Undeliverable."""
        async with self._work() as work:
            address = await work.addresses.by_reference(user_id)
        if address is None:
            raise Undeliverable("erased or changed")
        message = self._message(self._seal.open(address.sealed), line)
        try:
            await aiosmtplib.send(
                message, hostname=self._host, port=self._port, use_tls=self._tls,
                username=self._user, password=self._password, timeout=SECONDS,
            )  # fmt: skip
        except aiosmtplib.SMTPRecipientsRefused as refused:
            if all(one.code >= FOR_EVER for one in refused.recipients):
                raise Undeliverable("refused by the mail server") from None
            raise Unavailable("refused for now") from None
        except (aiosmtplib.SMTPException, OSError) as error:  # its text may hold the address
            raise Unavailable(type(error).__name__) from None

    def _message(self, to: str, line: Line) -> EmailMessage:
        message = EmailMessage()
        message["From"], message["To"] = self._sender, to
        message["Subject"] = str(line.custom.get("subject", ""))
        # The same line always has the same id: a server that is handed it twice can tell.
        message["Message-ID"] = (
            f"<line-{line.id}-{line.created_at:%Y%m%d%H%M%S}@{self._sender.rsplit('@')[-1]}>"
        )
        message.set_content(line.text)
        return message
