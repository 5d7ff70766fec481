"""Business hours of automatic answers: several spans a day, over midnight, holidays; on the page, in the API, and in what is answered."""
import datetime
import re
import zoneinfo

from core_tools import ROOT
from panel import csrf_of, enter, mistakes, new_number
from test_replies import TEXT, answers, config, line_id, off, outcome, own, page, save, write  # noqa: F401 (off, own: fixtures)

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
ALL_DAY = {f"{d}_{end}": "00:00" for d in DAYS for end in ("from", "to")}
OVERLAP = "These times overlap."
NIGHT = "This begins before the hours of the evening before have ended."


def hours(stack, **values):
    return save(stack, mode="text", body=TEXT, hours="1", closed_body="We are closed.", **values)


def stored(stack, line=None):
    where = "line_id IS NULL" if line is None else f"line_id = {line}"
    return stack.sql(f"SELECT hours FROM reply_rule WHERE tenant_id = %s AND {where}", stack.tenant.id)[0]["hours"]


def add_day(stack, date, name="", line=0, role="admin", **more):
    form = {"_csrf": csrf_of(page(stack, line, role)), "date": date, "name": name, **({"line": line} if line else {}), **more}
    return enter(stack, role).post("/auto-reply/closed-days", data=form, allow_redirects=False)


def remove_day(stack, day, line=0):
    form = {"_csrf": csrf_of(page(stack, line)), "day": day, **({"line": line} if line else {})}
    return enter(stack).post("/auto-reply/closed-days/remove", data=form, allow_redirects=False)


def listed(stack, line=0):
    """The rows of closed days: (stored, date, name, how often)."""
    rows = re.findall(r'<tr[^>]*><td data-label="Date"><b>(.*?)</b>.*?class="said">(.*?)</td><td data-label="How often">(.*?)</td>.*?name="day" value="(.*?)"', page(stack, line), re.S)
    return [(day, date, name, often) for date, name, often, day in rows]


def no_days(stack):
    stack.sql("DELETE FROM reply_closed_day WHERE tenant_id = %s", stack.tenant.id)


def today(stack):
    zone = stack.sql("SELECT zone FROM tenant WHERE id = %s", stack.tenant.id)[0]["zone"]
    return datetime.datetime.now(zoneinfo.ZoneInfo(zone)).date()


def trail(stack):
    return [(r["target"], r["detail"]) for r in stack.sql("SELECT target, detail FROM audit WHERE tenant_id = %s AND action = 'reply.closed_day' ORDER BY id", stack.tenant.id)]


# ---- spans ----

def test_three_spans_a_day_and_one_over_midnight(off):
    assert hours(off, mon_from="09:00", mon_to="12:00", mon_from2="13:00", mon_to2="17:00", mon_from3="18:00", mon_to3="02:00", sat_from2="08:00", sat_to2="12:00",
                 sun_from="00:00", sun_to="00:00").status_code == 303
    assert stored(off) == '{"mon":[["09:00","12:00"],["13:00","17:00"],["18:00","02:00"]],"sat":[["08:00","12:00"]],"sun":[["00:00","24:00"]]}'
    shown = page(off)
    for name, value in {"mon_from3": "18:00", "mon_to3": "02:00", "sat_from": "08:00", "sat_to": "12:00", "sat_from2": "", "sun_from": "00:00", "sun_to": "00:00"}.items():
        assert f'name="{name}" value="{value}"' in shown, name
    assert shown.count("next-day") == 1 and shown.count("More hours") == 6, "Monday has all it can have"
    assert 'name="same" value="1" checked' not in shown
    audit = off.sql("SELECT detail FROM audit WHERE action = 'reply.rule' ORDER BY id DESC LIMIT 1")[0]["detail"]
    assert audit == "mode none to text, hours mon 09:00-12:00 13:00-17:00 18:00-02:00, sat 08:00-12:00, sun 00:00-24:00, at most 5, text changed"


def test_tuesday_to_friday_as_monday(off):
    assert hours(off, same="1", mon_from="08:00", mon_to="12:00", mon_from2="14:00", mon_to2="18:00", wed_from="01:00", sat_from="09:00", sat_to="13:00").status_code == 303
    week = '[["08:00","12:00"],["14:00","18:00"]]'
    assert stored(off) == '{"mon":%s,"tue":%s,"wed":%s,"thu":%s,"fri":%s,"sat":[["09:00","13:00"]]}' % ((week,) * 5)
    assert 'name="same" value="1" checked' in page(off)
    assert mistakes(hours(off, same="1", mon_from="18:00", mon_to="02:00", mon_from2="01:00", mon_to2="03:00").text) == {"mon": NIGHT}, "said once, where it is seen"


def test_mistakes_stand_at_their_day_and_nothing_is_lost(off):
    before = stored(off)
    cases = [
        ({"mon_from": "09:00", "mon_to": "12:00", "mon_from2": "11:59", "mon_to2": "17:00"}, {"mon": OVERLAP}),
        ({"fri_from": "18:00", "fri_to": "02:00", "sat_from": "01:00", "sat_to": "05:00"}, {"sat": NIGHT}),
        ({"sun_from": "18:00", "sun_to": "02:00", "mon_from": "01:59", "mon_to": "05:00"}, {"mon": NIGHT}),
        ({"tue_from": "09:00", "wed_to": "09:00"}, {"tue": "Write both times, or leave both empty.", "wed": "Write both times, or leave both empty."}),
        ({"thu_from": "09:00", "thu_to": "9.30"}, {"thu": "Write times as 09:00."}),
        ({"thu_from3": "09:00", "thu_to3": "09:00"}, {"thu": "Opening and closing are the same time."}),
    ]
    for values, expected in cases:
        answer = hours(off, **values)
        assert answer.status_code == 422 and mistakes(answer.text) == expected, values
        for name, value in values.items():
            assert f'name="{name}" value="{value}"' in answer.text, name
        assert "We are closed." in answer.text and 'aria-describedby="%s-error"' % next(iter(expected)) in answer.text
    assert stored(off) == before
    assert save(off, mode="text", body=TEXT, mon_from="09:00").status_code == 303, "hours that are not in use are no mistake"
    assert hours(off, fri_from="18:00", fri_to="02:00", sat_from="02:00", sat_to="05:00").status_code == 303, "they may touch"


def test_what_is_answered_follows_the_spans_of_this_moment(off):
    no_days(off)
    day, yesterday = DAYS[today(off).weekday()], DAYS[today(off).weekday() - 1]
    assert hours(off, **{f"{day}_from": "00:00", f"{day}_to": "12:00", f"{day}_from2": "12:00", f"{day}_to2": "00:00"}).status_code == 303
    assert outcome(off, write(off, new_number())) == "answered" and "Open now, as it is saved." in page(off)
    assert hours(off, **{f"{yesterday}_from": "12:00", f"{yesterday}_to": "11:59", f"{day}_from": "12:00", f"{day}_to": "00:00"}).status_code == 303
    assert outcome(off, write(off, new_number())) in ("answered", "closed-text")
    other = DAYS[(today(off).weekday() + 3) % 7]
    assert hours(off, **{f"{other}_from": "03:00", f"{other}_to": "03:01"}).status_code == 303
    assert outcome(off, write(off, new_number())) == "closed-text" and "Closed now, as it is saved, since" in page(off)


# ---- closed days ----

def test_a_closed_day_is_added_shown_and_removed(off):
    no_days(off)
    off.sql("DELETE FROM audit WHERE action = 'reply.closed_day'")
    year = today(off).year
    assert add_day(off, f"{year + 1}-12-24", "Christmas Eve").status_code == 303
    assert add_day(off, f"{year}-01-01", "<New Year>", yearly="1", role="manager").status_code == 303
    assert add_day(off, f"{year - 1}-05-04").status_code == 303
    assert add_day(off, f"{year + 1}-12-24", "Wigilia").status_code == 303, "the same day: the new name"
    assert listed(off) == [("01-01", f"1 Jan {year + 1}", "&lt;New Year&gt;", "every year"), (f"{year + 1}-12-24", f"24 Dec {year + 1}", "Wigilia", "once"),
                           (f"{year - 1}-05-04", f"4 May {year - 1}", "", "over")]
    assert remove_day(off, "01-01").status_code == 303
    assert [row[0] for row in listed(off)] == [f"{year + 1}-12-24", f"{year - 1}-05-04"]
    assert trail(off) == [("default", f"added or changed: {year + 1}-12-24 Christmas Eve"), ("default", "added or changed: 01-01 <New Year>"),
                          ("default", f"added or changed: {year - 1}-05-04"), ("default", f"added or changed: {year + 1}-12-24 Wigilia"), ("default", "removed: 01-01")]
    assert "Closed days changed" in enter(off).page("/settings/audit")


def test_mistakes_of_a_closed_day(off):
    no_days(off)
    for date in ("2026-02-30", "25.12.2026", "soon"):
        answer = add_day(off, date, "Christmas", yearly="1")
        assert answer.status_code == 422 and mistakes(answer.text) == {"date": "Write the date as 2026-12-25."}
        assert f'value="{date}" aria-invalid' in answer.text and 'value="Christmas"' in answer.text and 'name="yearly" value="1" checked' in answer.text
    assert "date" in mistakes(add_day(off, "").text) and "name" in mistakes(add_day(off, "2026-12-25", "x" * 61).text)
    assert add_day(off, "2026-12-25", "ż" * 60).status_code == 303
    for day in range(99):
        off.sql("INSERT INTO reply_closed_day (tenant_id, rule_id, day) SELECT tenant_id, id, %s FROM reply_rule WHERE tenant_id = %s AND line_id IS NULL",
                str(datetime.date(2027, 1, 1) + datetime.timedelta(day)), off.tenant.id)
    assert mistakes(add_day(off, "2028-01-01").text) == {"date": "There are 100 closed days already: remove one first."}
    assert add_day(off, "2027-01-01", "New Year").status_code == 303 and len(listed(off)) == 100
    no_days(off)
    assert enter(off, "operator").post("/auto-reply/closed-days", data={"_csrf": csrf_of(enter(off, "operator").page("/")), "date": "2026-12-25"}).status_code == 403


def test_today_is_a_holiday(off):
    """One closed period with what lies beside it, on the default and on a line of its own."""
    no_days(off)
    assert hours(off, **ALL_DAY).status_code == 303
    assert outcome(off, write(off, new_number())) == "answered", "open day and night"
    assert add_day(off, str(today(off)), "Today").status_code == 303
    assert add_day(off, str(today(off) - datetime.timedelta(1)), yearly="1").status_code == 303
    number = new_number()
    assert [outcome(off, write(off, number, f"message {i}")) for i in range(2)] == ["closed-text", "closed"]
    off.wait(lambda: answers(off, number) == ["We are closed."], what="the text, once")
    assert "Closed now, as it is saved, since" in page(off)
    line = line_id(off)
    assert save(off, line, mode="text", body=TEXT, hours="1", **ALL_DAY).status_code == 303
    assert outcome(off, write(off, new_number())) == "answered" and not listed(off, line), "a line's own rule has its own days"
    assert add_day(off, str(today(off)), line=line).status_code == 303
    assert outcome(off, write(off, new_number())) == "closed"
    assert remove_day(off, str(today(off)), line).status_code == 303
    assert outcome(off, write(off, new_number())) == "answered" and len(listed(off)) == 2
    no_days(off)


# ---- the API ----

def test_the_api_has_the_hours_beside_the_predecessors_fields(off):
    no_days(off)
    off.sql("UPDATE reply_rule SET hours = NULL, closed_body = '' WHERE tenant_id = %s", off.tenant.id)
    empty = {"enabled": False, "message": "", "zone": "Europe/Warsaw", "hours": None, "closed_message": "", "closed_days": []}
    assert off.api("GET", "/api/auto-reply/config").json() == empty
    week = {"mon": [["09:00", "12:00"], ["13:00", "17:00"]], "fri": [["18:00", "02:00"]]}
    days = [{"date": "2026-12-25", "name": "Christmas", "yearly": True}, {"date": "2026-12-24", "name": ""}, "2026-11-02", {"date": "01-01", "name": "Nowy Rok"}]
    there = [{"date": "01-01", "name": "Nowy Rok", "yearly": True}, {"date": "12-25", "name": "Christmas", "yearly": True},
             {"date": "2026-11-02", "name": "", "yearly": False}, {"date": "2026-12-24", "name": "", "yearly": False}]
    full = {"enabled": True, "message": TEXT, "zone": "Europe/Warsaw", "hours": week, "closed_message": "Closed.", "closed_days": there}
    assert config(off, enabled=True, message=TEXT, hours=week, closed_message="Closed.", closed_days=days) == full
    assert config(off, enabled=True) == full and config(off, enabled=True, message=TEXT) == full, "what is not named stays"
    assert config(off, **{k: full[k] for k in full if k != "zone"}) == full, "what is read can be written"
    assert trail(off)[-1] == ("default", "all: 01-01, 12-25, 2026-11-02, 2026-12-24")
    assert [row[0] for row in listed(off)][-1] == "2026-11-02"
    assert config(off, enabled=True, hours={**week, "off": True})["hours"] == {"off": True, **week}
    assert config(off, enabled=True, hours={"off": True}, closed_days=[]) == {**full, "hours": None, "closed_days": []}


def test_what_the_api_refuses(off):
    no_days(off)
    before = off.api("GET", "/api/auto-reply/config").json()
    for values, field in (({"hours": {}}, "hours"), ({"hours": {"mon": [["09:00", "12:00"], ["11:00", "13:00"]]}}, "hours"), ({"hours": {"mon": ["09:00", "12:00"]}}, "hours"),
                          ({"closed_days": [{"date": "2026-02-30"}]}, "closed_days"), ({"closed_days": [{"name": "x"}]}, "closed_days"), ({"closed_days": {}}, "closed_days"),
                          ({"closed_days": [{"date": "2026-12-25", "name": "x" * 61}]}, "closed_days"), ({"closed_days": [{"date": "2026-12-25", "name": "a\nb"}]}, "closed_days"),
                          ({"closed_days": [str(datetime.date(2027, 1, 1) + datetime.timedelta(d)) for d in range(101)]}, "closed_days"),
                          ({"closed_message": "x" * 641}, "closed_message")):
        answer = off.api("POST", "/api/auto-reply/config", json={"enabled": True, "message": "never", **values})
        assert answer.status_code == 400 and field in answer.text, (values, answer.text)
    assert off.api("GET", "/api/auto-reply/config").json() == before


# ---- the schema ----

def test_the_single_span_of_before_becomes_a_list_of_one(off):
    text = next((ROOT / "schema").glob("*_hours.sql")).read_text(encoding="utf-8")
    convert = re.search(r"^UPDATE.*?(?=;)", text, re.S | re.M).group(0)
    old = '{"off":true,"mon":["09:00","17:00"],"tue":["9:00","24:00"]}'
    new = '{"off":true,"mon":[["09:00","17:00"]],"tue":[["9:00","24:00"]]}'
    for before, after in ((old, new), (new, new), ('{"mon":["09:00","17:00"]}', '{"mon":[["09:00","17:00"]]}'), ("{}", "{}"), (None, None), ('{"off":true}', '{"off":true}')):
        off.sql("UPDATE reply_rule SET hours = %s WHERE tenant_id = %s AND line_id IS NULL", before, off.tenant.id)
        for _ in range(2):
            off.sql(convert)
            assert stored(off) == after
    off.sql("UPDATE reply_rule SET hours = %s WHERE tenant_id = %s AND line_id IS NULL", new, off.tenant.id)
    assert 'name="tue_from" value="09:00"' in page(off)
