"""Datasette on a real database: what we ship says every table in our words, opens what may be seen, and no secret."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
import yaml
from datasette.app import Datasette
from sqlalchemy import inspect

import server
from tests.contract.office.desk import Desk
from tests.contract.office.living import live
from tests.contract.office.receivers import hook, send_all
from tests.contract.office.visits import carrier
from tests.office import Office, opened_office

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
SHIPPED = Path(server.__file__).parent / "datasette.yaml"
ROOT = {"id": "root"}
SECRETS = {
    "server_state", "server_key", "enrol_code", "feed", "fact_told", "fact_pair", "notice", "office_user",
    "recovery_code", "office_session", "told", "trait", "person_alias", "geocode", "answer_token", "search_text",
    "search_pair", "agent_card", "card_opening", "webhook", "api_token", "api_answer", "master_key", "data_key",
}  # fmt: skip
# Words of tables and columns that promise a secret; a new table that has one is closed, or named in HARMLESS.
SECRET_WORDS = ("password", "secret", "token", "private", "hash", "salt", "csrf", "totp", "_key", "photo")
HARMLESS = {"link.hash", "office_act.hash", "chain.head_hash", "person.key", "finding.key", "erased_file.key_id"}


@cache
def shipped() -> Any:
    """Read the metadata that we ship."""
    return yaml.safe_load(SHIPPED.read_text(encoding="utf-8"))


def tables() -> dict[str, Any]:
    """Give what is said of each table."""
    found: dict[str, Any] = shipped()["databases"]["fairvisit"]["tables"]
    return found


@pytest.fixture
def office(database_url: str, tmp_path: Path) -> Iterator[Office]:
    """A rehearsal, whose webhooks may lead to the machine itself."""
    with opened_office(database_url, tmp_path, public_url="http://localhost") as opened:
        yield opened


class Shown:
    """A Datasette on the office's database, asked by nobody in particular or by whoever signed in with --root."""

    def __init__(self, office: Office) -> None:
        path = Path(office.settings.database_url.removeprefix("sqlite:///"))
        self.app = Datasette([str(path)], metadata=shipped(), settings={"num_sql_threads": 0})

    def get(self, path: str, actor: dict[str, str] | None = None) -> Any:
        """Ask for an address; give the answer."""
        cookies = {"ds_actor": self.app.sign({"a": actor}, "actor")} if actor else {}
        return asyncio.run(self.app.client.get(f"/{path}", cookies=cookies))

    def close(self) -> None:
        """Let go of the files."""
        for database in self.app.databases.values():
            database.close()


@pytest.fixture
def shown(desk: Desk) -> Iterator[Shown]:
    """A Datasette on an office in which everything happened."""
    hook(desk, "http://127.0.0.1:9/secret-path", "visit.created")
    live(desk)
    phone = carrier(desk.office, "a9")
    odd = phone.record("step_done", {"step": 7})
    phone.exchange([*phone.log[:-1], odd])
    send_all(desk.office)
    opened = Shown(desk.office)
    yield opened
    opened.close()


def test_every_table_and_column_is_described_and_no_other(office: Office) -> None:
    """A table or column that is added is described before it is merged; one that goes, goes here as well."""
    schema = inspect(office.site.store.engine)
    found = {name: {column["name"] for column in schema.get_columns(name)} for name in schema.get_table_names()}
    found.pop("alembic_version")

    assert found == {name: set(said["columns"]) for name, said in tables().items()}
    assert [] == [name for name, said in tables().items() if not all([said["description"], *said["columns"].values()])]


def test_what_may_hold_a_secret_is_closed(office: Office) -> None:
    """Each table with a word of a secret in its columns never opens; the closed ones are just these."""
    named = {
        name
        for name, said in tables().items()
        for column in said["columns"]
        if any(word in f"{name}_{column}" for word in SECRET_WORDS) and f"{name}.{column}" not in HARMLESS
    }

    assert SECRETS == {name for name, said in tables().items() if said.get("allow") is False}
    assert set() == named - SECRETS


def test_each_table_answers_whom_it_may(shown: Shown) -> None:
    """Open ones answer anybody, those with persons only the one who signed in, secrets nobody: in every form."""
    home = shown.get("")
    assert 200 == home.status_code
    assert "Visits, findings, statements" in home.text
    for name, said in tables().items():
        anybody, root = {True: (200, 200), False: (403, 200)}["allow" not in said], said.get("allow") is not False
        expected = anybody if root else (403, 403)
        for form in ("", ".json", ".csv"):
            address = f"fairvisit/{name}{form}"
            assert expected == (shown.get(address).status_code, shown.get(address, ROOT).status_code), address
    for name in SECRETS:
        for form in ("", ".json"):
            assert 403 == shown.get(f"fairvisit/{name}/x{form}", ROOT).status_code, name


def test_tables_speak_our_words(shown: Shown) -> None:
    """The description of the table and of each column stands on its page."""
    page = shown.get("fairvisit/visit", ROOT).text

    assert "One attempt at a door, folded from its events" in page
    assert "Its gravest finding: 0 stop, 1 look, 2 note, 3 none" in page


def test_each_query_answers_with_rows_and_names_nobody(shown: Shown) -> None:
    """Anybody may ask them; none shows a person, a place or an amount."""
    for name in shipped()["databases"]["fairvisit"]["queries"]:
        answer = shown.get(f"fairvisit/{name}.json?_shape=array&state=")

        assert 200 == answer.status_code, answer.text
        assert answer.json(), name
        assert 200 == shown.get(f"fairvisit/{name}").status_code
        for word in ("Person", "Imagined", "Hill", "LN-1", "1300", "rae", "Not Ana"):
            assert word not in answer.text


def test_nobody_asks_in_their_own_sql(shown: Shown) -> None:
    """Not by the page, by no form of it, by no condition beside a table, and nobody loads the file itself."""
    sql = quote("select * from office_user")
    through = quote('{"table": "webhook", "column": "url", "value": "http://127.0.0.1:9/secret-path"}')
    for actor in (None, ROOT):
        for address in (f"fairvisit?sql={sql}", f"fairvisit.json?sql={sql}", f"fairvisit.csv?sql={sql}"):
            assert 403 == shown.get(address, actor).status_code, address
        assert 403 == shown.get(f"fairvisit/agency?_through={through}", actor).status_code
        assert 403 == shown.get("fairvisit.db", actor).status_code
        where = shown.get(f"fairvisit/agency.json?_where={quote('1 in (select 1 from office_user)')}", actor)
        assert 403 == where.status_code


def test_no_secret_leaks_beside_its_table(shown: Shown) -> None:
    """Datasette names a foreign key by a column of the other table, opened or not: we name ids for it to take."""
    asked = []
    for name, said in tables().items():
        facets = "&".join(f"_facet={column}" for column in said["columns"] if column.endswith("_id"))
        asked += [f"fairvisit/{name}{form}" for form in (".json?_labels=on&_size=max", f"?{facets}", f".json?{facets}")]
    text = "".join(each.text for each in (shown.get(path, ROOT) for path in asked) if each.status_code == 200)
    seen = "".join(each.text for each in map(shown.get, asked) if each.status_code == 200)

    assert "secret-path" not in text
    assert "argon2" not in text
    for word in ("Person R1", "Ana Imagined", "Agent a1", "Hill Rd", "Bo Imagined"):
        assert word not in seen
        assert word in text
