"""Bulk batches: predecessor 000's multi-SMS, worked off by fcgi-cron through the outbox and the gate."""
import pytest

from panel import asked, at_once, csrf_of, enter, new_number, script, second_cron

BATCH = {"id", "body", "sender_identity", "status", "error", "total_recipients", "success_count", "failure_count", "invalid_count", "pending_count",
         "created_at", "scheduled_at", "started_at", "completed_at"}
RECIPIENT = {"id", "batch_id", "number_raw", "number_normalized", "status", "sid", "error", "created_at", "sent_at"}


def sent_to(stack, number):
    return [a for a in asked(stack, number) if a["outcome"] == "accepted"]


def make(stack, other, body="Hello", status=201, **more):
    answer = stack.api("POST", "/api/multi-sms/batches", other.admin, json={"body": body, **more})
    assert answer.status_code == status, answer.text
    return answer.json()["batch"] if status == 201 else answer.json()["error"]


def ask(stack, other, batch):
    return stack.api("GET", f"/api/multi-sms/batches/{batch['id']}", other.admin).json()["batch"]


def ended(stack, other, batch, state="completed"):
    stack.wait(lambda: ask(stack, other, batch)["completed_at"], what="the batch's end")
    batch = ask(stack, other, batch)
    assert batch["status"] == state, batch
    return batch


def people(stack, other, batch, status=""):
    page = stack.api("GET", f"/api/multi-sms/batches/{batch['id']}/recipients?status={status}", other.admin).json()
    assert page["count"] == len(page["items"])
    return page["items"]


@pytest.fixture(scope="module", autouse=True)
def quick(stack, other):
    stack.sql("UPDATE line SET per_second = 200 WHERE tenant_id = %s", other.id)


def test_a_batch_goes_out_once_to_each(stack, other):
    a, b, c = (new_number() for _ in range(3))
    batch = make(stack, other, "To all of you ł", recipients=f"{a}, {b};{c}\n{a}\nnonsense", nonce="bulk-once")
    assert BATCH <= set(batch) and batch["sender_identity"] == other.line
    assert make(stack, other, "To all of you ł", recipients=a, nonce="bulk-once")["id"] == batch["id"], "the same nonce is the same batch"
    batch = ended(stack, other, batch)
    assert [batch[k] for k in ("total_recipients", "success_count", "failure_count", "invalid_count", "pending_count", "duplicate_count")] == [4, 3, 0, 1, 0, 1]
    rows = people(stack, other, batch)
    assert RECIPIENT <= set(rows[0])
    assert [(r["number_normalized"], r["status"]) for r in rows] == [(a, "sent"), (b, "sent"), (c, "sent"), (a, "duplicate"), (None, "invalid")]
    assert rows[4]["number_raw"] == "nonsense" and all(r["sid"] for r in rows[:3])
    assert [r["status"] for r in people(stack, other, batch, "invalid,duplicate")] == ["duplicate", "invalid"]
    for number in (a, b, c):
        assert len(sent_to(stack, number)) == 1


@pytest.mark.parametrize("name", ["recipients", "numbers", "targets", "numbers_text", "recipients_text"])
def test_recipients_come_under_five_names(stack, other, name):
    number = new_number()
    batch = make(stack, other, **{name: [number]})
    assert [r["number_normalized"] for r in people(stack, other, batch)] == [number]


@pytest.mark.parametrize("name", ["recipients", "numbers_text", "recipients_text"])
@pytest.mark.parametrize("gap", ["\r\n", "\n", ",", " ; ", "\r\n\r\n"])
def test_one_text_with_whatever_stands_between(stack, other, name, gap):
    numbers = [new_number() for _ in range(3)]
    batch = make(stack, other, **{name: gap.join(numbers)})
    assert [r["number_normalized"] for r in people(stack, other, batch)] == numbers


def test_what_is_wrong_is_said(stack, other):
    number = new_number()
    assert make(stack, other, "", 400, recipients=number)
    assert make(stack, other, "x", 400)
    assert make(stack, other, "x", 400, recipients="  ,; \n")
    assert "250" in make(stack, other, "x", 400, recipients=[new_number() for _ in range(251)])
    assert stack.api("GET", "/api/multi-sms/batches/999999", other.admin).status_code == 404
    assert stack.api("GET", "/api/multi-sms/batches", "agent").status_code == 403


def test_one_that_fails_stops_nobody(stack, other):
    good, bad, refused = (new_number() for _ in range(3))
    script(stack, bad, code=21211, message="not a number")
    script(stack, refused, code=21408, message="that country is switched off")
    batch = ended(stack, other, make(stack, other, recipients=[bad, good, refused]), "completed_with_errors")
    assert (batch["success_count"], batch["failure_count"]) == (1, 2)
    stack.api("POST", f"/api/multi-sms/batches/{batch['id']}/retry", other.admin)
    stack.wait(lambda: ask(stack, other, batch)["success_count"] == 2, what="the retry")
    batch = ended(stack, other, batch, "completed_with_errors")
    assert [r["status"] for r in people(stack, other, batch)] == ["failed", "sent", "sent"], "a number that is none is not tried again"
    assert len(sent_to(stack, good)) == 1


def test_nothing_but_invalid_numbers(stack, other):
    assert ended(stack, other, make(stack, other, recipients="x, y"), "completed_with_errors")["invalid_count"] == 2


def test_pause_holds_what_waits(stack, other):
    numbers = [new_number() for _ in range(30)]
    stack.sql("UPDATE line SET per_second = 4 WHERE tenant_id = %s", other.id)
    batch = make(stack, other, recipients=numbers)
    stack.wait(lambda: ask(stack, other, batch)["success_count"] > 0, what="the first")
    paused = stack.api("POST", f"/api/multi-sms/batches/{batch['id']}/pause", other.admin).json()["batch"]
    assert paused["status"] == "paused" and 0 < paused["pending_count"]
    stack.sql("UPDATE line SET per_second = 200 WHERE tenant_id = %s", other.id)
    in_air = "SELECT COUNT(*) n FROM outbox WHERE tenant_id = %s AND batch_id = %s AND state = 'claimed'"
    stack.wait(lambda: stack.sql(in_air, other.id, batch["id"])[0]["n"] == 0, what="what was in the air")
    stack.sql("UPDATE outbox SET next_at = UTC_TIMESTAMP(3) WHERE tenant_id = %s AND batch_id = %s AND state = 'queued'", other.id, batch["id"])
    held = "SELECT COUNT(*) n FROM outbox WHERE tenant_id = %s AND batch_id = %s AND state = 'queued' AND last_error = 'The batch is paused.'"
    waiting = "SELECT COUNT(*) n FROM outbox WHERE tenant_id = %s AND batch_id = %s AND state = 'queued'"
    stack.wait(lambda: stack.sql(held, other.id, batch["id"]) == stack.sql(waiting, other.id, batch["id"]), what="the gate")
    count = sum(len(sent_to(stack, n)) for n in numbers)
    assert count < len(numbers)
    assert stack.api("POST", f"/api/multi-sms/batches/{batch['id']}/pause", other.admin).status_code == 409
    stack.api("POST", f"/api/multi-sms/batches/{batch['id']}/resume", other.admin)
    stack.sql("UPDATE outbox SET next_at = UTC_TIMESTAMP(3) WHERE tenant_id = %s AND batch_id = %s AND state = 'queued'", other.id, batch["id"])
    assert ended(stack, other, batch)["success_count"] == len(numbers)
    assert all(len(sent_to(stack, n)) == 1 for n in numbers)


def test_cancel(stack, other):
    numbers = [new_number() for _ in range(40)]
    stack.sql("UPDATE line SET per_second = 4 WHERE tenant_id = %s", other.id)
    batch = make(stack, other, recipients=numbers)
    stack.wait(lambda: ask(stack, other, batch)["success_count"] > 0, what="the first")
    assert stack.api("POST", f"/api/multi-sms/batches/{batch['id']}/cancel", other.admin).json()["batch"]["status"] == "canceled"
    stack.sql("UPDATE line SET per_second = 200 WHERE tenant_id = %s", other.id)
    stack.wait(lambda: ask(stack, other, batch)["pending_count"] == 0, what="the rest")
    done = ask(stack, other, batch)
    assert done["success_count"] == sum(len(sent_to(stack, n)) for n in numbers) < 40
    assert done["canceled_count"] + done["failure_count"] + done["success_count"] == 40


def test_two_hosts_and_the_same_batch_at_once(stack, other):
    numbers = [new_number() for _ in range(60)]
    with second_cron(stack):
        made = at_once(5, lambda _: make(stack, other, recipients=numbers, nonce="bulk-five"))
        assert len({b["id"] for b in made}) == 1
        assert ended(stack, other, made[0])["success_count"] == 60
        assert all(len(sent_to(stack, n)) == 1 for n in numbers)


def test_another_tenant_sees_nothing(stack, other):
    batch = make(stack, other, recipients=new_number())
    assert stack.api("GET", f"/api/multi-sms/batches/{batch['id']}").status_code == 404
    assert stack.api("GET", f"/api/multi-sms/batches/{batch['id']}/recipients").status_code == 404
    assert stack.api("POST", f"/api/multi-sms/batches/{batch['id']}/cancel").status_code == 404
    assert batch["id"] not in [b["id"] for b in stack.api("GET", "/api/multi-sms/batches").json()["items"]]


def press(person, act, **fields):
    data = {"_csrf": csrf_of(person.page("/bulk")), "nonce": "bulk-page", "body": "Hello ł", **fields, "act": act}
    return person.post("/bulk", data=data, headers={"Origin": person.base})


def test_the_page_checks_first(stack):
    person = enter(stack, "admin")
    a = new_number()
    answer = press(person, "check", recipients=f"{a}\n{a}\nnobody")
    page = answer.text
    assert answer.status_code == 200 and "Wyślij do 1 numeru" in page and "nobody" in page and "Podany dwa razy" in page and "To nie numer" in page
    assert not asked(stack, a)
    out = new_number()
    assert stack.api("POST", "/api/opt-outs", json={"address": out}).status_code in (200, 201)
    page = press(person, "check", recipients=f"{a}\n{out}").text
    assert "Wyślij do 1 numeru" in page and "Wypisany" in page, "who has opted out is named before anything is sent"
    answer = press(person, "check", recipients="")
    assert answer.status_code == 422 and 'id="recipients-error"' in answer.text and "Hello ł" in answer.text
    sent = press(person, "send", recipients=f"{a}\nnobody")
    assert "<progress" in sent.text and "Pokaż wszystkich" not in sent.text and ">nobody<" in sent.text
    stack.wait(lambda: len(sent_to(stack, a)) == 1, what="the message")
    part = person.page(sent.url.removeprefix(stack.url) + "?state=sent")
    assert "Pokaż wszystkich" in part and ">nobody<" not in part, "a part of the list says so and leads back"


def test_only_who_may(stack):
    assert enter(stack, "agent").get("/bulk").status_code == 403
    assert "/bulk" not in enter(stack, "agent").page("/")


def test_when_all_fail_the_batch_failed(stack, other):
    numbers = [new_number(), new_number()]
    for number in numbers:
        script(stack, number, code=21211, message="not a number")
    batch = ended(stack, other, make(stack, other, recipients=numbers), "failed")
    assert (batch["success_count"], batch["failure_count"]) == (0, 2)


def test_the_list_of_batches(stack, other):
    ids = [make(stack, other, recipients=[new_number()])["id"] for _ in range(3)]

    def listed(query=""):
        page = stack.api("GET", "/api/multi-sms/batches" + query, other.admin).json()
        assert page["count"] == len(page["items"])
        return page["items"]
    assert [b["id"] for b in listed("?limit=2")] == ids[:0:-1], "newest first"
    assert len(listed("?limit=0")) == 1 and len(listed("?limit=x")) <= 20 and all("recipients" not in b for b in listed())
    (item,) = listed("?limit=1&include_recipients=true")
    assert RECIPIENT <= set(item["recipients"][0]) and BATCH <= set(item)


def test_only_what_has_ended_is_tried_again(stack, other):
    batch = ended(stack, other, make(stack, other, recipients=[new_number()]))
    path = f"/api/multi-sms/batches/{batch['id']}"
    assert stack.api("POST", path + "/retry", other.admin).status_code == 409
    person = enter(stack, other.admin)
    token = csrf_of(person.page("/bulk"))
    assert person.post(f"/bulk/{batch['id']}", data={"_csrf": token, "act": "explode"}).status_code == 422
    assert ask(stack, other, batch)["status"] == "completed"


def test_what_can_never_arrive_is_not_tried_again_and_that_is_said(stack, other):
    bad = new_number()
    script(stack, bad, code=21211, message="not a number")
    batch = ended(stack, other, make(stack, other, recipients=[bad]), "failed")
    person = enter(stack, other.admin)
    path = f"/bulk/{batch['id']}"
    form = {"_csrf": csrf_of(person.page(path)), "act": "retry"}
    page = person.post(path, data=form)
    assert page.status_code == 200 and 'class="notice"' in page.text
    assert ask(stack, other, batch)["status"] == "failed"


def test_without_a_sender_no_batch_is_made(stack):
    stack.ctl("tenant", "add", "No sender")
    stack.ctl("user", "add", "admin@nosender.example", "--tenant", "No sender", "--role", "admin", input="a long password\n")
    answer = stack.api("POST", "/api/multi-sms/batches", "admin@nosender.example", json={"body": "x", "recipients": [new_number()]})
    assert answer.status_code == 400 and answer.json()["error"]


def test_in_test_mode_a_batch_is_played(test_mode_stack):
    stack, numbers = test_mode_stack, [new_number(), new_number()]
    batch = stack.api("POST", "/api/multi-sms/batches", json={"body": "to all", "recipients": numbers}).json()["batch"]["id"]
    stack.wait(lambda: stack.sql("SELECT 1 FROM bulk_batch WHERE id = %s AND state = 'completed'", batch), what="the batch")
    rows = stack.sql("SELECT m.simulated, m.sid FROM message m JOIN bulk_recipient r ON r.tenant_id = m.tenant_id AND r.message_id = m.id WHERE r.batch_id = %s", batch)
    assert [r["simulated"] for r in rows] == [1, 1] and not any(asked(stack, n) for n in numbers)
