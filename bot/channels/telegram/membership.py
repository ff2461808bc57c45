"""What becomes of a chat: the resident blocks us or comes back, a group gets a new number."""

from __future__ import annotations

import structlog
from telegram import ChatMemberUpdated, Message, Update
from telegram.constants import ChatMemberStatus, ChatType

from bot.errors import Conflict
from bot.messages import Contact
from bot.notifications.reach import lose
from bot.storage.unit_of_work import UnitOfWorkFactory

log = structlog.get_logger(__name__)

CHANNEL = "telegram"
GONE = frozenset({ChatMemberStatus.BANNED, ChatMemberStatus.LEFT})


class Membership:
    """Keeps what is known of a contact true; the same update again changes nothing."""

    def __init__(self, work: UnitOfWorkFactory) -> None:
        self._work = work

    async def note(self, update: Update) -> None:
        """Returns when what the update says of the chat is committed; raises RetryLater."""
        if update.my_chat_member:
            await self._changed(update.my_chat_member)
        if update.message and update.message.migrate_to_chat_id:
            await self._migrated(update.message)

    async def move(self, old: str, new: str) -> None:
        """The conversation goes on under the chat's new number."""
        async with self._work() as work:
            conversation = await work.conversations.of(Contact(CHANNEL, old))
            if conversation is None:
                return
            work.conversations.move(conversation.id, new)
            try:
                await work.commit()
            except Conflict:
                log.warning("telegram_chat_not_moved", conversation=conversation.id)

    async def _changed(self, change: ChatMemberUpdated) -> None:
        status = change.new_chat_member.status
        log.info("telegram_membership_changed", status=status)
        if change.chat.type != ChatType.PRIVATE:
            return
        async with self._work() as work:
            conversation = await work.conversations.of(Contact(CHANNEL, str(change.chat.id)))
            if conversation is None:
                return
            if status in GONE:
                lose(work, conversation.id)
            else:
                work.conversations.set_reachable(conversation.id, True)
            await work.commit()

    async def _migrated(self, message: Message) -> None:
        await self.move(str(message.chat.id), str(message.migrate_to_chat_id))
