"""The double that the other tests talk to."""

from __future__ import annotations

import json

import httpx

from tests.doubles.bot_api import BOT_ID, BotApi


async def test_the_double_is_honest_about_tokens_and_methods(api: BotApi) -> None:
    async with httpx.AsyncClient(base_url=api.url) as http:
        assert (await http.get("/botwrong/getMe")).json()["error_code"] == 401
        assert (await http.get(f"/bot{api.token}/noSuchMethod")).json()["error_code"] == 404
        me = (await http.get(f"/bot{api.token}/getMe")).json()["result"]
        assert me["id"] == BOT_ID
        assert me["is_bot"]
        stranger = await http.post(f"/bot{api.token}/sendMessage", json={"chat_id": 99, "text": "hi"})
        assert json.loads(stranger.content)["description"] == "Bad Request: chat not found"
