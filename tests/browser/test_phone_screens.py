"""The phone app in a real Chromium, in practice: what its screens let an agent change, and what they never let by."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.phone_look import PIN, set_up, unlock


def kinds_of(page: Page) -> list[str]:
    """Give what practice has recorded, in its order: the step where it is one."""
    told = page.evaluate("localStorage.getItem('fairvisit.practising')")
    return [str(each["body"].get("step", each["kind"])) for each in json.loads(told)["events"]]


def start_visit(page: Page, case_id: str = "practice-case-1") -> None:
    """Arrive at a door of practice."""
    page.evaluate("id => { location.hash = '#/door/' + id }", case_id)
    page.wait_for_selector(".state.good")
    page.locator(".bar .act").click()
    page.wait_for_selector(".steps")


def press(page: Page, *names: str) -> None:
    """Press buttons by their names."""
    for name in names:
        page.get_by_role("button", name=name, exact=True).first.click()


def meet(page: Page) -> None:
    """Go on from the card until hardship is asked about."""
    press(page, "Show my card", "They have seen it", "They agree", "The person")
    page.get_by_role("button", name="Code in their letter").click()
    page.get_by_label("The code in their letter").fill("4711-2580")
    press(page, "Check", "Said", "Said", "Said")
    expect(page.locator(".hand h2")).to_have_text("Ask about hardship")


def test_who_is_at_the_door_can_be_said_again(practice: tuple[Page, Path]) -> None:
    """A wrong touch is changed; and so is "the person" once a document was someone else's, which promises no tries."""
    page, _ = practice
    set_up(page, "PRACTICE")
    start_visit(page)
    press(page, "Nobody opens")
    page.get_by_role("button", name="Nobody Change").click()
    press(page, "Show my card", "They have seen it", "They agree", "The person", "A document", "It is someone else's")
    expect(page.get_by_role("alert")).to_have_text("It is not certain who it is")
    page.get_by_role("button", name="2 steps done").or_(page.get_by_role("button", name="3 steps done")).click()
    page.get_by_role("button", name="The person Change").click()
    press(page, "Someone else", "An adult")

    expect(page.locator(".hand h2")).to_have_text("What came of it")
    expect(page.get_by_role("button", name="The person Change")).to_have_count(0)


def test_hardship_is_never_said_before_it_halts(practice: tuple[Page, Path]) -> None:
    """The halt comes first, whether it is said when asked or only as what came of the visit; and once."""
    page, _ = practice
    set_up(page, "PRACTICE")
    start_visit(page)
    meet(page)
    press(page, "They are in hardship")
    expect(page.locator(".hand h2")).to_have_text("What came of it")
    asked = kinds_of(page)[-2:]
    page.locator(".hand .in-hand").click()
    expect(page.locator(".hand h2")).to_have_text("Say goodbye")
    first = kinds_of(page)
    page.locator(".ever .act").nth(1).click()
    expect(page.get_by_label("Asked to leave")).not_to_be_checked()
    start_visit(page, "practice-case-4")
    meet(page)
    press(page, "No hardship", "In hardship", "Save the outcome")
    expect(page.locator(".hand h2")).to_have_text("Say goodbye")

    assert ["hold_placed", "hardship_asked"] == asked
    assert 1 == first.count("hold_placed")
    assert ["hardship_asked", "hold_placed", "outcome_noted"] == kinds_of(page)[-3:]


def test_what_is_typed_is_told_where_it_is_wrong(practice: tuple[Page, Path]) -> None:
    """Each sentence stands under its own field, and money is shown back as it was understood."""
    page, _ = practice
    page.locator("input").fill("PRACTICE")
    page.locator("button[type=submit]").click()
    page.locator("input[name=pin]").fill("73914x")
    page.locator("button[type=submit]").click()
    expect(page.locator("[aria-invalid]")).to_have_attribute("name", "pin")
    page.locator("input[name=pin]").fill(PIN)
    page.locator("button[type=submit]").click()
    expect(page.locator("[aria-invalid]")).to_have_attribute("name", "again")
    page.locator("input[name=again]").fill(PIN)
    page.locator("button[type=submit]").click()
    page.wait_for_selector(".stops a")
    start_visit(page)
    meet(page)
    press(page, "No hardship", "Promised to pay")
    page.get_by_label("Amount in USD").fill("1,200")
    press(page, "Save the outcome")
    expect(page.locator("[aria-invalid]")).to_have_count(2)
    page.get_by_label("Amount in USD").fill("1200")
    expect(
        page.get_by_text("They promise US$1,200.00.").or_(page.get_by_text("They promise $1,200.00."))
    ).to_be_visible()
    page.get_by_label("By", exact=True).fill("2020-01-01")
    press(page, "Save the outcome")
    expect(page.locator("[aria-invalid]")).to_have_attribute("type", "date")
    page.locator(".tap").click()
    press(page, "Made an appointment")
    page.get_by_label("Day").fill("")
    press(page, "Save the outcome")

    expect(page.get_by_text("Choose a day: today or later.")).to_be_visible()
    assert "outcome_noted" not in kinds_of(page)
    assert "appointment_agreed" not in kinds_of(page)


def test_an_address_that_is_none_still_opens_the_app(practice: tuple[Page, Path]) -> None:
    """A percent sign in the code or after the #; and a phone whose storage the browser threw away is told so."""
    page, _ = practice
    address = page.url.partition("?")[0]
    page.evaluate("localStorage.setItem('fairvisit-enrolled', '12')")
    page.goto(f"{address}?code=100%25")
    expect(page.locator("input")).to_have_value("100%")
    expect(page.get_by_text("The browser has deleted what was saved here.")).to_be_visible()
    page.goto(f"{address}?rehearse")
    set_up(page, "PRACTICE")
    page.evaluate("location.hash = '#/%'")
    expect(page.locator("h1")).to_have_text("Menu")


def test_the_way_up_from_a_visit_that_ended_is_the_day(practice: tuple[Page, Path]) -> None:
    """Not back into the visit; from other screens ‹ leads up, and the phone's own Back to where one came from."""
    page, _ = practice
    set_up(page, "PRACTICE")
    start_visit(page)
    page.locator(".ever .act").nth(1).click()
    page.wait_for_selector(".picks")
    page.locator(".bar .act").click()
    expect(page.locator("h1")).to_have_text("The visit has ended")
    press(page, "Back")
    expect(page.locator("h1")).to_have_text(re.compile("^Today"))
    page.get_by_role("link", name="Menu").click()
    page.get_by_role("link", name="What is sent").click()
    press(page, "Back")
    expect(page.locator("h1")).to_have_text(re.compile("^Today"))
    page.go_back()

    expect(page.locator("h1")).to_have_text("Menu")


@pytest.mark.parametrize("hours", [0, -24])
def test_the_phone_locks_itself_whatever_its_clock_and_its_update_do(practice: tuple[Page, Path], hours: int) -> None:
    """Set back by a day, or with a new version that does not come: after the minutes that were set nobody reads on."""
    page, dist = practice
    page.clock.install()
    page.reload()
    set_up(page, "PRACTICE")
    page.wait_for_function("navigator.serviceWorker.controller !== null")
    worker = dist / "sw.js"
    worker.write_text(re.sub("fairvisit-shell-[0-9a-f]{12}", "fairvisit-shell-000000000000", worker.read_text()))
    page.evaluate("ServiceWorker.prototype.postMessage = () => {}")
    page.evaluate("navigator.serviceWorker.getRegistration().then(found => found.update())")
    expect(page.get_by_text("A new version is here")).to_be_visible()
    now_ms = page.evaluate("Date.now()")
    page.clock.set_system_time((now_ms + hours * 3_600_000) / 1000)
    page.clock.fast_forward("06:00")

    expect(page.locator("h1")).to_have_text("Locked")
    unlock(page)
    page.wait_for_selector(".stops a")


def test_a_correction_to_hardship_halts_first(practice: tuple[Page, Path]) -> None:
    """What was noted as something else, and is corrected to hardship afterwards."""
    page, _ = practice
    set_up(page, "PRACTICE")
    start_visit(page)
    meet(page)
    press(page, "No hardship", "Says it is paid", "Save the outcome")
    page.get_by_role("link", name="What came of it").click()
    page.get_by_label("In hardship").check()
    page.get_by_label("What was wrong?").fill("They said so on the stairs")
    press(page, "Save the correction")
    page.wait_for_selector(".steps")

    assert ["hold_placed", "event_corrected"] == kinds_of(page)[-2:]


def test_what_the_wire_cannot_take_cannot_be_typed(practice: tuple[Page, Path]) -> None:
    """400 letters of a proposal or a reason; and where no emergency number is set, danger says so and still ends."""
    page, _ = practice
    page.evaluate("localStorage.setItem('fairvisit.settings', JSON.stringify({emergency: ''}))")
    page.reload()
    set_up(page, "PRACTICE")
    page.evaluate("location.hash = '#/propose/practice-case-1'")
    expect(page.get_by_label("Should be")).to_have_attribute("maxlength", "400")
    page.evaluate("location.hash = '#/door/practice-case-8'")
    expect(page.get_by_label("Why do you start nevertheless?")).to_have_attribute("maxlength", "400")
    start_visit(page)
    press(page, "Halt…")
    expect(page.get_by_text("No emergency number is set in Settings.")).to_be_visible()
    press(page, "I am in danger")
    expect(page.get_by_text("Get away first.")).to_be_visible()

    assert ["hold_placed", "outcome_noted", "visit_ended"] == kinds_of(page)[-3:]


def test_an_emergency_number_that_cannot_be_called_is_told_and_not_taken(practice: tuple[Page, Path]) -> None:
    """The sentence stands under its field; danger still calls the number from before; a right one is taken."""
    page, _ = practice
    set_up(page, "PRACTICE")
    page.evaluate("location.hash = '#/settings'")
    field = page.get_by_label("Emergency number")
    kept = "() => JSON.parse(localStorage.getItem('fairvisit.settings')).emergency"
    field.fill("+1 (415) 555-0199")
    field.fill("the police")
    expect(field).to_have_attribute("aria-invalid", "true")
    expect(page.get_by_text("This cannot be called.")).to_be_visible()
    assert "+14155550199" == page.evaluate(kept)
    field.fill("911")
    expect(field).not_to_have_attribute("aria-invalid", "true")
    assert "911" == page.evaluate(kept)
