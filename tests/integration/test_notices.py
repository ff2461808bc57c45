"""Notices beside the chat: a real SMTP server and a real HTTP gateway on the loopback, behind the outbox."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import datetime, timedelta, timezone
from email import message_from_bytes, policy
from ipaddress import ip_address
from pathlib import Path
from ssl import PROTOCOL_TLS_SERVER, SSLContext
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, LoginPassword
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from bot.notifications.addresses import AddressKind
from bot.notifications.email import EmailSender
from bot.notifications.model import DeliveryState
from bot.notifications.relay import OutboxRelay
from bot.notifications.sms import SmsSender
from bot.seal import Seal
from bot.servers import listen, serve
from bot.storage import tables
from tests.fakes.house import SECRET, FakeHouse, house

__all__ = ["house"]


class Mailbox:
    """Keeps mail, or refuses it with `refuses`."""

    def __init__(self) -> None:
        self.letters: list[Any] = []
        self.refuses: str | None = None

    async def handle_RCPT(self, server: Any, session: Any, envelope: Any, address: str, options: Any) -> str:  # noqa: N802
        if self.refuses:
            return self.refuses
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802
        self.letters.append((envelope.rcpt_tos, message_from_bytes(envelope.content, policy=policy.default)))
        return "250 OK"


@pytest.fixture
async def database_url(tmp_path: Any) -> str:
    from bot.storage.database import migrate, open_database

    url = f"sqlite+aiosqlite:///{tmp_path / 'notices.sqlite'}"
    engine = open_database(url)
    await migrate(engine)
    await engine.dispose()
    return url


@pytest.fixture
def mailbox() -> Any:
    box = Mailbox()
    with listen("127.0.0.1", 0) as free:
        port = free.getsockname()[1]
    controller = Controller(box, hostname="127.0.0.1", port=port)
    controller.start()
    box.url = f"smtp://127.0.0.1:{port}"  # type: ignore[attr-defined]
    yield box
    controller.stop()


@pytest.fixture
def guarded(tmp_path: Path) -> Any:
    """A mail server that takes nothing without TLS and its password; its certificate is in `authority`."""
    box = Mailbox()
    box.authority = certificate(tmp_path)  # type: ignore[attr-defined]
    context = SSLContext(PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "server.pem")
    with listen("127.0.0.1", 0) as free:
        port = free.getsockname()[1]
    controller = Controller(
        box, hostname="127.0.0.1", port=port, tls_context=context, require_starttls=True, auth_required=True,
        authenticator=admits,
    )  # fmt: skip
    controller.start()
    box.at = f"127.0.0.1:{port}"  # type: ignore[attr-defined]
    yield box
    controller.stop()


def admits(server: Any, session: Any, envelope: Any, mechanism: str, data: Any) -> AuthResult:
    """Lets `bureau` in, with `p@ss word`, over TLS alone."""
    known = LoginPassword(b"bureau", b"p@ss word")
    return AuthResult(success=session.ssl is not None and data == known)


def certificate(folder: Path) -> Path:
    """A certificate of 127.0.0.1's own, with its key in `server.pem`."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "mail server of a test")])
    now = datetime.now(timezone.utc)
    made = (
        x509.CertificateBuilder()
        .issuer_name(name)
        .subject_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), True)
        .sign(key, hashes.SHA256())
    )
    public = made.public_bytes(serialization.Encoding.PEM)
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    (folder / "server.pem").write_bytes(private + public)
    (folder / "authority.pem").write_bytes(public)
    return folder / "authority.pem"


class Gateway:
    """Takes text messages, or answers with `status`."""

    def __init__(self) -> None:
        self.taken: list[Any] = []
        self.status = 200

    async def answer(self, request: Request) -> JSONResponse:
        if self.status == 200:
            self.taken.append((request.headers["authorization"], await request.json()))
        return JSONResponse({}, self.status)


@pytest.fixture
async def gateway() -> AsyncIterator[Any]:
    gateway = Gateway()
    server = await serve(Starlette(routes=[Route("/sms", gateway.answer, methods=["POST"])]), "127.0.0.1", 0)
    gateway.url = f"{server.url}/sms"  # type: ignore[attr-defined]
    yield gateway
    await server.stop()


async def begun(house: FakeHouse, kind: AddressKind, address: str) -> None:
    conversation = await house.conversation()
    async with house.work() as work:
        await house.addresses.begin(work, conversation, kind, address)
        await work.commit()


async def deliver(house: FakeHouse, kind: AddressKind, sender: Any) -> str:
    """Sends what is in the outbox; returns what became of it."""
    relay = OutboxRelay(house.work, {kind.value: sender}, house.clock)
    await relay.drain(10)
    async with house.engine.connect() as connection:
        return str((await connection.execute(tables.outbox.select())).one().state)


async def test_a_code_arrives_by_mail(house: FakeHouse, mailbox: Any) -> None:
    await begun(house, AddressKind.EMAIL, "zhang@example.cn")
    sender = EmailSender(house.work, Seal(SECRET), mailbox.url, "help@bureau.example")
    assert await deliver(house, AddressKind.EMAIL, sender) == DeliveryState.SENT.value
    [(to, letter)] = mailbox.letters
    assert to == ["zhang@example.cn"]
    assert letter["Subject"] == "utter_notice_subject"
    assert letter["Message-ID"].startswith("<line-1-")
    assert letter.get_content().startswith("utter_notice_code_message code=")


@pytest.mark.parametrize(
    ("refusal", "state"),
    [("550 no such mailbox", DeliveryState.DEAD), ("451 try again later", DeliveryState.PENDING)],
)
async def test_a_refused_address_is_given_up_and_a_busy_server_is_tried_again(
    house: FakeHouse, mailbox: Any, refusal: str, state: DeliveryState
) -> None:
    mailbox.refuses = refusal
    await begun(house, AddressKind.EMAIL, "zhang@example.cn")
    sender = EmailSender(house.work, Seal(SECRET), mailbox.url, "help@bureau.example")
    assert await deliver(house, AddressKind.EMAIL, sender) == state.value


async def test_a_text_message_goes_through_the_gateway(house: FakeHouse, gateway: Any) -> None:
    await begun(house, AddressKind.SMS, "13812345678")
    sender = SmsSender(house.work, Seal(SECRET), gateway.url, "key")
    assert await deliver(house, AddressKind.SMS, sender) == DeliveryState.SENT.value
    await sender.aclose()
    [(authorization, body)] = gateway.taken
    assert authorization == "Bearer key"
    assert (body["to"], body["id"]) == ("+8613812345678", "line-1")
    assert body["text"].startswith("utter_notice_code_message code=")


@pytest.mark.parametrize(
    ("status", "state"),
    [
        (400, DeliveryState.DEAD),
        (401, DeliveryState.PENDING),
        (429, DeliveryState.PENDING),
        (503, DeliveryState.PENDING),
    ],
)
async def test_the_gateway_s_refusals_are_told_apart(
    house: FakeHouse, gateway: Any, status: int, state: DeliveryState
) -> None:
    gateway.status = status
    await begun(house, AddressKind.SMS, "13812345678")
    sender = SmsSender(house.work, Seal(SECRET), gateway.url, "key")
    assert await deliver(house, AddressKind.SMS, sender) == state.value
    await sender.aclose()


async def test_what_was_erased_is_not_sent(house: FakeHouse, gateway: Any) -> None:
    await begun(house, AddressKind.SMS, "13812345678")
    async with house.work() as work:
        work.stage_statement(tables.notice_addresses.delete())
        await work.commit()
    sender = SmsSender(house.work, Seal(SECRET), gateway.url, "key")
    assert await deliver(house, AddressKind.SMS, sender) == DeliveryState.DEAD.value
    await sender.aclose()
    assert gateway.taken == []


@pytest.mark.parametrize(
    ("account", "trusted", "state"),
    [
        ("bureau:p%40ss%20word@", True, DeliveryState.SENT),
        ("bureau:wrong@", True, DeliveryState.PENDING),
        ("", True, DeliveryState.PENDING),
        ("bureau:p%40ss%20word@", False, DeliveryState.PENDING),
    ],
)
async def test_a_server_that_wants_tls_and_a_password_gets_both_and_one_nobody_vouches_for_gets_nothing(
    house: FakeHouse, guarded: Any, monkeypatch: pytest.MonkeyPatch, account: str, trusted: bool,
    state: DeliveryState,
) -> None:  # fmt: skip
    if trusted:
        monkeypatch.setenv("SSL_CERT_FILE", str(guarded.authority))
    await begun(house, AddressKind.EMAIL, "zhang@example.cn")
    sender = EmailSender(house.work, Seal(SECRET), f"smtp://{account}{guarded.at}", "help@bureau.example")
    assert await deliver(house, AddressKind.EMAIL, sender) == state.value
    assert len(guarded.letters) == (1 if state is DeliveryState.SENT else 0)
