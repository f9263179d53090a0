#!/usr/bin/env python3
"""Writes dateutil.txt: random rules as python-dateutil answers them.

    python3 -m venv venv && venv/bin/pip install python-dateutil==4.0.0
    venv/bin/python make_dateutil.py > dateutil.txt

A line is  start|rule|last day of the question|number of instances|checksum|the first six  (times as iCalendar writes them). The
checksum is the sum of the instances' seconds since 1970, each times its place from 1, modulo 1,000,000,007.

Kith and dateutil differ on purpose in four ways (docs/recurrence.md says why). The fields behind the first six name them, so that
the test can hold the reason to what it claims:
  weekday   BYWEEKNO without a day: Kith takes the weekday of the start, dateutil all seven. dateutil is asked with the weekday added,
            which the test's line does not have.
  mixed     BYDAY with numbered and plain weekdays: Kith takes either, dateutil days that are both. dateutil is asked with
            the plain weekdays written out as numbered ones, which means the same.
  week      BYSETPOS chooses from a whole week, as it does from a whole month. dateutil cuts the series' first week at its start, and is asked
            with a start on the week's first day; instances before the start do not count.
  weekyear  weeks belong to the year that has four of their days. dateutil cuts them at New Year, which shows with INTERVAL and
            BYSETPOS: such rules are not asked here, the test's own model decides them.
Rules that dateutil cannot answer within two seconds are left out (it follows those without instances to the year 9999), so that a slower
machine makes another file.
"""
import random
import signal
import sys
from datetime import datetime, timedelta

from dateutil.rrule import rrulestr

DAYS = ["MO", "TU", "WE", "TH", "FR", "SA", "SU"]
EPOCH = datetime(1970, 1, 1)
FREQUENCIES = ["YEARLY"] * 6 + ["MONTHLY"] * 6 + ["WEEKLY"] * 3 + ["DAILY"] * 3 + ["HOURLY"] * 2 + ["MINUTELY", "SECONDLY"]
HORIZONS = {
    "YEARLY": timedelta(days=366 * 24), "MONTHLY": timedelta(days=366 * 8), "WEEKLY": timedelta(days=366 * 3),
    "DAILY": timedelta(days=366 * 3), "HOURLY": timedelta(days=200), "MINUTELY": timedelta(days=20),
    "SECONDLY": timedelta(hours=5),
}


class TooSlow(Exception):
    pass


def alarm(*_):
    raise TooSlow()


def both_ways(r, low, high, count):
    numbers = {r.randint(low, high) * r.choice([1, 1, -1]) for _ in range(count)}
    return ",".join(str(n) for n in sorted(numbers))


def some(r, low, high, count):
    return ",".join(str(n) for n in sorted({r.randint(low, high) for _ in range(count)}))


def make(r):
    frequency = r.choice(FREQUENCIES)
    start = datetime(r.randint(1990, 2030), r.randint(1, 12), r.randint(1, 28), r.randint(0, 23), r.choice([0, 15, 30, 59]), r.choice([0, 0, 0, 7]))
    if r.random() < 0.15:
        start = start.replace(day=28) + timedelta(days=r.randint(0, 5))
    parts = [("FREQ", frequency)]
    interval = r.choice([1, 1, 1, 2, 3, 5, 7, 12, 25])
    if interval > 1:
        parts.append(("INTERVAL", str(interval)))
    end = r.random()
    if end < 0.25:
        parts.append(("COUNT", str(r.randint(1, 40))))
    elif end < 0.45:
        until = start + timedelta(seconds=r.randint(0, int(HORIZONS[frequency].total_seconds())))
        parts.append(("UNTIL", until.strftime("%Y%m%dT%H%M%S")))
    by = {}
    small = frequency in ("HOURLY", "MINUTELY", "SECONDLY")
    if r.random() < (0.15 if small else 0.3):
        by["BYMONTH"] = some(r, 1, 12, r.randint(1, 4))
    if frequency == "YEARLY" and r.random() < 0.25:
        by["BYWEEKNO"] = both_ways(r, 1, 53, r.randint(1, 4))
    if (frequency == "YEARLY" or small) and r.random() < 0.15:
        by["BYYEARDAY"] = both_ways(r, 1, 366, r.randint(1, 12))
    if frequency != "WEEKLY" and r.random() < 0.3:
        by["BYMONTHDAY"] = both_ways(r, 1, 31, r.randint(1, 6))
    if r.random() < 0.45:
        days = {r.choice(DAYS) for _ in range(r.randint(1, 4))}
        if frequency in ("YEARLY", "MONTHLY") and "BYWEEKNO" not in by and r.random() < 0.5:
            high = 5 if frequency == "MONTHLY" or "BYMONTH" in by else 53
            days = {(str(r.choice([1, 1, -1]) * r.randint(1, high)) if r.random() < 0.8 else "") + day for day in days}
        by["BYDAY"] = ",".join(sorted(days))
    if r.random() < 0.15:
        by["BYHOUR"] = some(r, 0, 23, r.randint(1, 4))
    if r.random() < 0.12:
        by["BYMINUTE"] = some(r, 0, 59, r.randint(1, 4))
    if r.random() < 0.06:
        by["BYSECOND"] = some(r, 0, 59, r.randint(1, 3))
    if by and r.random() < 0.3:
        by["BYSETPOS"] = both_ways(r, 1, 6, r.randint(1, 3))
    parts += list(by.items())
    if r.random() < 0.2:
        parts.append(("WKST", r.choice(DAYS)))
    return start, parts


def question(start, parts):
    """What to ask dateutil with which start, how many to take at most, and why it is not the rule itself; None when it has no way to
    say it."""
    rule = dict(parts)
    reasons = []
    if "BYWEEKNO" in rule:
        if "BYSETPOS" in rule or "INTERVAL" in rule or "BYYEARDAY" in rule:
            return None
        if "BYDAY" not in rule and "BYMONTHDAY" not in rule:
            rule["BYDAY"] = DAYS[start.weekday()]
            reasons.append("weekday")
    days = rule.get("BYDAY", "").split(",")
    if any(len(day) == 2 for day in days) and any(len(day) > 2 for day in days):
        high = 53 if rule["FREQ"] == "YEARLY" and "BYMONTH" not in rule else 5
        rule["BYDAY"] = ",".join(
            ",".join(f"{n}{day}" for n in range(1, high + 1)) if len(day) == 2 else day for day in days
        )
        reasons.append("mixed")
    asked, count = start, None
    if rule["FREQ"] == "WEEKLY" and "BYSETPOS" in rule:
        rule.setdefault("BYDAY", DAYS[start.weekday()])
        asked -= timedelta(days=(start.weekday() - DAYS.index(rule.get("WKST", "MO"))) % 7)
        count = rule.pop("COUNT", None)
        reasons.append("week")
    return ";".join(f"{name}={value}" for name, value in rule.items()), asked, count, reasons


def main():
    signal.signal(signal.SIGALRM, alarm)
    r = random.Random(5545)
    print("# Made by make_dateutil.py: start|rule|asked until|instances|checksum|the first six|why dateutil was asked otherwise")
    made = 0
    while made < 500:
        start, parts = make(r)
        one = question(start, parts)
        if one is None:
            continue
        text, asked, count, reasons = one
        horizon = start + HORIZONS[parts[0][1]]
        found = []
        signal.alarm(2)
        try:
            for instance in rrulestr(text, dtstart=asked):
                if instance > horizon or count and len(found) == int(count):
                    break
                if instance < start:
                    continue
                found.append(instance)
        except (TooSlow, ValueError) as problem:
            print(f"left out: {text}: {type(problem).__name__} {problem}", file=sys.stderr)
            continue
        finally:
            signal.alarm(0)
        checksum = sum(n * int((t - EPOCH).total_seconds()) for n, t in enumerate(found, 1)) % 1_000_000_007
        stamp = "%Y%m%dT%H%M%S"
        rule = ";".join(f"{name}={value}" for name, value in parts)
        print("|".join([
            start.strftime(stamp), rule, horizon.strftime(stamp), str(len(found)), str(checksum),
            " ".join(t.strftime(stamp) for t in found[:6]), " ".join(reasons),
        ]))
        made += 1


main()
