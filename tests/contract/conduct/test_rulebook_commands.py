"""`fairvisit rulebooks`, run as the office runs it, on both databases."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from schemas.errors import FieldError
from server.cli.rulebooks import NOTICE
from server.services.rulebooks import FLOOR
from tests.contract.conduct.conftest import Run

LOOSEN = ("rulebooks", "loosen", "FLOOR-WIN-001", "--by", "Dana", "--reason", "harvest", "--until", "2999-12-31")


def edited(folder: Path, before: str, after: str) -> Path:
    """Write the floor with one text replaced."""
    path = folder / "edited.yaml"
    text = FLOOR.read_text("utf-8")
    assert 1 == text.count(before)
    path.write_text(text.replace(before, after), "utf-8")
    return path


def test_list_counts_how_sure_the_rules_are(run: Run) -> None:
    """Version, kind, counts by confidence, those not verified, and what is in force, as table and as JSON."""
    told = json.loads(run("rulebooks", "list", "--json").stdout)
    rows = {row["name"]: row for row in told["rulebooks"]}
    lines = run("rulebooks", "list").stdout.splitlines()

    china = rows["CN"]
    assert ("jurisdiction", 43, 8, True) == tuple(china[name] for name in ("kind", "rules", "not_verified", "in_force"))
    assert china["rules"] == sum(china[name] for name in ("primary", "secondary", "partial", "memory", "policy"))
    assert ("house", 19, 19, 0) == tuple(rows["FLOOR"][name] for name in ("kind", "rules", "policy", "not_verified"))
    assert NOTICE == told["notice"] == lines[-1]
    assert set(rows) <= {line.split()[0] for line in lines}


def test_show_prints_every_rule_and_what_was_seen(run: Run) -> None:
    """Each rule with its sentence, those not verified marked, the sources with what was seen of them."""
    said = run("rulebooks", "show", "CN", "--language", "zh").stdout
    rules = json.loads(run("rulebooks", "show", "CN", "--json").stdout)["rules"]

    assert all(rule_id in said for rule_id in rules)
    assert "外访须由至少两名人员一同前往。" in said
    [memory] = [line for line in said.splitlines() if line.startswith("CN-LAW-002")]
    assert memory.endswith("(not verified)")
    assert "Seen: not retrieved." in said
    assert NOTICE in said


def test_show_names_the_rulebooks_there_are(run: Run) -> None:
    """A name that is none is answered with those that are."""
    result = run("rulebooks", "show", "XX")

    assert isinstance(result.exception, FieldError)
    assert "there is" in result.exception.detail
    assert "CN" in result.exception.detail


def test_explain_prints_all_that_a_rule_rests_on(run: Run) -> None:
    """Sentences, limit, citation with article, confidence in words, status and note."""
    said = run("rulebooks", "explain", "CN-LAW-002").stdout

    for text in (
        "An agency with a record of violence is not entrusted",
        "no_violent_record: yes",
        "商业银行互联网贷款管理暂行办法 (银保监会令2020年第9号), Art. 60 (number from memory)",
        "memory: from memory only: not verified",
        "in_force",
        "No agency with a record of violent collection.",
        NOTICE,
    ):
        assert text in said


def test_explain_calls_a_house_rule_no_law(run: Run) -> None:
    """Whatever it is modelled on, the house says that it is its own."""
    said = run("rulebooks", "explain", "FLOOR-CREW-001").stdout

    assert "the house, no law: product policy; modelled on 中国银行业协会" in said
    assert "the house, no law: product policy" in run("rulebooks", "explain", "CN-WIN-002").stdout
    assert "policy: the house's own choice, not law" in said


def test_explain_knows_no_rule_that_is_not_there(run: Run) -> None:
    """It says how to find one."""
    result = run("rulebooks", "explain", "CN-WIN-999")

    assert isinstance(result.exception, FieldError)
    assert "There is no rule CN-WIN-999; `fairvisit rulebooks show NAME` lists them." == result.exception.detail


def test_check_says_what_is_wrong_and_where(run: Run, tmp_path: Path) -> None:
    """A good file is counted; a bad one is named with rule and field, and the command fails."""
    good = run("rulebooks", "check", str(FLOOR))
    bad = run("rulebooks", "check", str(edited(tmp_path, 'start: "09:00"', "start: 9")))

    assert (0, "FLOOR.yaml: FLOOR 2026.11.1, 19 rules, nothing wrong.") == (good.exit_code, good.stdout.splitlines()[0])
    assert NOTICE in good.stdout
    assert 1 == bad.exit_code
    assert "edited.yaml: FLOOR-WIN-001: params: 'start' should be a time in quotes" in bad.stderr


def test_diff_shows_each_field_that_differs(run: Run, tmp_path: Path) -> None:
    """A file against the shipped one: rule, field, before and after; a rule that is gone is said to be."""
    path = edited(tmp_path, 'end: "19:00"', 'end: "18:00"')
    path.write_text(path.read_text("utf-8").replace("FLOOR-ART-001", "FLOOR-ART-002"), "utf-8")

    lines = run("rulebooks", "diff", "FLOOR", str(path)).stdout.splitlines()

    assert [
        "FLOOR-WIN-001: params.end: 19:00 -> 18:00",
        "FLOOR-ART-001: only before",
        "FLOOR-ART-002: only after",
        "3 differences.",
        NOTICE,
    ] == lines
    assert [] == json.loads(run("rulebooks", "diff", "CN", "CN", "--json").stdout)["differences"]


def test_loosen_changes_a_house_rule_for_a_while(run: Run) -> None:
    """What it prints is what `explain` then says, with name, reason and day; `list` and the file stay as they were."""
    said = run(*LOOSEN, "--params", '{"end": "20:00"}').stdout
    explained = run("rulebooks", "explain", "FLOOR-WIN-001").stdout

    assert said.startswith("FLOOR-WIN-001 holds until the end of 2999-12-31 as start: 09:00; end: 20:00; ")
    assert "start: 09:00; end: 20:00; " in explained
    assert "Changed until 2999-12-31 by Dana: harvest" in explained
    assert NOTICE in said


@pytest.mark.parametrize(
    ("more", "why"),
    [
        (("--params", "end=20:00"), "--params: should be a JSON object"),
        (("--params", '{"end": "20:00"}', "--until", "tomorrow"), "--until: 'tomorrow' is not a day"),
        (("--params", '{"end": "20:00"}', "--until", "2020-01-01"), "until: 2020-01-01 is over"),
    ],
)
def test_loosen_refuses_what_it_cannot_read(run: Run, more: tuple[str, ...], why: str) -> None:
    """A sentence names the option."""
    result = run(*LOOSEN, *more)

    assert isinstance(result.exception, FieldError)
    assert why in result.exception.detail


def test_loosen_refuses_a_jurisdictions_rule(run: Run) -> None:
    """Law is not loosened by command."""
    result = run("rulebooks", "loosen", "CN-CREW-001", *LOOSEN[3:], "--params", '{"least": 1}')

    assert isinstance(result.exception, FieldError)
    assert "CN-CREW-001 is a rule of CN, not the house's own: nobody here may loosen it." == result.exception.detail
