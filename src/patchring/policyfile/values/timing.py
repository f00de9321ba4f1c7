"""Windows, hours, blackouts."""

from datetime import time, timedelta

from patchring.core.policy import calendar
from patchring.policyfile.shapes.timing import BlackoutShape, HoursShape, WindowShape

DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


def window(name: str, shape: WindowShape) -> calendar.Window:
    catch_up = shape.catch_up
    seen = catch_up is not None and catch_up.when_seen
    return calendar.Window(
        name=name,
        rule=shape.rule.upper(),
        start=shape.start or time(0),
        duration=shape.lasts or timedelta(0),
        zone=shape.zone,
        begins_on=shape.begins,
        days_after=shape.days_after,
        short_month=calendar.ShortMonth(shape.short_months) if shape.short_months else None,
        outside_hours=shape.outside_hours,
        catch_up=calendar.CatchUp.WHEN_SEEN if seen else calendar.CatchUp.NEXT_WINDOW,
        catch_up_within=(catch_up.within if catch_up and seen else None) or timedelta(0),
        hours=hours(shape.hours),
    )


def hours(shape: HoursShape | None) -> calendar.Hours | None:
    """Days without spans are left out: closed."""
    if shape is None:
        return None
    spans = {number: tuple(sorted(getattr(shape, day))) for number, day in enumerate(DAYS)}
    return calendar.Hours({number: of_day for number, of_day in spans.items() if of_day})


def blackout(shape: BlackoutShape) -> calendar.Blackout:
    return calendar.Blackout(shape.name, shape.from_on, shape.to_on, shape.authority, tuple(shape.segments))
