"""Contact proposals merged three ways: what is taken, what is already so, what a person must decide."""

from __future__ import annotations

import pytest

from server.domain.merging import Change, Grade, Merged, MergeState, Outcome, Proposal, fold_value, merge_contact

APPLIED, ALREADY = Outcome(MergeState.APPLIED), Outcome(MergeState.ALREADY)
REPLACED = Outcome(MergeState.REPLACED)


def propose(
    name: str, base: str | None, new: str, *, author: str = "", place: int = 1, field: str = "employer",
    packet: str | None = None,
) -> Proposal:
    """Build a proposal for one field; each has an author of its own where none is named."""
    return Proposal(name, author or f"device of {name}", (place,), {field: Change(base, new)}, packet)


def clash(*against: str) -> Outcome:
    """Build the outcome of a hard clash."""
    return Outcome(MergeState.CLASH, Grade.HARD, against)


def merge(root: str | None, *proposals: Proposal, field: str = "employer") -> tuple[str | None, dict[str, Outcome]]:
    """Merge proposals of one field; give its value and each proposal's outcome."""
    merged = merge_contact({} if root is None else {field: root}, proposals, "US")
    return merged.values.get(field), {name: outcome for (name, _), outcome in merged.outcomes.items()}


class TestThreeWays:
    """Base, new and what the office holds."""

    def test_a_change_of_what_the_office_holds_is_applied(self) -> None:
        """Base equals the office's value: the new value holds."""
        assert ("B", {"e1": APPLIED}) == merge("A", propose("e1", "A", "B"))

    def test_a_change_to_what_the_office_holds_is_already_so(self) -> None:
        """New equals the office's value, whatever the base was."""
        assert ("B", {"e1": ALREADY}) == merge("B", propose("e1", "A", "B"))

    def test_a_change_of_something_else_clashes_with_the_office(self) -> None:
        """Base and new both differ from the office's value: it stays, and a person decides."""
        assert ("X", {"e1": clash()}) == merge("X", propose("e1", "A", "B"))

    def test_a_value_where_there_was_none_is_applied(self) -> None:
        """An absent base is an absent value."""
        assert ("B", {"e1": APPLIED}) == merge(None, propose("e1", None, "B"))

    def test_an_empty_base_is_an_absent_one(self) -> None:
        """The empty text and no text are the same."""
        assert ("B", {"e1": APPLIED}) == merge(None, propose("e1", "", "B"))

    def test_an_absent_base_where_the_office_holds_a_value_clashes(self) -> None:
        """An author who saw nothing has not seen what the office holds."""
        assert ("X", {"e1": clash()}) == merge("X", propose("e1", None, "B"))

    def test_a_value_can_be_taken_away(self) -> None:
        """An empty new value removes the field."""
        assert (None, {"e1": APPLIED}) == merge("A", propose("e1", "A", ""))

    def test_a_change_that_changes_nothing_is_already_so(self) -> None:
        """Base equals new: there is nothing to decide, even where the office holds something else."""
        assert ("X", {"e1": ALREADY}) == merge("X", propose("e1", "A", " A"))

    def test_a_change_that_changes_nothing_stands_in_nobodys_way(self) -> None:
        """Somebody writes A again, somebody else B: B is applied."""
        assert ("B", {"e1": ALREADY, "e2": APPLIED}) == merge("A", propose("e1", "A", "A"), propose("e2", "A", "B"))

    def test_fields_are_merged_apart(self) -> None:
        """A clash on one field of a proposal leaves its other field applied."""
        both = Proposal("e1", "d1", (1,), {"employer": Change("A", "B"), "email": Change("a@x.test", "b@x.test")})

        merged = merge_contact({"employer": "X", "email": "a@x.test"}, [both], "US")

        assert Merged(
            {"employer": "X", "email": "b@x.test"}, {("e1", "employer"): clash(), ("e1", "email"): APPLIED}
        ) == merged

    def test_what_nobody_touched_stays_as_the_office_wrote_it(self) -> None:
        """A value without proposals, or with unsuccessful ones, keeps its own spelling."""
        office = {"phone": "(415) 555-0134", "note": "Ａ  b"}

        assert office == merge_contact(office, [propose("e1", "x", "y", field="note")], "US").values


class TestSpelling:
    """Two spellings of one thing are one thing."""

    @pytest.mark.parametrize(
        ("field", "one", "other"),
        [
            ("phone", "(415) 555-0134", "+1 415 555 0134"),
            ("phone_2", "４１５-555-0134", "tel:+1-415-555-0134"),
            ("address", "３ Balmy　St", " 3 Balmy  St "),
            ("phone", "ask  the neighbour", "ask the neighbour "),
        ],
    )
    def test_spellings_agree(self, field: str, one: str, other: str) -> None:
        """Phones are compared as numbers of the region, texts in NFKC with white space folded."""
        assert fold_value(field, one, "US") == fold_value(field, other, "US")

    @pytest.mark.parametrize(
        ("field", "one", "other"),
        [
            ("phone", "415 555 0134", "415 555 0135"),
            ("phone", "415 555 0134 ext 1", "415 555 0134 ext 2"),
            ("phone", "12", "13"),
            ("employer", "(415) 555-0134", "+1 415 555 0134"),
            ("address", "3 Balmy St", "3 Balmy st"),
        ],
    )
    def test_differences_are_kept(self, field: str, one: str, other: str) -> None:
        """What may be two things is never folded into one."""
        assert fold_value(field, one, "US") != fold_value(field, other, "US")

    def test_the_region_reads_a_number(self) -> None:
        """The same digits are another number in another country."""
        assert ("+8613800138000", "138 0013 8000") == (
            fold_value("phone", "138 0013 8000", "CN"), fold_value("note", "138 0013 8000", "CN"),
        )

    def test_a_base_is_compared_by_its_meaning(self) -> None:
        """A proposal made on another spelling of the office's number is applied."""
        proposal = propose("e1", "+14155550134", "415-555-0135", field="phone")

        assert ("+14155550135", {"e1": APPLIED}) == merge("(415) 555-0134", proposal, field="phone")


class TestSeveral:
    """Several proposals about one field."""

    def test_two_authors_who_agree_are_both_applied(self) -> None:
        """The same correction from two devices is no clash."""
        assert ("B", {"e1": APPLIED, "e2": APPLIED}) == merge("A", propose("e1", "A", "B"), propose("e2", "A", " B "))

    def test_two_authors_who_disagree_leave_the_value_alone(self) -> None:
        """Neither came first: the value both saw stands until a person decides."""
        value, outcomes = merge("A", propose("e1", "A", "B"), propose("e2", "A", "C"))

        assert ("A", {"e1": clash("e2"), "e2": clash("e1")}) == (value, outcomes)

    def test_a_correction_of_a_correction_follows_it(self) -> None:
        """A proposal made on seeing another's result goes on from it."""
        assert ("C", {"e1": APPLIED, "e2": APPLIED}) == merge("A", propose("e1", "A", "B"), propose("e2", "B", "C"))

    def test_a_successor_waits_for_its_predecessor(self) -> None:
        """A proposal whose base nobody has brought yet clashes; when it comes, both are applied."""
        successor = propose("e2", "B", "C")

        assert ("A", {"e2": clash()}) == merge("A", successor)
        assert ("C", {"e1": APPLIED, "e2": APPLIED}) == merge("A", successor, propose("e1", "A", "B"))

    def test_a_disagreement_further_on_keeps_what_came_before_it(self) -> None:
        """What all agree on is applied; only the fork after it is open."""
        value, outcomes = merge("A", propose("e1", "A", "B"), propose("e2", "B", "C"), propose("e3", "B", "D"))

        assert ("B", {"e1": APPLIED, "e2": clash("e1", "e3"), "e3": clash("e1", "e2")}) == (value, outcomes)

    def test_a_short_cut_to_the_same_end_is_no_disagreement(self) -> None:
        """One went from A to C at once, others by way of B: all say C."""
        value, outcomes = merge("A", propose("e1", "A", "B"), propose("e2", "B", "C"), propose("e3", "A", "C"))

        assert ("C", {"e1": APPLIED, "e2": APPLIED, "e3": APPLIED}) == (value, outcomes)

    def test_back_and_forth_between_two_people_is_for_a_person(self) -> None:
        """One says A to B, another B to A: the office's value stands and the first is a clash."""
        assert ("A", {"e1": clash("e2"), "e2": ALREADY}) == merge("A", propose("e1", "A", "B"), propose("e2", "B", "A"))

    def test_two_ways_that_lead_to_each_other_are_no_way(self) -> None:
        """From A one went to B, one to C, and between B and C opinions go round: nothing is applied."""
        value, outcomes = merge(
            "A", propose("e1", "A", "B"), propose("e2", "A", "C"), propose("e3", "B", "C"), propose("e4", "C", "B")
        )

        assert value == "A"
        assert {MergeState.CLASH} == {outcome.state for outcome in outcomes.values()}

    def test_a_way_back_through_the_fork_is_no_way_on(self) -> None:
        """From A one went to B, one to C; that B was doubted and left again does not make it the way to C."""
        steps = ["AB", "AC", "BA", "BD", "DA"]

        assert merge("A", *[propose(f"of {base}{new}", base, new) for base, new in steps])[0] == "A"

    def test_a_proposal_that_comes_twice_counts_once(self) -> None:
        """A replayed proposal changes nothing."""
        once = propose("e1", "A", "B")

        assert merge("A", once) == merge("A", once, once)


class TestOwn:
    """One author's own order counts: it is the chain's, no clock's."""

    def test_an_authors_second_thought_replaces_the_first(self) -> None:
        """Two proposals of one device on the same base are one opinion, the later."""
        first, second = propose("e2", "A", "B", author="d"), propose("e1", "A", "C", author="d", place=2)

        assert ("C", {"e1": APPLIED, "e2": REPLACED}) == merge("A", second, first)

    def test_an_authors_next_step_builds_on_the_first(self) -> None:
        """A proposal on one's own result keeps the first applied."""
        first, second = propose("e1", "A", "B", author="d"), propose("e2", "B", "C", author="d", place=2)

        assert ("C", {"e1": APPLIED, "e2": APPLIED}) == merge("A", second, first)

    def test_an_author_who_goes_back_has_never_left(self) -> None:
        """A to B and back to A, by one device: the first is replaced, the second is so already."""
        first, second = propose("e1", "A", "B", author="d"), propose("e2", "B", "A", author="d", place=2)

        assert ("A", {"e1": REPLACED, "e2": ALREADY}) == merge("A", second, first)

    def test_going_back_counts_where_the_office_had_gone_along(self) -> None:
        """If the office holds B by now, its author's way back to A is a step like any other."""
        first, second = propose("e1", "A", "B", author="d"), propose("e2", "B", "A", author="d", place=2)

        assert ("A", {"e1": REPLACED, "e2": APPLIED}) == merge("B", second, first)

    def test_going_back_on_what_another_has_confirmed_is_for_a_person(self) -> None:
        """If somebody else has proposed B too, its author's way back to A is a disagreement with them."""
        own = [propose("e1", "A", "B", author="d"), propose("e2", "B", "A", author="d", place=2)]

        value, outcomes = merge("A", *own, propose("e3", "A", "B"))

        assert ("A", {"e1": clash("e2"), "e2": ALREADY, "e3": clash("e2")}) == (value, outcomes)

    def test_a_new_opinion_on_an_older_value_drops_the_whole_chain(self) -> None:
        """After A to B to C, a proposal on A again replaces both."""
        own = [propose("e1", "A", "B", author="d"), propose("e2", "B", "C", author="d", place=2)]

        value, outcomes = merge("A", *own, propose("e3", "A", "D", author="d", place=3))

        assert ("D", {"e1": REPLACED, "e2": REPLACED, "e3": APPLIED}) == (value, outcomes)


class TestSoft:
    """Two authors, one packet, different fields: taken, but shown."""

    def test_different_fields_from_one_packet_are_applied_and_shown(self) -> None:
        """Both are taken; each names the other."""
        employer = propose("e1", "A", "B", packet="case:3")
        email = propose("e2", "a@x.test", "b@x.test", field="email", packet="case:3")

        merged = merge_contact({"employer": "A", "email": "a@x.test"}, [employer, email], "US")

        assert {
            ("e1", "employer"): Outcome(MergeState.APPLIED, Grade.SOFT, ("e2",)),
            ("e2", "email"): Outcome(MergeState.APPLIED, Grade.SOFT, ("e1",)),
        } == merged.outcomes

    @pytest.mark.parametrize(
        ("packet", "other_packet", "other_author"),
        [("case:3", "case:4", "d2"), (None, None, "d2"), ("case:3", "case:3", "d1")],
        ids=["another revision", "packet unknown", "the same author"],
    )
    def test_otherwise_there_is_nothing_to_show(
        self, packet: str | None, other_packet: str | None, other_author: str
    ) -> None:
        """Another revision, an unknown one, or one's own hand: applied, and no more."""
        merged = merge_contact(
            {"employer": "A"},
            [
                propose("e1", "A", "B", author="d1", packet=packet),
                propose("e2", None, "b@x.test", author=other_author, field="email", packet=other_packet),
            ],
            "US",
        )

        assert [APPLIED, APPLIED] == list(merged.outcomes.values())

    def test_agreement_on_one_field_is_nothing_to_show(self) -> None:
        """Two authors with the same packet who say the same are applied, and no more."""
        one, other = propose("e1", "A", "B", packet="case:3"), propose("e2", "A", "B", packet="case:3")

        assert ("B", {"e1": APPLIED, "e2": APPLIED}) == merge("A", one, other)

    def test_a_hard_clash_is_never_downgraded(self) -> None:
        """A field that clashes stays hard, and what was not taken is not shown beside the other."""
        merged = merge_contact(
            {"employer": "X"},
            [propose("e1", "A", "B", packet="case:3"), propose("e2", None, "b@x.test", field="email", packet="case:3")],
            "US",
        )

        assert {("e1", "employer"): clash(), ("e2", "email"): APPLIED} == merged.outcomes
