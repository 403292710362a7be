"""Known and unknown codes are answered alike: the same statements, whatever the reason."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import event

from server.storage import tables, voice_tables
from tests.contract.public.people import carrier, letter, load, scan, show_code
from tests.office import Office, Phone


@contextmanager
def asked(office: Office) -> Iterator[list[str]]:
    """Note what the database is asked, without the values."""
    said: list[str] = []

    def note(connection: Any, cursor: Any, statement: str, *_: Any) -> None:
        said.append(" ".join(statement.split()))

    event.listen(office.site.store.engine, "before_cursor_execute", note)
    yield said
    event.remove(office.site.store.engine, "before_cursor_execute", note)


def test_a_cards_code_costs_the_same_whether_its_phone_is_known_or_not(office: Office) -> None:
    """Rubbish, an unknown phone, a forged signature, a withdrawn phone, a code too old."""
    phone = carrier(office)
    office.clock.advance(hours=1)
    unknown = Phone(office, phone.agent_id, "a1", device_id=office.site.new_id())
    forged = Phone(office, phone.agent_id, "a1", device_id=phone.device_id)
    codes = ["rubbish", show_code(unknown), show_code(forged), show_code(phone, ago_ms=600_000)]
    costs = []
    for code in codes:
        with asked(office) as said:
            scan(office, code)
        costs.append(tuple(said))
    office.set_device(phone.device_id, state="gone")
    with asked(office) as said:
        scan(office, show_code(phone))

    assert 1 == len({*costs, tuple(said)})


def test_a_cards_number_costs_the_same_whether_it_is_known_or_not(office: Office) -> None:
    """Known, withdrawn, unknown."""
    phone = carrier(office)
    [card] = office.rows(voice_tables.agent_card.select())
    costs = []
    for number in (card.number, "00000000"):
        with asked(office) as said:
            load(office, f"/verify?n={number}")
        costs.append(tuple(said))
    office.site.store.write(
        lambda c: c.execute(tables.agent.update().values(status="left").where(tables.agent.c.id == phone.agent_id))
        and None
    )
    with asked(office) as said:
        load(office, f"/verify?n={card.number}")

    assert 1 == len({*costs, tuple(said)})


def test_a_letters_code_costs_the_same_for_every_reason(office: Office) -> None:
    """Unknown and expired: one look, the same."""
    expired = letter(office, office.add_case("R1"), days=-1)
    costs = []
    for token in (expired, "0" * 28):
        with asked(office) as said:
            load(office, f"/answer/{token}")
        costs.append(tuple(said))

    assert 1 == len(set(costs))


def test_asking_for_the_headers_alone_opens_no_code(office: Office) -> None:
    """A program that looks ahead of the person does not use the code up."""
    code = show_code(carrier(office))
    office.client.head(f"/verify?c={code}")

    assert [] == office.rows(voice_tables.card_opening.select())
