"""Rasa, embedded: understands one message and decides, inside the desk's turn."""

from __future__ import annotations

import gc
import json
import logging
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Optional

from rasa.core.agent import Agent
from rasa.core.channels.channel import OutputChannel, UserMessage
from rasa.core.lock_store import InMemoryLockStore
from rasa.core.policies.policy import PolicyPrediction
from rasa.shared.core.constants import DEFAULT_INTENTS
from rasa.shared.core.domain import SessionConfig

from bot.dialogue import overrides
from bot.dialogue.action_endpoint import LocalActionEndpoint
from bot.dialogue.agent import HelpdeskAgent
from bot.dialogue.burst import one_matter
from bot.dialogue.language import language_of
from bot.dialogue.standing import Standing
from bot.dialogue.tracker_store import UnitOfWorkTrackerStore
from bot.dialogue.understood import understood_of
from bot.errors import Bug
from bot.messages import Button, Reply
from bot.turn import Turn, current_turn

PAYLOAD = re.compile(r"^/([a-z_]+)\s*(\{.*\})?$", re.DOTALL)
PAYLOAD_MAX_CHARS = 500
SESSION_START = "action_session_start"
OFFER_RESUME = "action_offer_resume"


class Replies(OutputChannel):
    """Collects what the dialogue says, in order."""

    def __init__(self) -> None:
        self.said: list[Reply] = []

    @classmethod
    def name(cls) -> str:
        return "desk"

    async def send_response(self, recipient_id: str, message: dict[str, Any]) -> None:
        """Keeps one message, text and buttons together."""
        buttons = tuple(Button(b["title"], b["payload"]) for b in message.get("buttons") or ())
        text = (message.get("text") or "").strip()
        if text or buttons:
            self.said.append(Reply(text=text, buttons=buttons, custom=message.get("custom") or {}))


class RasaDialogue:
    """The desk's Dialogue on a trained Rasa model; `load` takes a model file, never a folder."""

    def __init__(self, agent: Agent) -> None:
        self._agent = agent
        self._standing = Standing(self.parse, self.awaiting)
        assert agent.domain is not None
        assert agent.processor is not None
        # Rasa's own (restart, back, session_start) would let a button undo the conversation.
        self._intents = set(agent.domain.intents) - set(DEFAULT_INTENTS)
        self._entities = set(agent.domain.entities)
        # Rasa compares events with the time of day on this machine; the desk decides, by its own clock.
        agent.domain.session_config = SessionConfig(0, carry_over_slots=False)

    @classmethod
    def load(cls, model: Path) -> "RasaDialogue":
        """Loads the model file; raises Bug when it is missing or broken (Rasa would take another one)."""
        if not model.is_file():
            raise Bug(f"no model at {model}: run `make train`")
        # Rasa logs the text of messages below WARNING.
        logging.getLogger("rasa").setLevel(logging.WARNING)
        overrides.replace()
        try:
            agent = HelpdeskAgent(
                tracker_store=UnitOfWorkTrackerStore(None),
                lock_store=InMemoryLockStore(),
                action_endpoint=LocalActionEndpoint(),
            )
            agent.load_model(model)
        except Exception as error:
            raise Bug(
                f"the model {model} cannot be loaded; run `python -m bot train --force` ({error})"
            ) from error
        dialogue = cls(agent)
        # What was loaded stays: to look through it again and again costs 0.7 ms a message. To look through it
        # once before, for the few thousand objects that nobody needs any more, costs 0.2 s and frees nothing.
        gc.freeze()
        return dialogue

    def knows(self, payload: str) -> bool:
        """True for `/intent` or `/intent{json}` of this domain."""
        match = PAYLOAD.match(payload)
        if not match or len(payload) > PAYLOAD_MAX_CHARS or match.group(1) not in self._intents:
            return False
        try:
            values = json.loads(match.group(2) or "{}")
        except (ValueError, RecursionError):
            return False
        return isinstance(values, dict) and all(
            key in self._entities and isinstance(value, (str, int)) for key, value in values.items()
        )

    async def parse(self, text: str) -> dict[str, Any]:
        """Rasa's parse result of one text."""
        result: dict[str, Any] = await self._agent.parse_message(text)
        return result

    async def together(self, texts: Sequence[str]) -> int:
        """How many of a burst's texts, from the first on, are one matter; at least one."""
        return await one_matter(texts, self.parse)

    async def awaiting(self, turn: Turn) -> Optional[str]:
        """The slot that the last question asked for, or None."""
        token = current_turn.set(turn)
        try:
            tracker = await self._agent.tracker_store.retrieve(str(turn.conversation.id))
        finally:
            current_turn.reset(token)
        if tracker is None or not tracker.active_loop_name:
            return None
        slot: Optional[str] = tracker.get_slot("requested_slot")
        return slot

    async def respond(self, turn: Turn, text: str) -> list[Reply]:
        """The replies to one message; everything it changed is staged in the turn."""
        token = current_turn.set(turn)
        try:
            self._follow_language(turn, text)
            turn.words = "" if PAYLOAD.match(text) else text
            thanks = await self._standing.comment(turn, text)
            if thanks:
                return thanks
            # Only here: what the dialogue never takes must not make yesterday's session today's.
            turn.change_conversation(last_dialogue_at=turn.now)
            typed, answers_form = text, await self.awaiting(turn) is not None
            text = await self._standing.meant(turn, text)
            replies = Replies()
            if turn.starts_afresh:
                await self._run(SESSION_START, turn, replies)
            message = UserMessage(
                text=text,
                output_channel=replies,
                sender_id=str(turn.conversation.id),
                input_channel=turn.conversation.contact.channel,
            )
            assert self._agent.processor is not None
            await self._agent.processor.handle_message(message)
            turn.understood = understood_of(turn.staged_events)
            if turn.starts_afresh and turn.failure is None:
                await self._run(OFFER_RESUME, turn, replies)
            said = [*replies.said, *await self._standing.reminder(turn, turn.understood)]
            return said if answers_form else await self._standing.offering(turn, typed, said)
        finally:
            current_turn.reset(token)

    async def _run(self, action: str, turn: Turn, replies: Replies) -> None:
        processor, domain = self._agent.processor, self._agent.domain
        assert processor is not None
        assert domain is not None
        prediction = PolicyPrediction.for_action_name(domain, action)
        await processor.execute_action(str(turn.conversation.id), action, replies, processor.nlg, prediction)

    def _follow_language(self, turn: Turn, text: str) -> None:
        written = None if PAYLOAD.match(text) else language_of(text)
        if written and written != turn.conversation.language:
            turn.change_conversation(language=written)
