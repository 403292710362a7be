"""The order at the door: what a device says before it records the next event of a visit."""

from __future__ import annotations

from typing import Any

from tests.contract.vector_sources.plain import Vector

ABOUT = (
    "The order at the door. `events` is the visit so far, [kind, body] each; of recording `kind` with `body` now, under"
    " the packet's `limits`, `remarks` are [level, code]: what is blocked is not recorded, of what is warned is said."
)
Event = tuple[str, dict[str, Any]]
STEPS = [
    "card_shown", "recording_notice", "principal_named", "purpose_stated", "options_given", "hardship_asked",
    "payment_answer",
]  # fmt: skip
CARD = ["card_shown"]


def done(*steps: str, response: str = "given") -> list[Event]:
    """Give steps that were done."""
    return [("step_done", {"step": step, "text_version": "1", "response": response}) for step in steps]


def checked(identity: str, method: str | None = None) -> Event:
    """Give an identity check."""
    return ("identity_checked", {"identity": identity} | ({"method": method} if method else {}))


def recorded(medium: str, state: str = "started", **said: str) -> Event:
    """Give a change of a recording."""
    return ("recording_changed", {"state": state, "medium": medium} | said)


ENDED: Event = ("visit_ended", {"reason": "completed"})
FAILED = [checked("failed", "two_facts")]
BOTH = {"recording": {"audio": "duty", "video": "forbidden"}}
ASKED = {"recording": {"audio": "only_with_consent"}}
INSIDE = [*done("recording_notice"), recorded("audio"), recorded("audio", "stopped", reason="entering home")]
NO_NOTICE = done("recording_notice", response="refused")
OUT, USED_UP = [["warn", "out-of-order"]], [["block", "tries-used-up"]]
FORBIDDEN, CONSENT = [["block", "recording-forbidden"]], [["block", "recording-consent"]]
NOTICE, MISSING = [["warn", "recording-notice"]], [["warn", "not-recorded"]]
# name -> (events, the next, limits, remarks)
CASES: dict[str, tuple[list[Event], Event, dict[str, Any], list[list[str]]]] = {
    "the card first": ([], done("card_shown")[0], {"steps": STEPS}, []),
    "the notice before the card": ([], done("recording_notice")[0], {"steps": STEPS}, OUT),
    "a step that nobody asks for is not missed": ([], done("recording_notice")[0], {"steps": STEPS[1:]}, []),
    "identity before the card": ([], checked("confirmed", "document_seen"), {"steps": STEPS}, OUT),
    "identity after card and notice": (done(*STEPS[:2]), checked("confirmed"), {"steps": STEPS}, []),
    "a refused step is done": (done("card_shown", response="refused"), checked("declined"), {"steps": CARD}, []),
    "options before the purpose": (done(*STEPS[:3]), done("options_given")[0], {"steps": STEPS}, OUT),
    "all in order": (done(*STEPS[:6]), done("payment_answer")[0], {"steps": STEPS}, []),
    "without limits nothing is missed": ([], done("payment_answer")[0], {}, []),
    "the third try": (FAILED * 2, checked("failed", "two_facts"), {}, []),
    "the third try fits": (FAILED * 2, checked("confirmed", "two_facts"), {}, []),
    "the fourth try": (FAILED * 3, checked("failed", "two_facts"), {}, USED_UP),
    "the fourth try fits": (FAILED * 3, checked("confirmed", "two_facts"), {}, USED_UP),
    "another way after three": (FAILED * 3, checked("failed", "letter_code"), {}, []),
    "a document after three": (FAILED * 3, checked("confirmed", "document_seen"), {}, []),
    "declining after three": (FAILED * 3, checked("declined"), {}, []),
    "a document that does not fit, four times": (
        [checked("failed", "document_seen")] * 3, checked("failed", "document_seen"), {}, [],
    ),
    "recording what is forbidden": (done("recording_notice"), recorded("video"), BOTH, FORBIDDEN),
    "stopping what is forbidden": ([], recorded("video", "stopped"), BOTH, []),
    "recording what is a duty, announced": (done("recording_notice"), recorded("audio"), BOTH, []),
    "recording what is a duty, not announced": ([], recorded("audio"), BOTH, NOTICE),
    "recording before anybody was asked": ([], recorded("audio"), ASKED, CONSENT),
    "recording after a no": (NO_NOTICE, recorded("audio"), ASKED, CONSENT),
    "recording after a yes": (done("recording_notice"), recorded("audio"), ASKED, []),
    "recording after a yes and a no": (done("recording_notice") + NO_NOTICE, recorded("audio"), ASKED, CONSENT),
    "recording where nothing is said of it": ([], recorded("audio"), {}, NOTICE),
    "leaving without the recording that is a duty": ([], ENDED, BOTH, MISSING),
    "leaving after the recording that is a duty": ([recorded("audio")], ENDED, BOTH, []),
    "leaving after recording something else": ([recorded("video")], ENDED, BOTH, MISSING),
    "leaving where recording is no duty": ([], ENDED, ASKED, []),
    "stopping before going inside": (INSIDE[:2], INSIDE[2], BOTH, []),
    "recording inside what is a duty, before anybody was asked there": (INSIDE, recorded("audio"), BOTH, CONSENT),
    "recording another medium inside": (INSIDE, recorded("video"), {"recording": {"video": "duty"}}, CONSENT),
    "recording inside what nothing is said of": (INSIDE, recorded("audio"), {}, CONSENT),
    "recording inside what needs a yes, after the one at the door": (INSIDE, recorded("audio"), ASKED, CONSENT),
    "recording inside after a no": (INSIDE + NO_NOTICE, recorded("audio"), BOTH, CONSENT),
    "recording inside after a yes": (INSIDE + done("recording_notice"), recorded("audio"), BOTH, []),
    "recording inside after a yes and a no": (
        INSIDE + done("recording_notice") + NO_NOTICE, recorded("audio"), BOTH, CONSENT,
    ),
    "recording after the crew went inside once more": (INSIDE * 2, recorded("audio"), BOTH, CONSENT),
    "recording inside what is forbidden, after a yes": (
        INSIDE + done("recording_notice"), recorded("video"), BOTH, FORBIDDEN,
    ),
    "recording after a stop for another reason": (
        [*INSIDE[:2], recorded("audio", "stopped", reason="rain")], recorded("audio"), BOTH, [],
    ),
    "leaving after the recording stopped before going inside": (INSIDE, ENDED, BOTH, []),
}  # fmt: skip


def vectors() -> list[Vector]:
    """Give the vectors of `door.json`."""
    return [
        {
            "name": name,
            "given": {"events": [list(each) for each in events], "kind": kind, "body": body, "limits": limits},
            "expected": {"remarks": remarks},
        }
        for name, (events, (kind, body), limits, remarks) in CASES.items()
    ]
