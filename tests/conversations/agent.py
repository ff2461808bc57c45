"""An agent who answers tickets, as the console has it done."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bot.tickets.model import Cause, Ticket

if TYPE_CHECKING:
    from tests.conversations.office import Office
    from tests.conversations.resident import Resident


class Agent:
    """陈老师, on the newest ticket of a resident unless a number is named."""

    def __init__(self, office: Office) -> None:
        self._office = office

    async def newest(self, resident: Resident) -> Ticket:
        """The resident's newest ticket."""
        async with self._office.house.work() as work:
            conversation = await work.conversations.of(resident.contact)
            assert conversation is not None
            return (await work.tickets.of_conversation(conversation.id))[0]

    async def replies(self, resident: Resident, text: str = "您好，我来帮您查。", number: str = "") -> str:
        """Answers; returns the ticket's number."""
        return await self._does("reply", resident, number, "陈老师", text)

    async def resolves(self, resident: Resident, number: str = "") -> str:
        """Ends the case."""
        return await self._does("resolve", resident, number, "", Cause.QUESTION_ANSWERED)

    async def hands_back(self, resident: Resident) -> str:
        """Gives the conversation back to the bot."""
        return await self._does("hand_back", resident, "")

    async def helps(self, resident: Resident) -> str:
        """Answers and ends the case; the resident has read it."""
        await self.replies(resident)
        number = await self.resolves(resident)
        await resident.reads()
        return number

    async def _does(self, what: str, resident: Resident, number: str, *more: Any) -> str:
        number = number or (await self.newest(resident)).number
        async with self._office.house.work() as work:
            await getattr(self._office.house.services.casework, what)(work, number, "chen", *more)
            await work.commit()
        return number
