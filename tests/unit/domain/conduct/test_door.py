"""What is judged at the door: identity, others, leaving, what must be said, conduct, recording, payment, places."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from server.domain.conduct.facts import AppointmentFacts
from server.domain.conduct.rules import Check
from tests.unit.domain.conduct.door_builders import (
    DAY,
    DOOR,
    FAIL,
    GATE,
    MINUTE,
    NOW,
    PASS,
    REVIEW,
    UNKNOWN,
    a_hold,
    answer,
    starting,
)

IDENTITY = ("identity_gate", {"before": ["amount"], "never": ["face_recognition"]})
BAN = ("third_party_ban", {"allowed": ["debtor"], "never_say": ["debt_existence"]})
BAN_BUT_SPOUSE = ("third_party_ban", {"allowed": ["debtor", "spouse"]})
CONTACT = ("third_party_contact", {"purpose": ["location"], "most": 1, "stop_when": "attorney_known"})
MESSAGE = ("third_party_contact", {"purpose": ["pass_on_message"], "conditions": ["never_say_debt"]})
LEAVE = ("leave_on_request", {"within": "PT2M", "triggers": ["asked_to_leave", "only_minor_present", "danger"]})
LEAVE_NOW = ("leave_on_request", {"within": "PT0M", "triggers": ["asked_to_leave"]})
SAY = ("required_statement", {"text": "This is a collector.", "when": "after identity, at every contact"})
CONDUCT = ("forbidden_conduct", {"codes": ["threaten", "insult"]})
TIME_BARRED = ("forbidden_conduct", {"codes": ["sue_or_threaten_on_time_barred_debt"]})
AUDIO_DUTY = ("recording", {"audio": "duty", "notice": True})
BY_CONSENT = ("recording", {"audio": "only_with_consent"})
NO_VIDEO = ("recording", {"video": "forbidden"})
CALLS = ("recording", {"calls": "duty", "notice": True})
NEVER = ("recording", {"never": ["home_interior_without_consent", "minors"]})
PAYMENT = ("payment", {"cash": "never", "fees": "none", "accounts": ["principal_official_account"]})
RECEIPT = ("payment", {"receipt": "at once"})
ARTEFACT = ("artefact", {"forbidden": ["postcard"], "required": ["sealed_neutral_envelope"]})
NO_WORK = ("place_limit", {"forbidden": ["workplace_unless_requested"]})
EMPLOYER = ("place_limit", {"forbidden": ["workplace_if_employer_prohibits"]})
NO_ENTRY = ("place_limit", {"forbidden": ["entry_without_consent_or_order"], "remain_outside": True})
ASK_FIRST = ("place_limit", {"forbidden": ["uninvited_when_permission_can_be_asked", "after_refusal"]})
ONLY_HOME = ("place_limit", {"allowed": ["domicile"], "consent": "for_any_other_place"})
HOME_ALONE = ("place_limit", {"allowed": ["residence"]})
STRANGE = ("place_limit", {"allowed": ["houseboat"], "forbidden": ["temple"]})
ORDER = ("place_limit", {"order": ["place_of_choice", "residence", "place_of_work"]})

QUIET = {"was_sealed_opened": False, "steps_done": {"card_shown": "given"}}
ALONE = {"contact_result": "person", "was_identity_confirmed": True}
MET_OTHER = {"contact_result": "other_adult", "conduct_codes": frozenset[str]()}
INVITED = (AppointmentFacts("a1", NOW, NOW + DAY, "person", True),)
UNCONFIRMED = (AppointmentFacts("a1", NOW, NOW + DAY, "person", False),)
BY_AGENT = (AppointmentFacts("a1", NOW, NOW + DAY, "agent", True),)

VECTORS: list[tuple[tuple[str, dict[str, Any]], Check, dict[str, Any], str]] = [
    (IDENTITY, GATE, {}, PASS),
    (IDENTITY, REVIEW, {"was_sealed_opened": False}, PASS),
    (IDENTITY, REVIEW, {"was_sealed_opened": True, "was_identity_confirmed": True}, PASS),
    (IDENTITY, REVIEW, {"was_sealed_opened": True, "was_identity_confirmed": False}, FAIL),
    (IDENTITY, DOOR, {"was_sealed_opened": True, "was_identity_confirmed": False}, FAIL),
    (IDENTITY, REVIEW, {"was_sealed_opened": True}, UNKNOWN),
    (IDENTITY, REVIEW, {"was_identity_confirmed": False}, UNKNOWN),
    (IDENTITY, DOOR, {}, UNKNOWN),
    (IDENTITY, REVIEW, {"was_sealed_opened": False, "conduct_codes": frozenset({"face_recognition"})}, FAIL),
    (BAN, GATE, {}, PASS),
    (BAN, DOOR, {}, UNKNOWN),
    (BAN, REVIEW, {"contact_result": "person"}, PASS),
    (BAN, REVIEW, {"contact_result": "nobody", "conduct_codes": frozenset({"debt_existence"})}, FAIL),
    (BAN, REVIEW, {"contact_result": "person", "conduct_codes": frozenset({"spread_privacy"})}, FAIL),
    (BAN, REVIEW, MET_OTHER | QUIET, PASS),
    (BAN, REVIEW, {"contact_result": "other_adult"} | QUIET, UNKNOWN),
    (BAN, DOOR, {"contact_result": "other_adult"} | QUIET, PASS),
    (BAN, REVIEW, MET_OTHER, UNKNOWN),
    (BAN, REVIEW, MET_OTHER | QUIET | {"was_sealed_opened": True}, FAIL),
    (BAN, REVIEW, MET_OTHER | QUIET | {"steps_done": {"options_given": "given"}}, FAIL),
    (BAN, REVIEW, MET_OTHER | QUIET | {"steps_done": {"options_given": "not_applicable"}}, PASS),
    (BAN_BUT_SPOUSE, REVIEW, MET_OTHER | QUIET | {"was_sealed_opened": True}, UNKNOWN),
    (BAN_BUT_SPOUSE, REVIEW, MET_OTHER | QUIET | {"was_sealed_opened": True, "contact_result": "only_minor"}, FAIL),
    (CONTACT, GATE, {}, PASS),
    (CONTACT, DOOR, {}, UNKNOWN),
    (CONTACT, REVIEW, {"contact_result": "person"}, PASS),
    (CONTACT, REVIEW, MET_OTHER | QUIET | {"others_met": 1, "is_represented": False}, PASS),
    (CONTACT, REVIEW, MET_OTHER | QUIET | {"others_met": 2, "is_represented": False}, FAIL),
    (CONTACT, REVIEW, MET_OTHER | QUIET | {"is_represented": False}, UNKNOWN),
    (CONTACT, REVIEW, MET_OTHER | QUIET | {"others_met": 1, "is_represented": True}, FAIL),
    (CONTACT, REVIEW, MET_OTHER | QUIET | {"others_met": 1}, UNKNOWN),
    (MESSAGE, REVIEW, MET_OTHER | QUIET, PASS),
    (MESSAGE, REVIEW, MET_OTHER | QUIET | {"conduct_codes": frozenset({"never_say_debt"})}, FAIL),
    (MESSAGE, REVIEW, MET_OTHER | {"was_sealed_opened": True}, FAIL),
    (MESSAGE, REVIEW, {"contact_result": "other_adult"} | QUIET, UNKNOWN),
    (LEAVE, GATE, {}, PASS),
    (LEAVE, REVIEW, {"leave_took_ms": 2 * MINUTE}, PASS),
    (LEAVE, REVIEW, {"leave_took_ms": 2 * MINUTE + 1}, FAIL),
    (LEAVE_NOW, REVIEW, {"leave_took_ms": MINUTE}, PASS),
    (LEAVE_NOW, REVIEW, {"leave_took_ms": MINUTE + 1}, FAIL),
    (LEAVE, REVIEW, {}, UNKNOWN),
    (LEAVE, REVIEW, {"contact_result": "person"}, UNKNOWN),
    (LEAVE, REVIEW, {"contact_result": "person", "holds": ()}, PASS),
    (LEAVE, REVIEW, {"contact_result": "only_minor", "holds": ()}, UNKNOWN),
    (LEAVE, DOOR, {"contact_result": "only_minor", "holds": ()}, FAIL),
    (LEAVE, DOOR, {"contact_result": "unsafe"}, FAIL),
    (LEAVE, DOOR, {"contact_result": "person", "holds": (a_hold("asked_to_leave"),)}, FAIL),
    (LEAVE, DOOR, {"contact_result": "person", "holds": (a_hold("illness"),)}, PASS),
    (
        LEAVE, DOOR,
        {"contact_result": "person", "holds": (a_hold("asked_to_leave"),), "interval": starting(NOW)}, PASS,
    ),
    (LEAVE_NOW, REVIEW, {"contact_result": "only_minor", "holds": ()}, PASS),
    (SAY, GATE, {}, PASS),
    (SAY, DOOR, {}, UNKNOWN),
    (SAY, REVIEW, {"contact_result": "nobody"}, PASS),
    (SAY, REVIEW, ALONE | {"steps_done": {"purpose_stated": "given"}}, PASS),
    (SAY, REVIEW, ALONE | {"steps_done": {"purpose_stated": "refused"}}, PASS),
    (SAY, REVIEW, ALONE | {"steps_done": {"purpose_stated": "not_applicable"}}, FAIL),
    (SAY, REVIEW, ALONE | {"steps_done": {}}, FAIL),
    (SAY, REVIEW, ALONE, UNKNOWN),
    (SAY, REVIEW, {"contact_result": "person", "steps_done": {}}, UNKNOWN),
    (SAY, REVIEW, {"contact_result": "person", "steps_done": {}, "was_identity_confirmed": False}, PASS),
    (CONDUCT, GATE, {}, PASS),
    (CONDUCT, DOOR, {}, PASS),
    (CONDUCT, REVIEW, {}, UNKNOWN),
    (CONDUCT, REVIEW, {"conduct_codes": frozenset({"spread_privacy"})}, PASS),
    (CONDUCT, REVIEW, {"conduct_codes": frozenset({"insult"})}, FAIL),
    (CONDUCT, DOOR, {"conduct_codes": frozenset({"insult"})}, FAIL),
    (TIME_BARRED, GATE, {}, UNKNOWN),
    (TIME_BARRED, GATE, {"is_time_barred": False}, PASS),
    (TIME_BARRED, GATE, {"is_time_barred": True}, UNKNOWN),
    (TIME_BARRED, GATE, {"is_time_barred": True, "attested": {"T-1": date(2026, 5, 4)}}, PASS),
    (TIME_BARRED, GATE, {"is_time_barred": True, "attested": {"T-1": date(2026, 5, 3)}}, FAIL),
    (TIME_BARRED, REVIEW, {"conduct_codes": frozenset[str]()}, PASS),
    (AUDIO_DUTY, GATE, {"has_recorder": True}, PASS),
    (AUDIO_DUTY, GATE, {"has_recorder": False}, FAIL),
    (AUDIO_DUTY, GATE, {}, UNKNOWN),
    (AUDIO_DUTY, REVIEW, {"recordings": frozenset({"audio"}), "steps_done": {"recording_notice": "given"}}, PASS),
    (AUDIO_DUTY, REVIEW, {"recordings": frozenset({"audio"}), "steps_done": {"recording_notice": "refused"}}, PASS),
    (AUDIO_DUTY, REVIEW, {"recordings": frozenset({"audio"}), "steps_done": {}}, FAIL),
    (AUDIO_DUTY, REVIEW, {"recordings": frozenset({"audio"})}, UNKNOWN),
    (AUDIO_DUTY, REVIEW, {"recordings": frozenset({"video"}), "steps_done": {"recording_notice": "given"}}, FAIL),
    (AUDIO_DUTY, REVIEW, {}, UNKNOWN),
    (BY_CONSENT, GATE, {}, PASS),
    (BY_CONSENT, DOOR, {}, UNKNOWN),
    (BY_CONSENT, DOOR, {"recordings": frozenset[str]()}, PASS),
    (BY_CONSENT, DOOR, {"recordings": frozenset({"audio"})}, UNKNOWN),
    (BY_CONSENT, DOOR, {"recordings": frozenset({"audio"}), "consents": frozenset({"recording_audio"})}, PASS),
    (BY_CONSENT, DOOR, {"recordings": frozenset({"audio"}), "consents": frozenset({"recording_video"})}, FAIL),
    (NO_VIDEO, REVIEW, {"recordings": frozenset({"audio"})}, PASS),
    (NO_VIDEO, REVIEW, {"recordings": frozenset({"video"})}, FAIL),
    (CALLS, REVIEW, {}, PASS),
    (NEVER, REVIEW, {}, UNKNOWN),
    (NEVER, REVIEW, {"recordings": frozenset[str]()}, PASS),
    (NEVER, REVIEW, {"recordings": frozenset({"video"})}, UNKNOWN),
    (NEVER, REVIEW, {"recordings": frozenset[str](), "conduct_codes": frozenset({"minors"})}, FAIL),
    (
        NEVER, REVIEW,
        {"conduct_codes": frozenset({"home_interior_without_consent"}), "consents": frozenset({"filming"})}, PASS,
    ),
    (PAYMENT, GATE, {}, PASS),
    (PAYMENT, REVIEW, {}, UNKNOWN),
    (PAYMENT, REVIEW, {"conduct_codes": frozenset({"no_receipt"})}, PASS),
    (PAYMENT, REVIEW, {"conduct_codes": frozenset({"payment_to_agent"})}, FAIL),
    (PAYMENT, REVIEW, {"conduct_codes": frozenset({"extra_fees"})}, FAIL),
    (RECEIPT, REVIEW, {"conduct_codes": frozenset({"no_receipt"})}, FAIL),
    (RECEIPT, REVIEW, {"conduct_codes": frozenset({"extra_fees"})}, PASS),
    (ARTEFACT, GATE, {}, PASS),
    (ARTEFACT, REVIEW, {}, UNKNOWN),
    (ARTEFACT, REVIEW, {"conduct_codes": frozenset({"insult"})}, PASS),
    (ARTEFACT, REVIEW, {"conduct_codes": frozenset({"postcard"})}, FAIL),
    (ARTEFACT, REVIEW, {"conduct_codes": frozenset({"no_sealed_neutral_envelope"})}, FAIL),
    (NO_WORK, GATE, {}, UNKNOWN),
    (NO_WORK, GATE, {"place_kind": "home"}, PASS),
    (NO_WORK, GATE, {"place_kind": "work"}, UNKNOWN),
    (NO_WORK, GATE, {"place_kind": "work", "consents": frozenset[str](), "appointments": ()}, FAIL),
    (NO_WORK, GATE, {"place_kind": "work", "consents": frozenset[str]()}, UNKNOWN),
    (NO_WORK, GATE, {"place_kind": "work", "consents": frozenset[str](), "appointments": INVITED}, UNKNOWN),
    (NO_WORK, GATE, {"place_kind": "work", "consents": frozenset({"visit_work"})}, PASS),
    (EMPLOYER, GATE, {"place_kind": "work", "consents": frozenset[str]()}, UNKNOWN),
    (EMPLOYER, GATE, {"place_kind": "work", "consents": frozenset[str](), "steps": {"employer_permits": True}}, PASS),
    (
        EMPLOYER, GATE,
        {"place_kind": "work", "consents": frozenset[str](), "steps": {"employer_permits": False}, "appointments": ()},
        FAIL,
    ),
    (NO_ENTRY, GATE, {}, PASS),
    (NO_ENTRY, DOOR, {}, PASS),
    (NO_ENTRY, REVIEW, {}, UNKNOWN),
    (NO_ENTRY, REVIEW, {"conduct_codes": frozenset({"enter_home"})}, FAIL),
    (NO_ENTRY, REVIEW, {"conduct_codes": frozenset({"enter_home"}), "consents": frozenset({"enter_home"})}, PASS),
    (
        NO_ENTRY, REVIEW,
        {"conduct_codes": frozenset({"enter_without_consent"}), "consents": frozenset({"enter_home"})}, FAIL,
    ),
    (NO_ENTRY, REVIEW, {"consents": frozenset({"enter_home"})}, UNKNOWN),
    (NO_ENTRY, REVIEW, {"conduct_codes": frozenset[str](), "consents": frozenset({"enter_home"})}, PASS),
    (ASK_FIRST, GATE, {"place_kind": "home", "holds": (), "consents": frozenset({"visit"})}, PASS),
    (
        ASK_FIRST, GATE,
        {"place_kind": "home", "holds": (a_hold("refusal", until=NOW),), "consents": frozenset({"visit"})}, PASS,
    ),
    (
        ASK_FIRST, REVIEW,
        {
            "place_kind": "home", "holds": (a_hold("refusal", placed=NOW + MINUTE),),
            "consents": frozenset({"visit"}), "interval": starting(NOW),
        },
        PASS,
    ),
    (ASK_FIRST, GATE, {"place_kind": "home", "holds": (a_hold("refusal"),), "consents": frozenset({"visit"})}, FAIL),
    (ASK_FIRST, GATE, {"place_kind": "home", "consents": frozenset({"visit"})}, UNKNOWN),
    (ASK_FIRST, GATE, {"place_kind": "home", "holds": (), "consents": frozenset[str]()}, UNKNOWN),
    (
        ASK_FIRST, GATE,
        {"place_kind": "home", "holds": (), "appointments": INVITED, "interval": starting(NOW + DAY - 30 * MINUTE)},
        PASS,
    ),
    (
        ASK_FIRST, GATE,
        {"place_kind": "home", "holds": (), "appointments": INVITED, "interval": starting(NOW + DAY - 29 * MINUTE)},
        UNKNOWN,
    ),
    (
        ASK_FIRST, GATE,
        {"place_kind": "home", "holds": (), "appointments": UNCONFIRMED, "interval": starting(NOW)}, UNKNOWN,
    ),
    (
        ASK_FIRST, GATE,
        {"place_kind": "home", "holds": (), "appointments": BY_AGENT, "interval": starting(NOW)}, UNKNOWN,
    ),
    (
        ASK_FIRST, GATE,
        {"place_kind": "home", "holds": (), "appointments": INVITED, "interval": starting(NOW - 1)}, UNKNOWN,
    ),
    (ONLY_HOME, GATE, {"place_kind": "home"}, PASS),
    (ONLY_HOME, GATE, {"place_kind": "agreed"}, PASS),
    (ONLY_HOME, GATE, {"place_kind": "other"}, UNKNOWN),
    (ONLY_HOME, GATE, {"place_kind": "other", "consents": frozenset({"visit_elsewhere"})}, PASS),
    (ONLY_HOME, GATE, {"place_kind": "other", "consents": frozenset({"visit_work"})}, FAIL),
    (ONLY_HOME, GATE, {}, UNKNOWN),
    (HOME_ALONE, GATE, {"place_kind": "work"}, FAIL),
    (STRANGE, GATE, {"place_kind": "home"}, UNKNOWN),
    (ORDER, GATE, {"place_kind": "agreed"}, PASS),
    (ORDER, GATE, {"place_kind": "home"}, UNKNOWN),
    (ORDER, GATE, {"place_kind": "home", "steps": {"place_of_choice_tried": True}}, PASS),
    (ORDER, GATE, {"place_kind": "home", "steps": {"place_of_choice_tried": False}}, FAIL),
    (ORDER, GATE, {"place_kind": "work", "steps": {"place_of_choice_tried": True}}, UNKNOWN),
    (ORDER, GATE, {}, UNKNOWN),
]  # fmt: skip


@pytest.mark.parametrize(("rule", "check", "facts", "expected"), VECTORS)
def test_a_rule_of_the_door_answers_as_its_vector_says(
    rule: tuple[str, dict[str, Any]], check: Check, facts: dict[str, Any], expected: str
) -> None:
    """Each type passes, fails and does not know, on both sides of its thresholds, where it is checked."""
    assert expected == answer(*rule, check, **facts).answer


@pytest.mark.parametrize(("rule", "check", "facts", "expected"), VECTORS)
def test_an_answer_says_what_it_rests_on_and_what_it_lacks(
    rule: tuple[str, dict[str, Any]], check: Check, facts: dict[str, Any], expected: str
) -> None:
    """Whatever the answer, its limit is said; a failure names a fact and a cure, what is unknown is named."""
    found = answer(*rule, check, **facts)

    assert found.limit
    assert (expected == FAIL) <= bool(found.used and found.cure)
    assert (expected == UNKNOWN) <= bool(found.missing and found.cure)


def test_the_sealed_part_opened_too_early_is_told_with_its_facts() -> None:
    """A reviewer reads both facts a failed identity gate rests on."""
    found = answer(*IDENTITY, REVIEW, was_sealed_opened=True, was_identity_confirmed=False)

    assert [("was_sealed_opened", "yes"), ("was_identity_confirmed", "no")] == [
        (each.name, each.value) for each in found.used
    ]


def test_at_once_says_how_it_is_judged() -> None:
    """A law's "at once" is shown with the minute it is read as."""
    assert "leave at once, judged as within 1 minute on asked to leave" == answer(*LEAVE_NOW, GATE).limit
