"""Parsers for cells that hold amounts, days, dates and coordinates. Money is Decimal here and integer once stored."""

from __future__ import annotations

import re
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from server.importing.cells import MOST_EXACT, Cell, Figure, Refusal, fold_width, read_text, show_cell
from server.importing.fields import CURRENCIES, CURRENCY_WORDS, UNITS, minor_digits
from server.importing.settings import DateOrder

MOST_MINOR = 2**53 - 1
E7 = 10_000_000
SERIALS = range(20_000, 80_001)  # 1954 to 2119
YEARS = range(1950, 2120)
DATE_CURE = "Write it as YYYY-MM-DD."
_SIGNS = re.compile(r"^[¥￥$€£₹₱₩]|[¥￥$€£₹₱₩]$")
_GROUPED = {".": re.compile(r"\d{1,3}(,\d{3})+(\.\d+)?\Z"), ",": re.compile(r"\d{1,3}([. ]\d{3})+(,\d+)?\Z")}
_PLAIN = {".": re.compile(r"(\d+(\.\d*)?|\.\d+)\Z"), ",": re.compile(r"(\d+(,\d*)?|,\d+)\Z")}
_WORDS = sorted({*CURRENCY_WORDS, *CURRENCIES}, key=len, reverse=True)
_UNIT_WORDS = sorted(UNITS, key=len, reverse=True)
_YEAR_FIRST = re.compile(r"(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?\Z")
_YEAR_LAST = re.compile(r"(\d{1,2})([-/.])(\d{1,2})\2(\d{4})\Z")
_COMPACT = re.compile(r"((?:19|20)\d\d)(\d\d)(\d\d)\Z")
_ROC = re.compile(r"(?:民国|民國)(\d{1,3})[年./-](\d{1,2})[月./-](\d{1,2})日?\Z")
_MONTH_NAME = re.compile(r"(\d{1,2})[- ]([A-Za-z]{3})[a-z]*[- ,]+(\d{4})\Z")
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_TIME = re.compile(r"[ T](\d{1,2}):(\d{2})(?::(\d{2})(?:\.\d+)?)?(?: ?([AaPp])[Mm])? ?(Z|[+-]\d{2}:?\d{2})?\Z")
TIME_CURE = "Write it as YYYY-MM-DD HH:MM."


def parse_money(cell: Cell, unit: int | None, decimal: str = ".") -> Decimal | Refusal:
    """
    Give an amount in units of its currency; *unit* is what one written unit stands for (10000 under 万元).

    >>> parse_money("1.5万", None), parse_money("¥12,000.50", None), parse_money(Figure(3.2), 10_000)
    (Decimal('15000.0'), Decimal('12000.50'), Decimal('32000.0'))
    """
    if isinstance(cell, Figure):
        if abs(cell.value) >= MOST_EXACT:
            return Refusal("The amount has more digits than a spreadsheet keeps.", "Check it against the source.")
        return Decimal(f"{cell.value:.15g}") * (unit or 1)
    text = read_text(cell)
    if isinstance(text, Refusal):
        return text
    if decimal == "." and _PLAIN["."].match(text):
        return Decimal(text) * (unit or 1)
    shown = text
    text = fold_width(text).replace(" ", "") if decimal == "." else fold_width(text)
    negative = text.startswith(("-", "(", "−")) or text.endswith("-")
    text = text.strip("-()− ")
    for word in _WORDS:
        text = text.removeprefix(word).removesuffix(word)
    text = _SIGNS.sub("", text).strip()
    negative, text = negative or text.startswith("-"), text.lstrip("-")
    for word in _UNIT_WORDS:
        if text.endswith(word):
            text, unit = text.removesuffix(word).strip(), UNITS[word]
            break
    if _GROUPED[decimal].match(text):
        text = re.sub(r"[, ]" if decimal == "." else r"[. ]", "", text)
    elif not _PLAIN[decimal].match(text):
        cure = f"Write digits with “{decimal}” before the decimals, e.g. 1234{decimal}50."
        return Refusal(f"“{shown[:40]}” is no amount.", cure)
    amount = Decimal(text.replace(",", ".")) * (unit or 1)
    return -amount if negative else amount


def to_minor(amount: Decimal, currency: str) -> int | Refusal:
    """
    Give an amount as an integer of the currency's minor unit, never rounded.

    >>> to_minor(Decimal("12000.5"), "CNY"), to_minor(Decimal("12.5"), "JPY").reason
    (1200050, 'The amount 12.5 is finer than the smallest unit of JPY.')
    """
    scaled = amount.scaleb(minor_digits(currency))
    if scaled != scaled.to_integral_value():
        finer = f"The amount {amount} is finer than the smallest unit of {currency}."
        return Refusal(finer, "Round it as the contract says.")
    if abs(scaled) > MOST_MINOR:
        return Refusal("The amount is beyond anything that can be owed.", "Check its unit and digits.")
    return int(scaled)


def parse_currency(cell: Cell) -> str | Refusal:
    """Give an ISO 4217 code."""
    text = read_text(cell)
    if isinstance(text, Refusal):
        return text
    code = CURRENCY_WORDS.get(text.upper(), text.upper())
    unknown = Refusal(f"The currency “{text[:20]}” is not known.", "Write its code, e.g. CNY.")
    return code if code in CURRENCIES else unknown


def parse_count(cell: Cell, unit: str, *words: str) -> int | Refusal:
    """
    Give a whole number of *unit*, 0 to 36500; any of *words* may stand behind it.

    >>> parse_count("12 天", "days", "天"), parse_count("1.5", "hours").reason
    (12, '“1.5” is no number of hours.')
    """
    text = read_text(cell)
    if isinstance(text, Refusal):
        return text
    digits = fold_width(text)
    for word in (unit, *words):
        digits = digits.removesuffix(word)
    digits = digits.strip()
    if not digits.isdigit() or int(digits) > 36_500:
        return Refusal(f"“{text[:20]}” is no number of {unit}.", "Write a whole number, 0 or more.")
    return int(digits)


def parse_date(cell: Cell, order: DateOrder | None, counts_from_1904: bool = False) -> str | Refusal:
    """
    Give a day as YYYY-MM-DD; a spreadsheet's serial number counts as the day it stands for.

    >>> parse_date("45366", None), parse_date("2024年3月15日", None), parse_date("15/03/2024", "dmy")
    ('2024-03-15', '2024-03-15', '2024-03-15')
    """
    if isinstance(cell, datetime):
        return _check_day(cell.year, cell.month, cell.day)
    if isinstance(cell, date):
        return _check_day(cell.year, cell.month, cell.day)
    if isinstance(cell, Figure) and cell.value != int(cell.value):
        cell = Figure(int(cell.value))
    text = read_text(cell)
    if isinstance(text, Refusal):
        return text
    plain = _TIME.sub("", fold_width(text))
    if match := _YEAR_FIRST.match(plain) or _COMPACT.match(plain):
        return _check_day(*(int(part) for part in match.groups()))
    if match := _ROC.match(plain):
        return _check_day(int(match[1]) + 1911, int(match[2]), int(match[3]))
    if (match := _MONTH_NAME.match(plain)) and match[2].lower() in _MONTHS:
        return _check_day(int(match[3]), _MONTHS.index(match[2].lower()) + 1, int(match[1]))
    if match := _YEAR_LAST.match(plain):
        first, second, year = int(match[1]), int(match[3]), int(match[4])
        if order == "dmy" or (order != "mdy" and first > 12):
            return _check_day(year, second, first)
        if order == "mdy" or second > 12:
            return _check_day(year, first, second)
        return Refusal(f"In “{text[:20]}” day and month cannot be told apart.", DATE_CURE)
    if plain.isdigit() and int(plain) in SERIALS:
        start = date(1904, 1, 1) if counts_from_1904 else date(1899, 12, 30)
        return (start + timedelta(days=int(plain))).isoformat()
    return Refusal(f"“{text[:20]}” is no date.", DATE_CURE)


def parse_moment(cell: Cell, order: DateOrder | None, zone: str, counts_from_1904: bool = False) -> str | Refusal:
    """
    Give a moment as ISO 8601 with its offset, the one of *zone* where the cell names none; a bare day stays a day.

    >>> parse_moment("2024/3/15 2:30 PM", None, "Asia/Shanghai"), parse_moment("2024-03-15", None, "UTC")
    ('2024-03-15T14:30:00+08:00', '2024-03-15+00:00')
    """
    if isinstance(cell, Figure):
        start = datetime.fromisoformat("1904-01-01" if counts_from_1904 else "1899-12-30")
        cell = start + timedelta(seconds=round(cell.value * 86_400)) if int(cell.value) in SERIALS else cell
    if isinstance(cell, datetime):
        cell = show_cell(cell)
    day = parse_date(cell, order, counts_from_1904)
    if isinstance(day, Refusal):
        return Refusal(day.reason, TIME_CURE)
    text = read_text(cell)
    found = _TIME.search(fold_width(text)) if isinstance(text, str) else None
    if found is None:
        return day + datetime.fromisoformat(day).replace(tzinfo=ZoneInfo(zone)).isoformat()[19:25]
    hour, minute, second, half, offset = found.groups()
    hours = int(hour) % 12 + 12 * (half in "Pp") if half else int(hour)
    try:
        clock = time(hours, int(minute), int(second or 0))
        written = datetime.fromisoformat(f"{day}T{clock.isoformat()}{offset or ''}")
        moment = written if offset else written.replace(tzinfo=ZoneInfo(zone))
    except ValueError:
        return Refusal(f"There is no time {found[0].strip()}.", TIME_CURE)
    return moment.isoformat()


def year_last_parts(cell: Cell) -> tuple[int, int] | None:
    """Give the first two numbers of a date with the year last, which may be day and month or month and day."""
    match = _YEAR_LAST.match(_TIME.sub("", fold_width(cell.strip()))) if isinstance(cell, str) else None
    return (int(match[1]), int(match[3])) if match else None


def parse_degrees(cell: Cell, most: int) -> int | Refusal:
    """
    Give degrees as an integer of 1e-7; *most* is 90 for latitudes and 180 for longitudes.

    >>> parse_degrees("37.786848", 90)
    377868480
    """
    text = read_text(cell)
    if isinstance(text, Refusal):
        return text
    try:
        degrees = Decimal(fold_width(text).rstrip("°").strip())
    except ArithmeticError:
        return Refusal(f"“{text[:20]}” is no coordinate.", "Write decimal degrees, e.g. 37.786848.")
    if not degrees.is_finite() or abs(degrees) > most:
        beyond = f"The coordinate {text[:20]} lies beyond {most}°."
        return Refusal(beyond, "Check that latitude and longitude are not swapped.")
    return round(degrees * E7)


def _check_day(year: int, month: int, day: int) -> str | Refusal:
    try:
        found = date(year, month, day)
    except ValueError:
        return Refusal(f"There is no day {year:04}-{month:02}-{day:02}.", DATE_CURE)
    if found.year not in YEARS:
        return Refusal(f"The year {found.year} cannot be right.", DATE_CURE)
    return found.isoformat()
