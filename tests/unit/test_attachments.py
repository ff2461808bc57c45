"""Photos and documents: fetched from a channel, judged by their bytes, kept encrypted, erased on request."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field

import pytest

from bot.attachments.media import media_type_of
from bot.attachments.model import AttachmentState
from bot.attachments.service import AttachmentsService, TooLarge
from bot.desk import Desk
from bot.errors import Conflict, NotFound, Unavailable
from bot.messages import Author, ConversationStatus, FileReference, IncomingMessage, Line, MessageKind
from bot.seal import Seal
from bot.storage.tables import attachments as table
from tests.fakes.house import SECRET, FakeHouse, message

JPEG = b"\xff\xd8\xff\xe0 a photo of a receipt"
PNG = b"\x89PNG\r\n\x1a\n a screenshot"
PDF = b"%PDF-1.4 a receipt"
MOST, MOST_A_DAY = 1000, 2000


@dataclass
class FakeFiles:
    """A channel's files; `troubles` are raised first, one each time."""

    files: dict[str, bytes] = field(default_factory=dict)
    troubles: list[Exception] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)

    async def fetch(self, reference: str, most: int) -> bytes:
        self.asked.append(reference)
        if self.troubles:
            raise self.troubles.pop(0)
        if reference not in self.files:
            raise NotFound(reference)
        return self.files[reference]


@dataclass
class PhotoHouse:
    """A desk that keeps attachments."""

    house: FakeHouse
    source: FakeFiles = field(default_factory=FakeFiles)

    def __post_init__(self) -> None:
        house = self.house
        self.attachments = AttachmentsService(
            house.work, Seal(SECRET), house.clock, house.phrases, MOST, MOST_A_DAY, jitter=lambda: 0.0
        )
        self.attachments.sources["telegram"] = self.source
        self.desk = Desk(
            house.work,
            house.dialogue,
            house.services,
            Seal(SECRET),
            house.phrases,
            house.announcer,
            turnstile=house.turnstile,
            attachments=self.attachments,
        )

    def sent(self, content: bytes, caption: str = "", album: str = "", size: int | None = None,
             kind: MessageKind = MessageKind.PHOTO) -> IncomingMessage:  # fmt: skip
        """A message with a file."""
        name = f"file-{len(self.source.files)}"
        self.source.files[name] = content
        plain = message(caption, kind=kind, message_id=album or None)
        return IncomingMessage(
            plain.contact, plain.message_id, caption, kind, file=FileReference(name, name, size)
        )

    async def send(self, content: bytes, **more: object) -> list[Line]:
        """A message with a file, answered."""
        return await self.desk.handle(self.sent(content, **more))  # type: ignore[arg-type]

    async def files(self) -> list[tuple[str, str]]:
        """State and media type of every attachment."""
        async with self.house.work() as work:
            rows = await work.fetch(table.select().order_by(table.c.id))
        return [(row.state, row.media_type) for row in rows]


@pytest.fixture
async def photos(house: FakeHouse) -> PhotoHouse:
    return PhotoHouse(house)


def said(lines: list[Line]) -> list[str]:
    return [line.text for line in lines]


@pytest.mark.parametrize(
    ("content", "media_type"),
    [
        (JPEG, "image/jpeg"),
        (PNG, "image/png"),
        (PDF, "application/pdf"),
        (b"<html><script>", None),
        (b"GIF89a", None),
        (b"MZ\x90", None),
        (b"", None),
        (b" %PDF-1.4", None),
    ],
)
def test_a_file_is_what_its_first_bytes_say(content: bytes, media_type: str | None) -> None:
    assert media_type_of(content) == media_type


async def test_a_photo_is_kept_encrypted_and_opens_again(photos: PhotoHouse) -> None:
    assert said(await photos.send(JPEG)) == ["utter_photo_received"]
    async with photos.house.work() as work:
        row = (await work.fetch(table.select()))[0]
    assert (row.state, row.media_type, row.size) == ("kept", "image/jpeg", len(JPEG))
    assert row.sha256 == hashlib.sha256(JPEG).hexdigest()
    assert row.reference == ""
    assert b"receipt" not in row.sealed
    assert await photos.attachments.open(row.id) == JPEG


async def test_the_transcript_shows_it_to_whoever_takes_over(photos: PhotoHouse) -> None:
    await photos.send(JPEG)
    conversation = await photos.house.conversation()
    async with photos.house.work() as work:
        lines = await work.lines.after(conversation.id)
    assert [(line.author, line.text, dict(line.custom)) for line in lines] == [
        (Author.RESIDENT, "‹photo›", {"attachment": 1}),
        (Author.BOT, "utter_photo_received", {}),
    ]


@pytest.mark.parametrize(
    ("content", "state", "words"),
    [
        (b"<html>", AttachmentState.WRONG_TYPE, "utter_file_wrong_type most=0"),
        (JPEG + b"x" * MOST, AttachmentState.TOO_LARGE, "utter_file_too_large most=0"),
    ],
    ids=["wrong type", "too large"],
)
async def test_what_cannot_be_kept_says_why(
    photos: PhotoHouse, content: bytes, state: AttachmentState, words: str
) -> None:
    lines = await photos.send(content, kind=MessageKind.DOCUMENT)
    assert said(lines) == [words]
    assert await photos.files() == [(state.value, "")]
    assert (Author.RESIDENT, "‹document›") in await photos.house.transcript()


async def test_what_says_itself_to_be_too_large_is_not_fetched(photos: PhotoHouse) -> None:
    assert said(await photos.send(JPEG, size=MOST + 1)) == ["utter_file_too_large most=0"]
    assert photos.source.asked == []


async def test_a_channel_that_hands_over_no_such_size_says_so(photos: PhotoHouse) -> None:
    photos.source.troubles = [TooLarge("20 MB")]
    assert said(await photos.send(JPEG)) == ["utter_file_too_large most=0"]


async def test_a_day_has_its_limit_and_the_next_its_own(photos: PhotoHouse) -> None:
    for _ in range(2):
        assert said(await photos.send(JPEG.ljust(900, b"x"))) == ["utter_photo_received"]
    assert said(await photos.send(JPEG.ljust(900, b"x"))) == ["utter_file_too_many most=0"]
    photos.house.clock.move(hours=25)
    assert said(await photos.send(JPEG.ljust(900, b"x"))) == ["utter_photo_received"]


async def test_passing_trouble_is_tried_again(photos: PhotoHouse, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.attachments.service.LONGEST_PAUSE", 0.0)
    photos.source.troubles = [Unavailable("down")] * 2
    assert said(await photos.send(JPEG)) == ["utter_photo_received"]


@pytest.mark.parametrize("trouble", [[Unavailable("down")] * 3, [NotFound("gone")]])
async def test_what_cannot_be_fetched_is_said(
    photos: PhotoHouse, monkeypatch: pytest.MonkeyPatch, trouble: list[Exception]
) -> None:
    monkeypatch.setattr("bot.attachments.service.LONGEST_PAUSE", 0.0)
    photos.source.troubles = trouble
    assert said(await photos.send(JPEG)) == ["utter_file_unavailable most=0"]


async def test_an_album_is_kept_whole_and_answered_once(photos: PhotoHouse) -> None:
    parts = [photos.sent(content, album="album-1") for content in (JPEG, PNG, JPEG + b"3")]
    accepted = [await photos.desk.accept(part) for part in parts]
    answers = [said(await photos.desk.answer(one)) for one in accepted]
    assert answers == [["utter_photo_received"]] * 3
    assert await photos.files() == [("kept", "image/jpeg"), ("kept", "image/png"), ("kept", "image/jpeg")]
    assert await photos.house.said() == ["utter_photo_received"]


async def test_a_part_that_comes_after_the_answer_is_kept_too(photos: PhotoHouse) -> None:
    await photos.send(JPEG, album="album-1")
    await photos.send(PNG, album="album-1")
    await photos.send(b"<html>", album="album-1")
    assert [state for state, _ in await photos.files()] == ["kept", "kept", "wrong_type"]
    assert await photos.house.said() == ["utter_photo_received", "utter_file_wrong_type most=0"]


async def test_a_part_left_over_by_a_killed_process_is_fetched_after_the_restart(photos: PhotoHouse) -> None:
    await photos.send(JPEG, album="album-1")
    await photos.desk.accept(photos.sent(PNG, album="album-1"))
    await photos.desk.recover()
    assert [state for state, _ in await photos.files()] == ["kept", "kept"]


async def test_a_part_left_over_that_cannot_be_fetched_keeps_no_other_from_being_fetched(
    photos: PhotoHouse,
) -> None:
    for album in ("album-1", "album-2"):
        await photos.send(JPEG, album=album)
    for album in ("album-1", "album-2"):
        await photos.desk.accept(photos.sent(PNG, album=album))
    photos.source.troubles = [RuntimeError("a defect")]
    await photos.desk.recover()
    assert [state for state, _ in await photos.files()] == ["kept", "kept", "pending", "kept"]
    await photos.desk.recover()
    assert [state for state, _ in await photos.files()] == ["kept"] * 4


async def test_a_part_that_is_brought_twice_is_kept_once(photos: PhotoHouse) -> None:
    part = photos.sent(JPEG, album="album-1")
    await photos.desk.handle(part)
    await photos.desk.handle(part)
    assert len(await photos.files()) == 1


async def test_a_message_accepted_before_a_kill_is_answered_with_its_file(photos: PhotoHouse) -> None:
    await photos.desk.accept(photos.sent(JPEG))
    assert await photos.desk.recover() == 1
    assert await photos.house.said() == ["utter_photo_received"]


async def test_the_words_under_a_photo_are_answered(photos: PhotoHouse) -> None:
    lines = await photos.send(JPEG, caption="多久到账")
    assert said(lines) == ["utter_photo_received", "re: 多久到账"]
    assert (Author.RESIDENT, "多久到账") in await photos.house.transcript()


async def test_with_a_person_the_photo_is_kept_and_the_bot_silent(photos: PhotoHouse) -> None:
    await serve(photos.house)
    assert await photos.send(JPEG) == []
    refused = await photos.send(b"<html>")
    assert [(line.author, line.text) for line in refused] == [(Author.SYSTEM, "utter_file_wrong_type most=0")]


async def test_erasing_takes_the_files_along(photos: PhotoHouse) -> None:
    await photos.send(JPEG)
    conversation = await photos.house.conversation()
    async with photos.house.work() as work:
        stored = await photos.house.personal_data.about(work, conversation)
        photos.house.personal_data.erase(work, conversation)
        await work.commit()
    assert stored.attachments == 1
    assert await photos.files() == []
    assert await photos.attachments.open(1) is None


async def test_what_was_erased_while_it_was_fetched_stays_erased(photos: PhotoHouse) -> None:
    accepted = await photos.desk.accept(photos.sent(JPEG))
    async with photos.house.work() as work:
        photo = (await work.attachments.of_incoming(accepted.id))[0]
        photos.house.personal_data.erase(work, await photos.house.conversation())
        await work.commit()
        work.attachments.keep(photo, "image/jpeg", "", 1, b"x")
        with pytest.raises(Conflict):
            await work.commit()
    assert await photos.files() == []


async def test_one_residents_slow_file_holds_up_nobody_else(photos: PhotoHouse) -> None:
    accepted = await photos.desk.accept(photos.sent(JPEG))
    assert said(await photos.desk.handle(message("快", user="bob"))) == ["re: 快"]
    assert said(await photos.desk.answer(accepted)) == ["utter_photo_received"]


async def serve(house: FakeHouse) -> None:
    """A person serves the resident."""
    conversation = await house.conversation()
    async with house.work() as work:
        work.conversations.update(conversation, status=ConversationStatus.WITH_AGENT)
        await work.commit()
