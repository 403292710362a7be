"""What counts for a case's priority, in the language in hand: factors, and why the usual weights count them."""

from __future__ import annotations

from flask_babel import lazy_gettext

from server.domain.priority import Factor
from server.office.texts import gettext as _

USUAL = (  # as `server/priorities/usual.yaml` has them; named here so that each has its Chinese
    lazy_gettext("The longer it lasts, the sooner somebody should offer help with it."),
    lazy_gettext("A larger amount weighs more on both sides."),
    lazy_gettext(
        "Where other ways were tried several times, a visit may reach the person; before that, it should not be the "
        "first."
    ),
    lazy_gettext("Who was spoken to lately is left in peace."),
    lazy_gettext("Where few hours are lawful and wished for, they are easily missed."),
)


def say_factor(name: Factor) -> str:
    """Give what a factor of priority is called."""
    said: dict[Factor, str] = {
        Factor.DAYS_PAST_DUE: _("days past due"), Factor.AMOUNT: _("amount overdue, in minor units"),
        Factor.TRIES: _("tries to reach the person of late"),
        Factor.DAYS_SINCE_CONTACT: _("days since the person was last reached"),
        Factor.OPEN_HOURS: _("hours in which a visit may start in the days ahead"),
    }  # fmt: skip
    return said[name]


def say_why(sentence: str) -> str:
    """Give why a factor counts: the usual sentences in the language in hand, a house's own as they are written."""
    return _(sentence) if sentence else ""
