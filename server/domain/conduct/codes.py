"""
What an agent may have been seen to do wrong: one closed list, ticked by a reviewer and offered to whoever complains.

Rulebooks name conduct by some ninety words of their own; nobody can choose among those. Each code here stands for the
words that mean just that (`MEANS`), so that a rule is judged by what was seen and never by a neighbour of it. A code
is what somebody says they saw: from a reviewer it is judged, from a complaint it is a claim until a reviewer looked.
To add one: a line in `ConductCode`, its words in `WORDS`, what it means in `MEANS`.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum


class ConductCode(StrEnum):
    """One kind of conduct."""

    THREATENED = "threatened"
    USED_FORCE = "used_force"
    INSULTED = "insulted"
    SHAMED = "shamed"
    PRESSED = "pressed"
    KEPT_COMING = "kept_coming"
    KEPT_FROM_LEAVING = "kept_from_leaving"
    WENT_IN = "went_in"
    STAYED = "stayed"
    TOLD_OTHERS = "told_others"
    ASKED_OTHERS_TO_PAY = "asked_others_to_pay"
    POSED = "posed"
    MISLED = "misled"
    LEFT_OPEN_PAPER = "left_open_paper"
    FILMED = "filmed"
    FILMED_OTHERS = "filmed_others"
    TOOK_PAYMENT = "took_payment"
    NO_RECEIPT = "no_receipt"
    CHARGED_FEE = "charged_fee"
    PUSHED_CONTRACT = "pushed_contract"
    PRIVATE_PHONE = "private_phone"
    KEPT_DOCUMENT_PICTURE = "kept_document_picture"


# What each is called where it is chosen, in English and Simplified Chinese: plain, and without a word of what is owed.
WORDS: dict[ConductCode, tuple[str, str]] = {
    ConductCode.THREATENED: ("Threatened or frightened somebody", "威胁或恐吓他人"),
    ConductCode.USED_FORCE: ("Used force, or damaged something", "使用暴力或损坏物品"),
    ConductCode.INSULTED: ("Insulted somebody or used foul language", "辱骂或使用粗俗语言"),
    ConductCode.SHAMED: ("Shamed somebody in front of others", "当众羞辱他人"),
    ConductCode.PRESSED: ("Put somebody under pressure", "施加压力"),
    ConductCode.KEPT_COMING: ("Kept ringing, calling, following or coming back", "反复敲门、打电话、跟踪或上门"),
    ConductCode.KEPT_FROM_LEAVING: ("Kept somebody from leaving", "阻止他人离开"),
    ConductCode.WENT_IN: ("Went in without being asked in", "未经同意进入"),
    ConductCode.STAYED: ("Did not leave when asked to", "被要求离开后仍不离开"),
    ConductCode.TOLD_OTHERS: ("Spoke of private matters to others", "向他人透露私人事务"),
    ConductCode.ASKED_OTHERS_TO_PAY: ("Asked others to pay", "要求他人付款"),
    ConductCode.POSED: ("Claimed to be an authority, a court or somebody else", "冒充机关、法院或他人"),
    ConductCode.MISLED: ("Said what was not true", "说法不实"),
    ConductCode.LEFT_OPEN_PAPER: ("Left a paper or sign that others can read", "留下他人可见的纸张或标识"),
    ConductCode.FILMED: ("Filmed or recorded without consent", "未经同意拍摄或录音"),
    ConductCode.FILMED_OTHERS: ("Filmed children or people nearby", "拍摄未成年人或旁人"),
    ConductCode.TOOK_PAYMENT: ("Took cash, or a payment to a private account", "收取现金或款项转入私人账户"),
    ConductCode.NO_RECEIPT: ("Gave no receipt for a payment", "收款未开收据"),
    ConductCode.CHARGED_FEE: ("Charged a fee", "收取费用"),
    ConductCode.PUSHED_CONTRACT: ("Pressed somebody to sign or borrow anew", "诱导另签合同或再次借款"),
    ConductCode.PRIVATE_PHONE: ("Used a private phone or account to write or call", "使用私人电话或账号联系"),
    ConductCode.KEPT_DOCUMENT_PICTURE: ("Took a picture of a document or scanned a face", "拍摄证件或扫描人脸"),
}

# Code -> the words of rulebooks that mean it.
MEANS: dict[ConductCode, frozenset[str]] = {
    ConductCode.THREATENED: frozenset({
        "threat", "threaten", "intimidate", "threat_letter", "unlawful_threat", "threat_not_lawful_or_not_meant",
        "implied_arrest", "anonymous_or_threatening_call", "threaten_visit_as_part_of_demand", "action_not_lawful",
        "sue_or_threaten_on_time_barred_debt", "gang_link",
    }),
    ConductCode.USED_FORCE: frozenset({"violence", "criminal_means"}),
    ConductCode.INSULTED: frozenset({"insult", "obscenity", "obscene_language", "inappropriate_message"}),
    ConductCode.SHAMED: frozenset({
        "humiliate", "public_insult", "embarrass_publicly", "defame", "publish_debtor", "publish_names",
    }),
    ConductCode.PRESSED: frozenset({"coercion", "undue_influence", "physical_or_verbal_pressure"}),
    ConductCode.KEPT_COMING: frozenset({
        "harass", "harassment", "stalk", "continuous_disturbance", "repeated_calls", "persistent_call",
        "repeated_harassing_messages",
    }),
    ConductCode.KEPT_FROM_LEAVING: frozenset({"restrict_liberty"}),
    ConductCode.WENT_IN: frozenset({
        "enter_home", "enter_without_consent", "unlawful_entry", "office_area_without_consent",
        "entry_without_consent_or_order",
    }),
    ConductCode.STAYED: frozenset(),  # judged by the events and their times, where a rule asks for it
    ConductCode.TOLD_OTHERS: frozenset({
        "disclosure", "spread_privacy", "privacy_breach", "intrude_privacy", "debt_existence", "amount",
        "overdue_state", "that_a_debt_is_pursued", "imply_debt_to_household_member", "any_personal_information",
        "private_life", "never_say_debt", "collector_identity_that_reveals_debt",
    }),
    ConductCode.ASKED_OTHERS_TO_PAY: frozenset({"collect_from_unrelated_third_party"}),
    ConductCode.POSED: frozenset({
        "impersonate_state_organ", "agency_posing_as_lender", "misrepresent_authority", "claim_bailiff_or_court",
        "false_lawyer", "false_attorney_or_government", "false_representation", "official_looking_documents",
        "calling_card_implying_court",
    }),
    ConductCode.MISLED: frozenset({
        "deceive", "misleading_information", "false_information", "false_amount_or_status", "fake_blacklist",
        "exaggerate_debt_or_consequence", "hide_that_debt_is_disputed",
    }),
    ConductCode.LEFT_OPEN_PAPER: frozenset({
        "post_notice_in_public", "notice_on_door", "poster", "signboard", "any_public_disclosure", "postcard",
        "open_card_with_debt_words", "door_hanger_with_debt", "debt_words_or_symbol_on_envelope",
        "debt_agency_name_visible_on_envelope", "demand_to_occupier", "false_delivery_card",
        "calling_card_like_missed_delivery", "no_sealed_neutral_envelope",
    }),
    ConductCode.FILMED: frozenset({
        "filming_or_peeping_home", "filming_private_activity", "home_interior_without_consent",
        "peep_film_eavesdrop_spread_privacy",
    }),
    ConductCode.FILMED_OTHERS: frozenset({"minors", "bystanders"}),
    ConductCode.TOOK_PAYMENT: frozenset({"cash_taken", "payment_to_agent", "private_account"}),
    ConductCode.NO_RECEIPT: frozenset({"no_receipt"}),
    ConductCode.CHARGED_FEE: frozenset({"extra_fees", "unauthorised_fee"}),
    ConductCode.PUSHED_CONTRACT: frozenset({"push_new_borrowing"}),
    ConductCode.PRIVATE_PHONE: frozenset({"private_phone_without_consent_of_principal"}),
    ConductCode.KEPT_DOCUMENT_PICTURE: frozenset({
        "store_document_photo_by_default", "face_recognition_as_only_method",
    }),
}  # fmt: skip


def conduct_words(codes: Iterable[str]) -> frozenset[str]:
    """
    Give the words by which rulebooks know this conduct.

    >>> sorted(conduct_words(["took_payment"]))
    ['cash_taken', 'payment_to_agent', 'private_account']
    """
    return frozenset[str]().union(*(MEANS[ConductCode(code)] for code in codes))


def say_conduct(code: str, language: str = "en") -> str:
    """
    Give what a code is called.

    >>> say_conduct("went_in"), say_conduct("went_in", "zh-Hans")
    ('Went in without being asked in', '未经同意进入')
    """
    english, chinese = WORDS[ConductCode(code)]
    return chinese if language.startswith("zh") else english
