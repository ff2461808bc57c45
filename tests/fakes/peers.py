"""Zammad and Chatwoot as their public API documentation describes them, as far as our examples call them.

A call that the documentation does not allow is refused, as theirs would be.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

TOKEN = "a token of theirs"  # noqa: S105
STATES = ("new", "open", "pending reminder", "closed", "merged", "pending close")
PRIORITIES = ("1 low", "2 normal", "3 high")


@dataclass
class FakeZammad:
    """Tickets with their articles; docs.zammad.org, REST API, Ticket: Create, Update; Ticket States."""

    tickets: dict[int, dict[str, Any]] = field(default_factory=dict)

    @property
    def app(self) -> Starlette:
        return Starlette(
            routes=[
                Route("/api/v1/tickets", self.create, methods=["POST"]),
                Route("/api/v1/tickets/{id:int}", self.update, methods=["PUT"]),
            ]
        )

    async def create(self, request: Request) -> Response:
        body = await self._allowed(request)
        customer = body.get("customer") or body.get("customer_id", "")
        known = {"title", "group", "customer", "customer_id", "article", "state", "priority", "pending_time"}
        if not (body.get("title") and body.get("group") and customer and set(body) <= known):
            return JSONResponse({"error": "Missing required value"}, 422)
        number = len(self.tickets) + 1
        self.tickets[number] = {"title": body["title"], "articles": []}
        return self._changed(number, body, 201)

    async def update(self, request: Request) -> Response:
        number = request.path_params["id"]
        if number not in self.tickets:
            return JSONResponse({"error": "Couldn't find Ticket"}, 404)
        return self._changed(number, await self._allowed(request), 200)

    async def _allowed(self, request: Request) -> dict[str, Any]:
        assert request.headers["authorization"] == f"Token token={TOKEN}"
        assert request.headers["content-type"] == "application/json"
        body: dict[str, Any] = await request.json()
        return body

    def _changed(self, number: int, body: dict[str, Any], status: int) -> Response:
        ticket = self.tickets[number]
        article = body.get("article", {})
        pending = str(body.get("state", "")).startswith("pending")
        if (
            body.get("state", "new") not in STATES
            or body.get("priority", "2 normal") not in PRIORITIES
            or (pending and not body.get("pending_time"))
            or not article.get("body")
        ):
            return JSONResponse({"error": "Invalid value"}, 422)
        ticket.update({name: body[name] for name in ("state", "priority", "pending_time") if name in body})
        ticket["articles"].append(article)
        return JSONResponse({"id": number, "number": f"22{number:03d}", "title": ticket["title"]}, status)


@dataclass
class FakeChatwoot:
    """Conversations of one account; developers.chatwoot.com, Application API: contacts, conversations,
    messages, toggle status."""

    inbox: int = 7
    sources: dict[str, int] = field(default_factory=dict)
    names: dict[int, str] = field(default_factory=dict)
    conversations: dict[int, dict[str, Any]] = field(default_factory=dict)

    @property
    def app(self) -> Starlette:
        account, one = "/api/v1/accounts/3", "/api/v1/accounts/3/conversations/{id:int}"
        return Starlette(
            routes=[
                Route(f"{account}/contacts", self.add_contact, methods=["POST"]),
                Route(f"{account}/conversations", self.begin, methods=["POST"]),
                Route(f"{one}/messages", self.say, methods=["POST"]),
                Route(f"{one}/toggle_status", self.toggle, methods=["POST"]),
            ]
        )

    async def add_contact(self, request: Request) -> Response:
        body = await self._allowed(request)
        if body.get("inbox_id") != self.inbox:
            return JSONResponse({"message": "Resource could not be found"}, 404)
        contact, source = len(self.names) + 1, str(uuid.uuid4())
        self.names[contact], self.sources[source] = body["name"], contact
        inbox = {"inbox": {"id": self.inbox}, "source_id": source}
        return JSONResponse({"payload": {"contact": {"id": contact}, "contact_inbox": inbox}})

    async def begin(self, request: Request) -> Response:
        body = await self._allowed(request)
        if self.sources.get(body.get("source_id", "")) != body.get("contact_id"):
            return JSONResponse({"error": "Resource could not be found"}, 404)
        number = len(self.conversations) + 1
        name = self.names[body["contact_id"]]
        self.conversations[number] = {"name": name, "status": body["status"], "messages": []}
        return JSONResponse({"id": number, "account_id": 3, "inbox_id": self.inbox})

    async def say(self, request: Request) -> Response:
        body = await self._allowed(request)
        if not body.get("content") or body.get("message_type") not in ("incoming", "outgoing"):
            return JSONResponse({"error": "Invalid"}, 422)
        said = (body["message_type"], bool(body.get("private")), body["content"])
        self._conversation(request)["messages"].append(said)
        return JSONResponse({"id": 1, "content": body["content"]})

    async def toggle(self, request: Request) -> Response:
        body = await self._allowed(request)
        if body.get("status") not in ("open", "resolved", "pending", "snoozed"):
            return JSONResponse({"error": "Invalid"}, 422)
        assert isinstance(body.get("snoozed_until", 0), int), "Unix seconds"
        self._conversation(request).update(body)
        return JSONResponse({"meta": {}, "payload": {"success": True, "current_status": body["status"]}})

    async def _allowed(self, request: Request) -> dict[str, Any]:
        assert request.headers["api_access_token"] == TOKEN
        assert request.headers["content-type"] == "application/json"
        body: dict[str, Any] = await request.json()
        return body

    def _conversation(self, request: Request) -> dict[str, Any]:
        return self.conversations[request.path_params["id"]]
