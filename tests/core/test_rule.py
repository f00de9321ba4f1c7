"""What a rule of a window may say, to the word and to the limit."""

from datetime import datetime

import pytest

from patchring.core.schedule.rule import Rule, RuleInvalid, parse

KNOWN = "FREQ, INTERVAL, COUNT, UNTIL, BYDAY, BYMONTHDAY, BYMONTH, BYSETPOS, WKST"
UNKNOWN = f"is not used here; expected {KNOWN} (`start` says the time of day)"
OUT_OF_BOUNDS = "INTERVAL may be 366 and COUNT 1000 at most"
ALONE = "BYSETPOS picks among the days of a week or month; expected BYDAY or BYMONTHDAY beside it"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("FREQ=DAILY", Rule("DAILY")),
        ("freq=weekly;byday=mo,su;wkst=su", Rule("WEEKLY", weekdays=((0, 0), (0, 6)), week_start=6)),
        ("FREQ=MONTHLY;BYDAY=2TU,-1FR,+3SA", Rule("MONTHLY", weekdays=((2, 1), (-1, 4), (3, 5)))),
        ("FREQ=MONTHLY;BYDAY=WE,TH;BYSETPOS=1,-1", Rule("MONTHLY", weekdays=((0, 2), (0, 3)), positions=(1, -1))),
        ("FREQ=MONTHLY;BYMONTHDAY=1,-31;BYSETPOS=2", Rule("MONTHLY", month_days=(1, -31), positions=(2,))),
        ("FREQ=DAILY;BYMONTHDAY=7;BYMONTH=1,12", Rule("DAILY", month_days=(7,), months=(1, 12))),
        ("FREQ=DAILY;INTERVAL=366;COUNT=1000", Rule("DAILY", interval=366, count=1000)),
        ("FREQ=DAILY;UNTIL=20271231", Rule("DAILY", until=datetime.fromisoformat("2027-12-31T23:59:59.999999"))),
        ("FREQ=DAILY;UNTIL=20271231T120000", Rule("DAILY", until=datetime.fromisoformat("2027-12-31T12:00:00"))),
    ],
)
def test_what_a_text_says(text: str, said: Rule) -> None:
    """Letters of either size; up to the limits and not beyond; a date alone is the whole of its day."""
    assert parse(text) == said


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("FREQ=DAILY;BYHOUR=3", f"'BYHOUR' {UNKNOWN}"),
        ("FREQ=DAILY;FREQ=DAILY", "FREQ is written twice; expected it once"),
        ("BYDAY=MO", "FREQ is missing; expected FREQ=DAILY, FREQ=WEEKLY or FREQ=MONTHLY"),
        ("FREQ=YEARLY", "expected FREQ= and DAILY, WEEKLY or MONTHLY, got 'YEARLY'"),
        ("FREQ=DAILY;INTERVAL=0", "expected INTERVAL= and a number from 1 to 366, got '0'"),
        ("FREQ=DAILY;COUNT=0", "expected COUNT= and a number from 1 to 1000, got '0'"),
        ("FREQ=DAILY;UNTIL=2027", "expected UNTIL= and a local date such as 20271231, got '2027'"),
        ("FREQ=DAILY;BYDAY=XX", "expected BYDAY= and days such as MO,TU, or 2TU for the second Tuesday, got 'XX'"),
        ("FREQ=WEEKLY;BYDAY=MO;TU", f"'TU' {UNKNOWN}"),
        ("FREQ=WEEKLY;BYDAY=MO,", "expected BYDAY= and days such as MO,TU, or 2TU for the second Tuesday, got 'MO,'"),
        ("FREQ=MONTHLY;BYMONTHDAY=0",
         "expected BYMONTHDAY= and days of the month such as 1,15, or -1 for the last, got '0'"),
        ("FREQ=DAILY;BYMONTH=13", "expected BYMONTH= and months such as 3,6,9,12, got '13'"),
        ("FREQ=MONTHLY;BYDAY=MO;BYSETPOS=0", "expected BYSETPOS= and positions such as 1, or -1 for the last, got '0'"),
        ("FREQ=MONTHLY;BYDAY=MO;BYSETPOS=1 2",
         "expected BYSETPOS= and positions such as 1, or -1 for the last, got '1 2'"),
        ("FREQ=DAILY;WKST=2", "expected WKST= and a day such as MO, got '2'"),
        ("FREQ=DAILY;UNTIL=20251399", "expected UNTIL= and a local date such as 20271231, got '20251399'"),
        ("FREQ=DAILY;UNTIL=20251231T250000",
         "expected UNTIL= and a local date such as 20271231, got '20251231T250000'"),
        ("FREQ=DAILY;INTERVAL=367", OUT_OF_BOUNDS),
        ("FREQ=DAILY;COUNT=1001", OUT_OF_BOUNDS),
        ("FREQ=DAILY;COUNT=5;UNTIL=20270101", "COUNT and UNTIL exclude each other; expected one of them"),
        ("FREQ=WEEKLY;BYDAY=2TU", "a numbered day such as 2TU needs FREQ=MONTHLY"),
        ("FREQ=DAILY;BYDAY=-1MO", "a numbered day such as 2TU needs FREQ=MONTHLY"),
        ("FREQ=WEEKLY;BYMONTHDAY=2", "BYMONTHDAY does not go with FREQ=WEEKLY; expected FREQ=MONTHLY or DAILY"),
        ("FREQ=MONTHLY;BYSETPOS=1", ALONE),
        ("FREQ=WEEKLY;BYSETPOS=1", ALONE),
        ("FREQ=DAILY;BYDAY=MO;BYSETPOS=1", ALONE),
    ],
)  # fmt: skip
def test_what_is_no_rule_is_told_in_a_whole_sentence(text: str, said: str) -> None:
    """What came, what was expected, and an example."""
    with pytest.raises(RuleInvalid) as refused:
        parse(text)
    assert str(refused.value) == said
