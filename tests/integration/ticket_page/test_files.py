"""Pictures and letters, both ways."""

from __future__ import annotations

import re

from bot.messages import Contact
from tests.doubles.agent_browser import Agent, audited
from tests.doubles.web_house import MOST_BYTES, WebHouse
from tests.integration.ticket_page.scene import JPEG, PDF, attached, lines_of, log_of, waiting_ticket


async def send(agent: Agent, number: str, content: bytes, text: str = "") -> int:
    page = f"/console/tickets/{number}"
    hidden = await agent.hidden(page, "reply")
    files = {"file": ("回执.pdf", content, "application/octet-stream")}
    answer = await agent.web.post(f"{page}/reply", data={**hidden, "text": text}, files=files)
    return answer.status_code


async def test_what_a_resident_sent_is_shown_or_saved_and_that_is_recorded(
    house: WebHouse, agent: Agent
) -> None:
    ticket = await house.open_ticket()
    photo = await attached(house, ticket, JPEG)
    address = f"/console/tickets/{ticket.number}/attachments/{photo}"
    page = (await agent.get(f"/console/tickets/{ticket.number}")).text
    assert f'<img src="{address}" alt="居民发来的图片，点开看大图" loading="lazy">' in page
    answer = await agent.get(address)
    assert (answer.status_code, answer.content) == (200, JPEG)
    assert answer.headers["content-disposition"] == f'attachment; filename="{ticket.number}-{photo}.jpg"'
    shown = await agent.get(f"{address}?shown=1")
    assert shown.headers["content-disposition"].startswith("inline;")
    for one in (answer, shown):
        assert one.headers["content-type"] == "image/jpeg"
        assert one.headers["x-content-type-options"] == "nosniff"
        assert "sandbox" in one.headers["content-security-policy"]
    assert ("wangmin", "attachment_viewed", f"{ticket.number}/{photo}") in await audited(house)


async def test_a_letter_of_a_residents_is_only_saved(house: WebHouse, agent: Agent) -> None:
    ticket = await house.open_ticket()
    letter = await attached(house, ticket, PDF, "application/pdf")
    address = f"/console/tickets/{ticket.number}/attachments/{letter}"
    page = (await agent.get(f"/console/tickets/{ticket.number}")).text
    assert f'href="{address}"' in page
    assert "<img src" not in page[page.index('id="lines"') :]
    shown = await agent.get(f"{address}?shown=1")
    assert shown.headers["content-disposition"].startswith("attachment;")


async def test_a_photo_is_found_only_by_agents_and_under_its_own_ticket(
    house: WebHouse, agent: Agent
) -> None:
    ticket, other = await house.open_ticket(), await house.open_ticket("resident-2")
    photo = await attached(house, ticket, JPEG)
    assert (await agent.get(f"/console/tickets/{other.number}/attachments/{photo}")).status_code == 404
    assert (await agent.get(f"/console/tickets/{ticket.number}/attachments/{photo + 1}")).status_code == 404
    assert (await agent.get(f"/console/tickets/{ticket.number}/attachments/{2**70}")).status_code == 404
    stranger = await Agent(house).get(f"/console/tickets/{ticket.number}/attachments/{photo}")
    assert stranger.status_code == 303
    assert "/console/login" in stranger.headers["location"]


async def test_an_agents_picture_reaches_the_resident_by_an_address_of_its_own(
    house: WebHouse, agent: Agent
) -> None:
    number = await waiting_ticket(house)
    assert await send(agent, number, JPEG, "这是回执") == 303
    resident = Agent(house).web
    messages = (await resident.get("/conversations/resident-1/messages?after=0")).json()["messages"]
    assert (messages[-1]["text"], messages[-1]["author"]) == ("这是回执", "agent")
    file = messages[-1]["file"]
    assert (file["media_type"], file["size"]) == ("image/jpeg", len(JPEG))
    assert file["url"].startswith("http://desk.example/files/")
    got = await resident.get(file["url"])
    assert (got.status_code, got.content) == (200, JPEG)
    assert re.fullmatch(r'inline; filename="\d{8}-\d{6}\.jpg"', got.headers["content-disposition"])
    assert "no-store" in got.headers["cache-control"]
    for made_up in ("x", file["url"].rpartition("/")[2] + "x"):
        assert (await resident.get(f"/files/{made_up}")).status_code == 404


async def test_a_file_without_words_is_sent_too_and_agents_see_it_in_the_thread(
    house: WebHouse, agent: Agent, colleague: Agent
) -> None:
    number = await waiting_ticket(house)
    assert await send(agent, number, PDF) == 303
    line = (await lines_of(house, number))[-1]
    assert line.text == "‹document›"
    sha256 = line.custom["file"]["sha256"]
    address = f"/console/tickets/{number}/sent/{sha256}"
    assert f'href="{address}"' in (await colleague.get(f"/console/tickets/{number}")).text
    got = await colleague.get(address)
    assert (got.status_code, got.content) == (200, PDF)
    assert ("liqiang", "attachment_viewed", f"{number}/sent") in await audited(house)
    other = await house.open_ticket("resident-2")
    assert (await colleague.get(f"/console/tickets/{other.number}/sent/{sha256}")).status_code == 404


async def test_what_cannot_be_sent_is_refused_and_the_words_are_kept(house: WebHouse, agent: Agent) -> None:
    number = await waiting_ticket(house)
    page = f"/console/tickets/{number}"
    for content, words in (
        (b"MZ a program", "只能发 JPG、PNG 图片或 PDF"),
        (JPEG + b"x" * MOST_BYTES, "文件太大，没有发出"),
    ):
        hidden = await agent.hidden(page, "reply")
        files = {"file": ("a.png", content, "image/png")}
        answer = await agent.web.post(f"{page}/reply", data={**hidden, "text": "请看"}, files=files)
        assert answer.status_code == 422
        assert words in answer.text
        assert "请看</textarea>" in answer.text
    assert "replied" not in [entry[1] for entry in await log_of(house, number)]
    too_much = await agent.web.post(
        f"{page}/reply", data=hidden, files={"file": ("a.png", JPEG * MOST_BYTES, "image/png")}
    )
    assert too_much.status_code == 413


async def test_an_erased_resident_leaves_no_file(house: WebHouse, agent: Agent) -> None:
    number = await waiting_ticket(house)
    await send(agent, number, JPEG)
    resident = Agent(house).web
    messages = (await resident.get("/conversations/resident-1/messages?after=0")).json()["messages"]
    async with house.work() as work:
        conversation = await work.conversations.of(Contact("rest", "resident-1"))
        assert conversation
        work.personal_data.erase(conversation.id)
        await work.commit()
    assert (await resident.get(messages[-1]["file"]["url"])).status_code == 404
