"""A card at the door: a fresh code shows who stands there, and nothing else does."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from schemas import signing
from schemas.errors import FieldError
from server.domain.tokens import print_token
from server.public.pages import CSS
from server.public.wording import say
from server.services.cards import put_photo
from server.storage import tables, voice_tables
from tests.contract.public.people import ELSEWHERE, HOME, authorise, carrier, load, png, scan, show_code
from tests.office import Office, Phone, opened_office

GOOD = say("en", "verify.good")
NOT_VALID = say("en", "verify.not_valid")
UNSURE = say("en", "verify.unsure")


def change(office: Office, table: Any, row_id: str, **values: Any) -> None:
    """Change a row by its id."""
    office.site.store.write(
        lambda connection: connection.execute(table.update().where(table.c.id == row_id).values(**values)) and None
    )


def test_a_fresh_code_shows_who_stands_there(office: Office) -> None:
    """Photo, name, agency, until when, how old the code is, and what the person may do."""
    phone = carrier(office)
    office.clock.advance(seconds=12)

    page = scan(office, show_code(phone, ago_ms=12_000))

    assert 200 == page.status_code
    for part in (GOOD, "Agent a1", "North Field Agency", "30 April 2016", "12 s ago", "data:image/png;base64,",
                 say("en", "rights.leave")):  # fmt: skip
        assert part in page.text


def test_a_code_made_offline_after_a_long_day_is_dated_by_the_counter(office: Office) -> None:
    """Nine hours without network: the counter since the last exchange still says 40 s."""
    phone = carrier(office)
    office.clock.advance(hours=9)

    assert "40 s ago" in scan(office, show_code(phone, ago_ms=40_000)).text


def test_after_a_restart_the_offset_of_the_wall_clock_dates_a_code(office: Office) -> None:
    """The phone's wall clock was 12:53:20 behind at its last exchange; so it is in the new boot."""
    phone = carrier(office)
    office.clock.advance(hours=2)

    page = scan(office, show_code(phone, boot="boot-2", mono_ms=4_000, wall="2016-04-07T11:59:48.000-07:00"))

    assert GOOD in page.text
    assert "12 s ago" in page.text


@pytest.mark.parametrize("ago_ms", [120_001, 600_000])
def test_a_screenshot_is_refused_after_two_minutes(office: Office, ago_ms: int) -> None:
    """An old code shows neither name nor photo."""
    phone = carrier(office)
    office.clock.advance(hours=1)

    page = scan(office, show_code(phone, ago_ms=ago_ms))

    assert say("en", "verify.late", age="2 min" if ago_ms < 200_000 else "10 min") in page.text
    assert "Agent a1" not in page.text


def test_a_code_at_the_end_of_its_two_minutes_is_good(office: Office) -> None:
    """Two minutes are two minutes."""
    phone = carrier(office)
    office.clock.advance(hours=1)

    assert GOOD in scan(office, show_code(phone, ago_ms=120_000)).text


def test_a_relayed_code_is_refused(office: Office) -> None:
    """A code opened in one place opens nowhere else; where it was opened it may be loaded again."""
    phone = carrier(office)
    code = show_code(phone)
    scan(office, code)
    office.clock.advance(seconds=30)

    relayed, again = scan(office, code, ELSEWHERE), scan(office, code)

    assert say("en", "verify.opened", at="03:33") in relayed.text
    assert "Agent a1" not in relayed.text
    assert GOOD in again.text


def test_the_same_code_under_another_signature_is_the_same_code(office: Office) -> None:
    """A phone that signs one reading twice makes one code: it does not open twice."""
    phone = carrier(office)
    scan(office, show_code(phone))

    assert say("en", "verify.opened", at="03:33") in scan(office, show_code(phone), ELSEWHERE).text


@pytest.mark.parametrize("state", ["gone", "upload_only", "awaiting"])
def test_a_withdrawn_phone_shows_no_card(office: Office, state: str) -> None:
    """A lost phone's code is refused however fresh it is."""
    phone = carrier(office)
    office.set_device(phone.device_id, state=state)

    assert NOT_VALID in scan(office, show_code(phone)).text


def test_a_withdrawn_agent_or_agency_shows_no_card(office: Office) -> None:
    """Who no longer works for us is refused, and so is everyone of an agency that does not."""
    phone = carrier(office)
    change(office, tables.agent, phone.agent_id, status="left")
    left = scan(office, show_code(phone))
    change(office, tables.agent, phone.agent_id, status="active")
    change(office, tables.agency, office.agency_id, status="ended")

    assert NOT_VALID in left.text
    assert NOT_VALID in scan(office, show_code(phone)).text


@pytest.mark.parametrize(
    ("since", "until"), [("2016-03-01", "2016-04-06"), ("2016-04-08", "2016-04-30")], ids=["over", "not begun"]
)
def test_an_agent_without_authorisation_today_shows_no_card(office: Office, since: str, until: str) -> None:
    """A letter that is over, or begins tomorrow, authorises nobody today."""
    phone = Phone.enrolled(office)
    authorise(office, phone.agent_id, until, since)
    phone.exchange()

    assert NOT_VALID in scan(office, show_code(phone)).text


def test_where_the_clock_is_not_known_the_page_says_to_ring(office: Office) -> None:
    """A phone never heard, or heard 15 days ago, or from the future: nobody can tell."""
    phone = Phone.enrolled(office)
    authorise(office, phone.agent_id)
    never = scan(office, show_code(phone))
    phone.exchange()
    ahead = scan(office, show_code(phone, ago_ms=-31_000))
    office.clock.advance(days=15)

    assert [True] * 3 == [UNSURE in page.text for page in (never, ahead, scan(office, show_code(phone)))]


def test_a_stranger_and_a_forger_see_the_same_page_at_the_same_cost(office: Office) -> None:
    """Rubbish, an unknown phone, a wrong key and another agent's name cannot be told apart."""
    phone = carrier(office)
    other = Phone(office, phone.agent_id, "a1", device_id=office.site.new_id())
    forged = Phone(office, phone.agent_id, "a1", device_id=phone.device_id)
    posing = Phone(office, office.add_agent("a2"), "a2", key=phone.key, device_id=phone.device_id)
    codes = ["rubbish", show_code(other), show_code(forged), show_code(posing)]

    pages = {scan(office, code).text.replace(code, "") for code in codes}

    assert 1 == len({page.partition("<body>")[2].partition("/verify?c=")[0] for page in pages})
    assert [True] * len(pages) == [NOT_VALID in page for page in pages]


def test_a_request_signed_for_the_exchange_opens_no_card(office: Office) -> None:
    """Whatever else a device signs is no card."""
    phone = carrier(office)
    signed = signing.sign({"typ": "request", "nonce": "x"}, phone.key, phone.device_id)

    assert NOT_VALID in scan(office, signed).text


def test_a_number_says_what_is_known_and_that_it_proves_nothing(office: Office) -> None:
    """The number on the card names its holder, and tells to scan the code."""
    carrier(office)
    [row] = office.rows(voice_tables.agent_card.select())

    page = load(office, f"/verify?n={print_token(row.number).lower()}")

    assert "Agent a1" in page.text
    assert say("en", "verify.number_only") in page.text
    assert GOOD not in page.text


def test_an_unknown_number_and_a_withdrawn_agents_look_alike(office: Office) -> None:
    """Trying numbers tells nothing of who once worked for us."""
    phone = carrier(office)
    [row] = office.rows(voice_tables.agent_card.select())
    change(office, tables.agent, phone.agent_id, status="left")

    known, unknown = load(office, f"/verify?n={row.number}"), load(office, "/verify?n=00000000")

    assert known.text.replace(row.number, "") == unknown.text.replace("00000000", "")
    assert NOT_VALID in known.text


def test_a_page_keeps_to_itself(office: Office) -> None:
    """No cookie, no script, nothing from elsewhere, stored nowhere, told to nobody, found by no search."""
    page = scan(office, show_code(carrier(office)))
    policy = page.headers["Content-Security-Policy"]

    assert "Set-Cookie" not in page.headers
    assert "<script" not in page.text
    assert "default-src 'none'" in policy
    assert "no-store" == page.headers["Cache-Control"]
    assert "no-referrer" == page.headers["Referrer-Policy"]
    assert "noindex" in page.headers["X-Robots-Tag"]
    assert f"<style>{CSS}</style>" in page.text


def test_a_page_is_small_with_the_largest_photo(office: Office, tmp_path: Path) -> None:
    """Under 30 kB with a photo of 12 kB, in either language."""
    phone = carrier(office)
    path = tmp_path / "large.png"
    path.write_bytes(png() + bytes(12_288 - len(png())))
    put_photo(office.site, "a1", path)

    sizes = [len(load(office, f"/verify?c={show_code(phone)}&lang={each}").data) for each in ("en", "zh")]

    assert max(sizes) < 30_000


@pytest.mark.parametrize("path", ["/verify/nothing", "/answer/0/nothing", "/answer/0/help", "/help/"])
def test_an_address_near_ours_is_answered_with_a_page(office: Office, path: str) -> None:
    """Whoever mistypes, or loads a form's address, reads a sentence."""
    page = load(office, path)

    assert 404 == page.status_code
    assert say("en", "error.unknown") in page.text


def test_the_language_is_the_browsers_unless_it_was_chosen(office: Office) -> None:
    """A Chinese browser gets Chinese; ?lang beats it."""
    chinese, chosen = load(office, "/verify", language="zh-CN,zh;q=0.9"), load(office, "/verify?lang=en", language="zh")

    assert 'lang="zh-Hans"' in chinese.text[:80]
    assert 'lang="en"' in chosen.text[:80]


@pytest.mark.parametrize(
    ("photo", "said"),
    [(b"GIF89a", "neither a JPEG nor a PNG"), (png() + bytes(20_000), "12288"), (png(900, 4), "480")],
    ids=["kind", "bytes", "sides"],
)
def test_a_photo_that_is_none_or_too_large_is_refused(
    office: Office, tmp_path: Path, photo: bytes, said: str
) -> None:
    """What would not load on a slow network, or is no picture, is not put on a card."""
    office.add_agent("a1")
    path = tmp_path / "photo"
    path.write_bytes(photo)

    with pytest.raises(FieldError, match=said):
        put_photo(office.site, "a1", path)


def test_a_new_photo_leaves_the_number_on_the_printed_card(office: Office, tmp_path: Path) -> None:
    """The number is on paper: it stays."""
    carrier(office)
    path = tmp_path / "new.png"
    path.write_bytes(png(50, 60))
    before = office.rows(voice_tables.agent_card.select())[0].number

    assert before == put_photo(office.site, "a1", path)


def test_who_asks_too_often_is_told_when_to_come_back(database_url: str, tmp_path: Path) -> None:
    """The third page in a minute is refused where two are allowed; another address is not."""
    with opened_office(database_url, tmp_path, public_per_minute=2) as office:
        pages = [load(office, "/verify").status_code for _ in range(3)]

        assert [200, 200, 429] == pages
        assert 200 == load(office, "/verify", ELSEWHERE).status_code
        assert "30" == load(office, "/verify").headers["Retry-After"]


def test_behind_a_proxy_of_ours_the_address_is_what_it_saw(database_url: str, tmp_path: Path) -> None:
    """Who writes an address of their own in front gains nothing."""
    with opened_office(database_url, tmp_path, public_per_minute=1, proxies=1) as office:
        sent = [f"{forged}, {HOME}" for forged in ("192.0.2.1", "192.0.2.2")]
        pages = [load(office, "/verify", **{"X-Forwarded-For": each}).status_code for each in sent]

        assert [200, 429] == pages
