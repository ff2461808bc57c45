"""A Bot API on the loopback, with Telegram's semantics and its failures on demand.

with BotApi() as api:
    api.say(7, "你好")                      # a resident writes
    api.wait_for_replies(7, 1)[0].text     # what the bot answered; `await api.arrived(7, 1)` in async tests
    api.press(7, api.replies(7)[0].message_id)
    api.fail("sendMessage", 429, retry_after=1)
"""

from __future__ import annotations

import asyncio
import json
import socket
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import httpx
import uvicorn
from starlette.applications import Starlette
from starlette.datastructures import UploadFile
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from tests.doubles.telegram_objects import CONTENTS, Json, chat, membership, message, user

TOKEN = "123456789:AAE-test-token_0123456789abcdefghi"
USERNAME = "fee_helper_bot"
BOT_ID = 123456789
JPEG = b"\xff\xd8\xff\xe0" + b"a picture" * 10
PDF = b"%PDF-1.7 " + b"a document" * 10
MOST_HANDED_OVER = 20 * 1024 * 1024
JSON_PARAMETERS = ("reply_markup", "commands", "allowed_updates", "link_preview_options")


@dataclass
class Sent:
    """A message that the bot sent."""

    message_id: int
    chat_id: int
    text: str
    keyboard: list[list[Json]] = field(default_factory=list)
    parameters: Json = field(default_factory=dict)
    at: float = field(default_factory=time.monotonic)

    @property
    def titles(self) -> list[str]:
        """The buttons' titles, row after row."""
        return [button["text"] for row in self.keyboard for button in row]


@dataclass
class Fault:
    """What goes wrong with the next calls of a method; `status` 0 carries out and drops the answer."""

    method: str
    status: int
    left: int
    chat_id: int | None = None
    retry_after: int | None = None
    skip: int = 0

    def meets(self, method: str, chat_id: int | None) -> bool:
        """Whether this call goes wrong; the first `skip` of its kind do not."""
        meant = self.left > 0 and method == self.method and self.chat_id in (None, chat_id)
        if meant and self.skip:
            self.skip -= 1
            return False
        return meant


class Refusal(Exception):
    """An answer with `ok` false."""

    def __init__(self, status: int, description: str, **parameters: int) -> None:
        super().__init__(description)
        self.status = status
        self.parameters = parameters

    def response(self) -> Response:
        """The answer as Telegram words it."""
        body: Json = {"ok": False, "error_code": self.status, "description": str(self)}
        if self.parameters:
            body["parameters"] = self.parameters
        return JSONResponse(body, self.status)


class BotApi:
    """The server, in a thread of its own, and the residents, in the test's hands."""

    def __init__(self, token: str = TOKEN, username: str = USERNAME) -> None:
        self.token = token
        self.username = username
        self.calls: list[tuple[str, Json]] = []
        self.commands: dict[str, list[Json]] = {}
        self.webhook: Json = {}
        self.webhook_answers: list[int] = []
        self.confirmed: list[int] = []
        self._updates: list[Json] = []
        self._ever: dict[int, Json] = {}
        self._allowed: list[str] = []
        self._messages: dict[tuple[int, int], Json] = {}
        self._sent: list[Sent] = []
        self._chats: set[int] = set()
        self._queries: set[str] = set()
        self._faults: list[Fault] = []
        self._blocked: set[int] = set()
        self._gone_topics: set[tuple[int, int]] = set()
        self._moved: dict[int, int] = {}
        self.files: dict[str, bytes] = {"photo-1": JPEG, "file-1": PDF}
        self._counts: Counter[str] = Counter()
        self._happened = threading.Condition(threading.RLock())
        self._polls = 0
        self._socket = socket.create_server(("127.0.0.1", 0))
        self._stopping = threading.Event()

    # The server's life

    @property
    def url(self) -> str:
        """What TELEGRAM_API_BASE_URL has to be."""
        return f"http://127.0.0.1:{self._socket.getsockname()[1]}"

    def start(self) -> None:
        """Serves until `stop`."""
        app = Starlette(
            routes=[
                Route("/bot{token}/{method}", self._serve, methods=["GET", "POST"]),
                Route("/file/bot{token}/{file_id}", self._hand_over),
            ]
        )
        self._server = uvicorn.Server(
            uvicorn.Config(app, ws="none", lifespan="off", log_level="critical", timeout_graceful_shutdown=1)
        )
        self._thread = threading.Thread(
            target=self._server.run, kwargs={"sockets": [self._socket]}, daemon=True
        )
        self._thread.start()
        self._deliverer = threading.Thread(target=self._deliver, daemon=True)
        self._deliverer.start()
        self.wait_until(lambda: self._server.started)

    def stop(self) -> None:
        """Ends the server."""
        self._stopping.set()
        self._note()
        self._server.should_exit = True
        self._thread.join(10)
        self._deliverer.join(10)

    def __enter__(self) -> BotApi:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    # What residents do

    def say(self, chat_id: int, text: str, **more: Any) -> int:
        """A resident writes; returns the update's id. `reply_to` is a message id, `language` a code."""
        return self._resident_sends(chat_id, text=text, **more)

    def send_photo(self, chat_id: int, caption: str | None = None, **more: Any) -> int:
        """A resident sends a picture; `media_group_id` makes it part of an album."""
        return self._resident_sends(chat_id, photo=CONTENTS["photo"], caption=caption, **more)

    def send_file(self, chat_id: int, kind: str, content: bytes, size: int | None = None, **more: Any) -> int:
        """A resident sends a photo or document of their own; `size` is what Telegram says of it."""
        number = self._next("file")
        file_id = f"sent-{number}"
        self.files[file_id] = content
        file = {"file_id": file_id, "file_unique_id": f"u{number}", "file_size": size or len(content)}
        if kind == "photo":
            return self._resident_sends(chat_id, photo=[{**file, "width": 90, "height": 160}], **more)
        return self._resident_sends(chat_id, document=file, **more)

    def send(self, chat_id: int, kind: str, **more: Any) -> int:
        """A resident sends a document, sticker, voice, audio, video_note, location, contact or dice."""
        return self._resident_sends(chat_id, **{kind: CONTENTS[kind]}, **more)

    def send_sticker(self, chat_id: int) -> int:
        """A resident sends a sticker."""
        return self.send(chat_id, "sticker")

    def send_voice(self, chat_id: int) -> int:
        """A resident sends a voice message."""
        return self.send(chat_id, "voice")

    def send_location(self, chat_id: int) -> int:
        """A resident sends a place."""
        return self.send(chat_id, "location")

    def edit(self, chat_id: int, message_id: int, text: str) -> int:
        """A resident changes what they wrote."""
        with self._happened:
            before = self._messages[(chat_id, message_id)]
            edited = message(message_id, chat_id, before["from"], text=text, edit_date=int(time.time()))
            return self.push({"edited_message": edited})

    def press(self, chat_id: int, message_id: int, row: int = 0, column: int = 0) -> int:
        """A resident presses a button under a message of the bot."""
        sent = next(one for one in self._sent if (one.chat_id, one.message_id) == (chat_id, message_id))
        return self.press_data(chat_id, message_id, sent.keyboard[row][column]["callback_data"])

    def press_data(self, chat_id: int, message_id: int, data: str) -> int:
        """A resident presses a button that carries any data, as a forged client can."""
        with self._happened:
            query_id = str(self._next("query"))
            self._queries.add(query_id)
            query = {
                "id": query_id,
                "from": user(abs(chat_id)),
                "chat_instance": "1",
                "data": data,
                "message": self._messages.get((chat_id, message_id))
                or {"chat": chat(chat_id), "message_id": message_id, "date": 0},
            }
            return self.push({"callback_query": query})

    def push(self, update: Json) -> int:
        """Any update; returns its id."""
        with self._happened:
            update_id = 1000 + self._next("update")
            self._ever[update_id] = {"update_id": update_id, **update}
            self._updates.append(self._ever[update_id])
            self._note()
            return update_id

    def bring_again(self, update_id: int) -> None:
        """Brings an update once more, as when the confirmation never reached Telegram."""
        with self._happened:
            again = {update["update_id"]: update for update in self._updates}
            again[update_id] = self._ever[update_id]
            self._updates = [again[key] for key in sorted(again)]
            self._note()

    def block(self, chat_id: int, tell: bool = False) -> None:
        """The resident blocks the bot; `tell` brings the update about it, too."""
        self._blocked.add(chat_id)
        if tell:
            self.push({"my_chat_member": membership(chat_id, BOT_ID, "member", "kicked")})

    def close_topic(self, chat_id: int, topic: int) -> None:
        """The topic of a group is deleted."""
        self._gone_topics.add((chat_id, topic))

    def forget(self, chat_id: int) -> None:
        """The chat is not there any more."""
        self._chats.discard(chat_id)

    def unblock(self, chat_id: int, tell: bool = False) -> None:
        """The resident lets the bot write again."""
        self._blocked.discard(chat_id)
        if tell:
            self.push({"my_chat_member": membership(chat_id, BOT_ID, "kicked", "member")})

    def migrate(self, chat_id: int, new_chat_id: int, tell: bool = False) -> None:
        """A group becomes a supergroup; `tell` brings the update about it, too."""
        self._moved[chat_id] = new_chat_id
        if tell:
            self._resident_sends(chat_id, user_id=7, migrate_to_chat_id=new_chat_id)

    # What goes wrong

    def fail(
        self,
        method: str,
        status: int,
        count: int = 1,
        *,
        chat_id: int | None = None,
        retry_after: int | None = None,
        skip: int = 0,
    ) -> None:
        """`count` calls of a method (to a chat) are refused with `status`, after the next `skip`."""
        self._faults.append(Fault(method, status, count, chat_id, retry_after, skip))

    def heal(self) -> None:
        """Nothing goes wrong any more."""
        self._faults.clear()

    def drop_acknowledgements(self, count: int = 1, method: str = "sendMessage") -> None:
        """The next calls are carried out, and the connection breaks before the answer."""
        self._faults.append(Fault(method, 0, count))

    # What was seen

    @property
    def pending(self) -> list[Json]:
        """Updates that the bot has not confirmed."""
        with self._happened:
            return list(self._updates)

    def replies(self, chat_id: int) -> list[Sent]:
        """What the bot sent to a chat, in order."""
        with self._happened:
            return [one for one in self._sent if one.chat_id == chat_id]

    def sent_after(self, count: int) -> list[Sent]:
        """What the bot sent to anybody, without the first `count`."""
        with self._happened:
            return self._sent[count:]

    def called(self, method: str) -> list[Json]:
        """The parameters of each call of a method."""
        with self._happened:
            return [parameters for name, parameters in self.calls if name == method]

    def wait_until(self, condition: Callable[[], bool], timeout: float = 10.0) -> None:
        """Returns when the condition holds; raises AssertionError when it does not in time."""
        deadline = time.monotonic() + timeout
        with self._happened:
            while not condition():
                left = deadline - time.monotonic()
                if left <= 0:
                    raise AssertionError("not seen in time")
                self._happened.wait(min(left, 0.05))

    def wait_for_replies(self, chat_id: int, count: int, timeout: float = 10.0) -> list[Sent]:
        """The replies to a chat, once there are so many."""
        self.wait_until(lambda: len(self.replies(chat_id)) >= count, timeout)
        return self.replies(chat_id)

    async def arrived(self, chat_id: int, count: int, timeout: float = 10.0) -> list[Sent]:
        """`wait_for_replies` that leaves the event loop to the bot."""
        return await asyncio.to_thread(self.wait_for_replies, chat_id, count, timeout)

    async def seen(self, condition: Callable[[], bool], timeout: float = 10.0) -> None:
        """`wait_until` that leaves the event loop to the bot."""
        await asyncio.to_thread(self.wait_until, condition, timeout)

    # The methods

    async def _serve(self, request: Request) -> Response:
        if request.path_params["token"] != self.token:
            return Refusal(401, "Unauthorized").response()
        method = request.path_params["method"]
        handler = getattr(self, f"_on_{method.lower()}", None)
        if handler is None:
            return Refusal(404, "Not Found").response()
        parameters = await _parameters(request)
        with self._happened:
            self.calls.append((method, parameters))
            fault = self._fault(method, parameters)
            self._note()
        try:
            if fault and fault.status:
                raise _refusal(fault)
            result = await handler(parameters)
        except Refusal as refusal:
            return refusal.response()
        finally:
            self._note()
            for value in parameters.values():
                if isinstance(value, UploadFile):
                    await value.close()
        return _broken() if fault else JSONResponse({"ok": True, "result": result})

    async def _on_getme(self, _: Json) -> Json:
        return {**user(BOT_ID, is_bot=True), "username": self.username, "can_join_groups": True}

    async def _on_getupdates(self, parameters: Json) -> list[Json]:
        if self.webhook.get("url"):
            raise Refusal(409, "Conflict: can't use getUpdates method while webhook is active")
        self._polls += 1
        mine = self._polls
        self._allowed = parameters.get("allowed_updates", self._allowed)
        self._confirm(int(parameters.get("offset", 0)))
        deadline = time.monotonic() + float(parameters.get("timeout", 0))
        while True:
            batch = self._batch(int(parameters.get("limit", 100)))
            if mine != self._polls:
                raise Refusal(409, "Conflict: terminated by other getUpdates request")
            if batch or time.monotonic() >= deadline or self._stopping.is_set():
                return batch
            await asyncio.sleep(0.01)

    async def _on_sendmessage(self, parameters: Json) -> Json:
        chat_id, text = int(parameters["chat_id"]), parameters.get("text", "")
        self._check_message(chat_id, text, parameters)
        keyboard = parameters.get("reply_markup", {}).get("inline_keyboard", [])
        with self._happened:
            message_id = self._next(f"message-{chat_id}")
            sent = message(message_id, chat_id, user(BOT_ID, is_bot=True), text=text)
            if keyboard:
                sent["reply_markup"] = {"inline_keyboard": keyboard}
            self._messages[(chat_id, message_id)] = sent
            self._sent.append(Sent(message_id, chat_id, text, keyboard, parameters))
        return sent

    async def _on_senddocument(self, parameters: Json) -> Json:
        return await self._keep_file(parameters, "document")

    async def _on_sendphoto(self, parameters: Json) -> Json:
        return await self._keep_file(parameters, "photo")

    async def _keep_file(self, parameters: Json, kind: str) -> Json:
        chat_id, file = int(parameters["chat_id"]), parameters[kind]
        self._check_chat(chat_id)
        content = await file.read()
        if kind == "photo" and content.endswith(b"too broad"):
            raise Refusal(400, "Bad Request: PHOTO_INVALID_DIMENSIONS")
        if kind == "photo" and content.endswith(b"cut off"):
            raise Refusal(400, "Bad Request: IMAGE_PROCESS_FAILED")
        caption = parameters.get("caption", "")
        if len(caption.encode("utf-16-le")) > 2 * 1024:
            raise Refusal(400, "Bad Request: message caption is too long")
        keyboard = parameters.get("reply_markup", {}).get("inline_keyboard", [])
        with self._happened:
            message_id = self._next(f"message-{chat_id}")
            file_json = {
                "file_id": f"out-{message_id}", "file_unique_id": f"out-{message_id}",
                "file_name": file.filename, "file_size": len(content),
            }  # fmt: skip
            shown: Any = [{**file_json, "width": 90, "height": 90}] if kind == "photo" else file_json
            sent = message(message_id, chat_id, user(BOT_ID, is_bot=True), **{kind: shown})
            self._messages[(chat_id, message_id)] = sent
            given = {"kind": kind, "name": file.filename, "content": content}
            self._sent.append(Sent(message_id, chat_id, caption, keyboard, given))
        return sent

    async def _on_answercallbackquery(self, parameters: Json) -> bool:
        if parameters["callback_query_id"] not in self._queries:
            raise Refusal(400, "Bad Request: query is too old and response timeout expired")
        self._queries.discard(parameters["callback_query_id"])
        return True

    async def _on_editmessagereplymarkup(self, parameters: Json) -> Json:
        key = (int(parameters["chat_id"]), int(parameters["message_id"]))
        if key not in self._messages:
            raise Refusal(400, "Bad Request: message to edit not found")
        self._messages[key]["reply_markup"] = parameters.get("reply_markup", {"inline_keyboard": []})
        return self._messages[key]

    async def _on_getfile(self, parameters: Json) -> Json:
        file_id = parameters["file_id"]
        if file_id not in self.files:
            raise Refusal(400, "Bad Request: wrong file_id or the file is temporarily unavailable")
        size = len(self.files[file_id])
        if size > MOST_HANDED_OVER:
            raise Refusal(400, "Bad Request: file is too big")
        unique = f"unique-{file_id}"
        return {"file_id": file_id, "file_unique_id": unique, "file_size": size, "file_path": file_id}

    async def _hand_over(self, request: Request) -> Response:
        with self._happened:
            self.calls.append(("download", dict(request.path_params)))
            fault = self._fault("download", {})
            self._note()
        content = self.files.get(request.path_params["file_id"])
        if request.path_params["token"] != self.token or content is None or fault:
            return Refusal(fault.status if fault else 404, "Not Found").response()
        return Response(content, media_type="application/octet-stream")

    async def _on_sendchataction(self, parameters: Json) -> bool:
        self._check_chat(int(parameters["chat_id"]))
        return True

    async def _on_setmycommands(self, parameters: Json) -> bool:
        self.commands[parameters.get("language_code", "")] = parameters["commands"]
        return True

    async def _on_setwebhook(self, parameters: Json) -> bool:
        self.webhook = parameters
        self._allowed = parameters.get("allowed_updates", self._allowed)
        return True

    async def _on_deletewebhook(self, parameters: Json) -> bool:
        self.webhook = {}
        if parameters.get("drop_pending_updates") == "true":
            self._updates.clear()
        return True

    async def _on_getwebhookinfo(self, _: Json) -> Json:
        return {
            "url": self.webhook.get("url", ""),
            "has_custom_certificate": False,
            "pending_update_count": len(self._updates),
        }

    # Behind them

    def _resident_sends(
        self,
        chat_id: int,
        *,
        user_id: int | None = None,
        language: str = "zh-hans",
        is_bot: bool = False,
        reply_to: int | None = None,
        **content: Any,
    ) -> int:
        with self._happened:
            sender = user(user_id or abs(chat_id), language, is_bot)
            message_id = self._next(f"message-{chat_id}")
            answered = self._messages[(chat_id, reply_to)] if reply_to else None
            made = message(message_id, chat_id, sender, reply_to_message=answered, **content)
            self._messages[(chat_id, message_id)] = made
            self._chats.add(chat_id)
            return self.push({"message": made})

    def _check_message(self, chat_id: int, text: str, parameters: Json) -> None:
        self._check_chat(chat_id)
        if (chat_id, int(parameters.get("message_thread_id", 0))) in self._gone_topics:
            raise Refusal(400, "Bad Request: message thread not found")
        if not text.strip():
            raise Refusal(400, "Bad Request: message text is empty")
        if len(text.encode("utf-16-le")) // 2 > 4096:
            raise Refusal(400, "Bad Request: message is too long")
        for row in parameters.get("reply_markup", {}).get("inline_keyboard", []):
            for button in row:
                data = button.get("url") or button["callback_data"]
                if not button["text"] or not 1 <= len(data.encode()) <= 64:
                    raise Refusal(400, "Bad Request: BUTTON_DATA_INVALID")

    def _check_chat(self, chat_id: int) -> None:
        if chat_id in self._moved:
            description = "Bad Request: group chat was upgraded to a supergroup chat"
            raise Refusal(400, description, migrate_to_chat_id=self._moved[chat_id])
        if chat_id in self._blocked:
            raise Refusal(403, "Forbidden: bot was blocked by the user")
        if chat_id not in self._chats and chat_id not in self._moved.values():
            raise Refusal(400, "Bad Request: chat not found")

    def _confirm(self, offset: int) -> None:
        with self._happened:
            if offset < 0:
                kept = self._updates[offset:]
            else:
                kept = [update for update in self._updates if update["update_id"] >= offset]
            left = {update["update_id"] for update in kept}
            self.confirmed += [one["update_id"] for one in self._updates if one["update_id"] not in left]
            self._updates = kept

    def _batch(self, limit: int) -> list[Json]:
        with self._happened:
            allowed = [one for one in self._updates if not self._allowed or set(one) & set(self._allowed)]
            return allowed[:limit]

    def _fault(self, method: str, parameters: Json) -> Fault | None:
        chat_id = int(parameters["chat_id"]) if "chat_id" in parameters else None
        fault = next((one for one in self._faults if one.meets(method, chat_id)), None)
        if fault:
            fault.left -= 1
        return fault

    def _deliver(self) -> None:
        """Posts updates to the webhook, oldest first, each until it is taken."""
        while not self._stopping.is_set():
            with self._happened:
                if not (self.webhook.get("url") and self._batch(1)):
                    self._happened.wait(0.05)
                    continue
                update, webhook = self._batch(1)[0], self.webhook
            headers = {"X-Telegram-Bot-Api-Secret-Token": webhook.get("secret_token", "")}
            try:
                status = httpx.post(webhook["url"], json=update, headers=headers, timeout=10).status_code
            except httpx.HTTPError:
                status = 0
            with self._happened:
                self.webhook_answers.append(status)
                if 200 <= status < 300:
                    self._confirm(update["update_id"] + 1)
                self._note()
            if not 200 <= status < 300:
                self._stopping.wait(0.1)

    def _next(self, name: str) -> int:
        self._counts[name] += 1
        return self._counts[name]

    def _note(self) -> None:
        with self._happened:
            self._happened.notify_all()


async def _parameters(request: Request) -> Json:
    given: Json = dict(request.query_params)
    if request.headers.get("content-type", "").startswith("application/json"):
        given.update(json.loads(await request.body()))
    elif request.method == "POST":
        given.update(await request.form())
    for name in JSON_PARAMETERS:
        if isinstance(given.get(name), str):
            given[name] = json.loads(given[name])
    return given


def _refusal(fault: Fault) -> Refusal:
    if fault.status == 429:
        seconds = fault.retry_after or 1
        return Refusal(429, f"Too Many Requests: retry after {seconds}", retry_after=seconds)
    return Refusal(fault.status, f"Injected fault {fault.status}")


def _broken() -> Response:
    async def nothing() -> Any:
        yield b"{"

    # A length that is never reached: the server breaks the connection.
    return StreamingResponse(nothing(), headers={"content-length": "1024"}, media_type="application/json")
