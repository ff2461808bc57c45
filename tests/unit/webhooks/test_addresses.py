"""Where webhooks may lead."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from bot.errors import InvalidInput
from bot.webhooks.addresses import Addresses, networks_of

PUBLIC = "93.184.216.34"


def leading_to(*found: str, private: str = "") -> Addresses:
    """Every name has these addresses."""

    async def resolve(host: str, port: int) -> list[str]:
        return list(found) or [host]

    return Addresses(networks_of(private), resolve)


async def refusal(addresses: Addresses, url: str) -> str:
    with pytest.raises(InvalidInput) as refused:
        await addresses.check(url)
    return refused.value.code


async def test_a_public_name_is_pinned_to_the_address_that_was_checked() -> None:
    found = await leading_to(PUBLIC, "2606:2800:220:1::1").check("https://hooks.example:8443/a?b=c")
    assert (found.host, found.address) == ("hooks.example", PUBLIC)


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "127.8.8.8",
        "0.0.0.0",
        "10.0.0.7",
        "172.16.3.4",
        "192.168.1.1",
        "169.254.169.254",
        "100.64.0.1",
        "198.18.0.1",
        "224.0.0.1",
        "255.255.255.255",
        "::1",
        "::",
        "fe80::1%eth0",
        "fd00::1",
        "ff02::1",
        "::ffff:10.0.0.7",
        "::ffff:169.254.169.254",
        "64:ff9b::a00:7",
        "2002:a00:7::1",
    ],
)
async def test_addresses_that_are_not_public_are_refused(address: str) -> None:
    assert await refusal(leading_to(address), "https://hooks.example/") == "url_private"


async def test_one_private_address_among_public_ones_is_enough_to_refuse() -> None:
    assert await refusal(leading_to(PUBLIC, "10.0.0.7"), "https://hooks.example/") == "url_private"


async def test_a_name_that_changes_its_mind_is_refused_at_the_next_look() -> None:
    answers = [[PUBLIC], ["127.0.0.1"]]

    async def resolve(host: str, port: int) -> list[str]:
        return answers.pop(0)

    addresses = Addresses((), resolve)
    await addresses.check("https://hooks.example/")
    assert await refusal(addresses, "https://hooks.example/") == "url_private"


@pytest.mark.parametrize(
    "url",
    [
        "",
        "hooks.example",
        "ftp://hooks.example/",
        "file:///etc/passwd",
        "https://",
        "https://user:secret@hooks.example/",
        "https://hooks.example/#part",
        "https://hooks.example:99999/",
        "https://hooks.example:0/",
        "https://[::1/",
        "https://hooks.example/a b",
        "https://hooks.example\\@10.0.0.7/",
        "https://例子.example/",
        "https://hooks.example/" + "x" * 500,
    ],
)
async def test_what_is_no_usable_address_is_refused(url: str) -> None:
    assert await refusal(leading_to(PUBLIC), url) == "bad_url"


async def test_plain_http_is_only_for_networks_of_ones_own() -> None:
    assert await refusal(leading_to(PUBLIC), "http://hooks.example/") == "url_needs_https"
    own = leading_to("10.1.7.9", private="10.1.7.0/24, 127.0.0.1")
    assert (await own.check("http://hooks.example/")).address == "10.1.7.9"
    assert (await own.check("https://hooks.example/")).address == "10.1.7.9"


async def test_a_network_that_is_allowed_allows_no_other() -> None:
    assert await refusal(leading_to("10.1.8.9", private="10.1.7.0/24"), "https://h.example/") == "url_private"


@pytest.mark.parametrize("found", [OSError("no such host"), UnicodeError("label too long"), []])
async def test_a_name_without_an_address_is_refused(found: Exception | Sequence[str]) -> None:
    async def resolve(host: str, port: int) -> list[str]:
        if isinstance(found, Exception):
            raise found
        return list(found)

    assert await refusal(Addresses((), resolve), "https://hooks.example/") == "url_unknown_host"


def test_networks_that_cannot_be_read_are_said() -> None:
    with pytest.raises(ValueError, match="write networks like"):
        networks_of("10.0.0.0/8, office")
