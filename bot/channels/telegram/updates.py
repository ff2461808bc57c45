"""What a Telegram update says to the help desk; most kinds say nothing."""

from __future__ import annotations

import re
from dataclasses import dataclass

from telegram import MaybeInaccessibleMessage, Message, Update, User
from telegram.constants import ChatType
from telegram.ext.filters import StatusUpdate

from bot.channels.telegram.commands import Command, read_command
from bot.channels.telegram.files import file_of
from bot.messages import Contact, IncomingMessage, MessageKind, Source

CHANNEL = "telegram"

ALLOWED_UPDATES = ["message", "edited_message", "callback_query", "my_chat_member"]

KINDS = (
    # An animation has a document and a venue a location: the order matters.
    ("animation", MessageKind.OTHER),
    ("photo", MessageKind.PHOTO),
    ("document", MessageKind.DOCUMENT),
    ("sticker", MessageKind.STICKER),
    ("voice", MessageKind.VOICE),
    ("audio", MessageKind.VOICE),
    ("video_note", MessageKind.VOICE),
    ("location", MessageKind.LOCATION),
)


@dataclass(frozen=True)
class Me:
    """Who we are on Telegram, to know when a group speaks to us."""

    id: int
    username: str


def read_update(update: Update, me: Me) -> IncomingMessage | None:
    """The message in an update, or None; the text of a pressed button is still Telegram's own data."""
    if update.callback_query:
        return _pressed(update)
    message = update.message or update.edited_message
    if message is None or _is_noise(update, message):
        return None
    if message.chat.type == ChatType.PRIVATE:
        return _written(update, message, me)
    if not _addresses(message, me):
        return None
    return _in_group(update, message.chat.id, message.from_user, _source(update, message))


def _pressed(update: Update) -> IncomingMessage | None:
    query = update.callback_query
    if query is None or query.message is None or query.from_user.is_bot:
        return None
    if query.message.chat.type != ChatType.PRIVATE:
        where = Source(f"{query.message.chat.id}/pressed-{query.id}", thread=_topic(query.message))
        return _in_group(update, query.message.chat.id, query.from_user, where)
    return IncomingMessage(
        contact=_contact(query.message.chat.id),
        message_id=str(update.update_id),
        text=query.data or "",
        kind=MessageKind.BUTTON,
        language=_language(query.from_user),
    )


def _in_group(
    update: Update, chat_id: int, user: User | None, source: Source | None = None
) -> IncomingMessage:
    """Something said to us where others read along: nobody's payment is spoken of there, nor kept."""
    return IncomingMessage(
        contact=_contact(chat_id),
        message_id=str(update.update_id),
        text="",
        kind=MessageKind.GROUP,
        language=_language(user),
        source=source,
    )


def _written(update: Update, message: Message, me: Me) -> IncomingMessage:
    command = _command(message)
    kind = MessageKind.BUTTON if command else _kind(message)
    return IncomingMessage(
        contact=_contact(message.chat.id),
        message_id=_message_id(update, message),
        text=command.payload if command else _mention(me).sub(" ", _text(message)).strip(),
        kind=kind,
        language=_language(message.from_user),
        file=file_of(message),
        source=_source(update, message),
    )


def _is_noise(update: Update, message: Message) -> bool:
    # Someone sharing a live location edits it each few seconds; bots must not talk to bots.
    moves = message is update.edited_message and message.location is not None
    unmanned = message.from_user is None or (message.from_user.is_bot and not _is_anonymous(message))
    return moves or unmanned or message.chat.type == ChatType.CHANNEL or StatusUpdate.ALL.filter(update)


def _is_anonymous(message: Message) -> bool:
    """True for an administrator who writes as the group: Telegram shows a bot of its own instead."""
    return message.sender_chat is not None and message.sender_chat.id == message.chat.id


def _addresses(message: Message, me: Me) -> bool:
    """True when a message in a group is meant for us."""
    command = _command(message)
    if command:
        ours = command.addressee is not None and command.addressee.casefold() == me.username.casefold()
        return ours or (command.addressee is None and command.known)
    answered = message.reply_to_message
    replies_to_us = answered is not None and answered.from_user is not None and answered.from_user.id == me.id
    return replies_to_us or _mention(me).search(_text(message)) is not None


def _message_id(update: Update, message: Message) -> str:
    # An album comes as one update for each picture, and deserves one answer.
    if message.media_group_id and message is update.message:
        return f"album-{message.media_group_id}"
    return str(update.update_id)


def _source(update: Update, message: Message) -> Source:
    # An album has one row; a change of any of its pictures is a change of that.
    group = message.media_group_id
    place = f"album-{group}" if group else str(message.message_id)
    version = update.update_id if message is update.edited_message else 0
    return Source(f"{message.chat.id}/{place}", version, _topic(message))


def _topic(message: MaybeInaccessibleMessage) -> int | None:
    # Outside topics Telegram numbers the threads of replies, too.
    return message.message_thread_id if isinstance(message, Message) and message.is_topic_message else None


def _kind(message: Message) -> MessageKind:
    if message.text:
        return MessageKind.TEXT
    return next((kind for name, kind in KINDS if getattr(message, name)), MessageKind.OTHER)


def _command(message: Message) -> Command | None:
    return read_command(message.text) if message.text else None


def _text(message: Message) -> str:
    return message.text or message.caption or ""


def _mention(me: Me) -> re.Pattern[str]:
    return re.compile(rf"(?<![A-Za-z0-9_])@{re.escape(me.username)}(?![A-Za-z0-9_])", re.IGNORECASE)


def _contact(chat_id: int) -> Contact:
    return Contact(CHANNEL, str(chat_id))


def _language(user: User | None) -> str:
    return "en" if user and (user.language_code or "").startswith("en") else "zh"
