"""The organisation, its people, and the trail of changes."""
import re
import secrets

import pytest

from core_tools import ROOT
from panel import csrf_of, enter, mistakes
from stack import Tenant


@pytest.fixture(scope="module")
def club(stack):
    tenant = Tenant("People", "", "")
    stack.ctl("tenant", "add", tenant.name, "--language", "en")
    tenant.id = stack.sql("SELECT id FROM tenant WHERE name = %s", tenant.name)[0]["id"]
    tenant.admin = "people.admin@example.com"
    stack.add_user(tenant.admin, "admin", tenant)
    return tenant


@pytest.fixture
def admin(stack, club):
    return enter(stack, club.admin)


def post(browser, path, **fields):
    return browser.post(path, data={"_csrf": csrf_of(browser.page("/settings")), **fields}, allow_redirects=False)


def user(stack, email):
    return stack.sql("SELECT * FROM user WHERE email = %s", email)[0]


def trail(stack, club):
    return stack.sql("SELECT action, target, detail FROM audit WHERE tenant_id = %s ORDER BY id", club.id)


def shown_password(answer):
    assert answer.status_code == 200, mistakes(answer.text)
    return re.search(r'id="new-password"[^>]* value="([^"]+)"', answer.text).group(1)


def added(stack, admin, role="agent"):
    email = f"{secrets.token_hex(4)}@example.com"
    password = shown_password(post(admin, "/settings/people", email=email, name="Night shift", role=role))
    return email, password


def signed_in(browser):
    return browser.get("/account", allow_redirects=False).status_code == 200


def test_a_person_is_added_and_told_the_password_once(stack, club, admin):
    email, password = added(stack, admin, "operator")
    row = user(stack, email)
    assert (row["role"], row["name"], row["tenant_id"], row["active"]) == ("operator", "Night shift", club.id, 1)
    assert signed_in(stack.login(email, password))
    assert password not in admin.page("/settings/people") + stack.program_logs() + str(trail(stack, club)) and email in admin.page("/settings/people")
    for fields, field in (({"email": "nobody"}, "email"), ({"email": email}, "email"), ({"role": "king"}, "role"), ({"email": ""}, "email")):
        answer = post(admin, "/settings/people", **{"email": "x@example.com", "name": "Kept", "role": "agent", **fields})
        assert answer.status_code == 422 and field in mistakes(answer.text) and 'value="Kept"' in answer.text, fields


def test_the_first_password_opens_nothing_but_its_replacement(stack, club, admin):
    email, password = added(stack, admin, "admin")
    person = stack.login(email, password)
    for path in ("/", "/settings", "/settings/people"):
        answer = person.get(path, allow_redirects=False)
        assert (answer.status_code, answer.headers["Location"]) == (303, "/account"), path
    page = person.page("/account")
    assert "Choose your own" in page and 'href="/settings"' not in page
    token = csrf_of(page)
    assert person.post("/settings/people", data={"_csrf": token, "email": "z@example.com", "role": "admin"}).status_code == 403
    assert person.get("/api/messages").status_code == person.get("/api/secrets").status_code == 403
    own = "a password of my own"
    assert person.submit("/account", "/account/password", current=password, password=own, again=own).status_code == 200
    assert "Choose your own" not in person.page("/account") and person.get("/settings", allow_redirects=False).status_code == 200
    assert signed_in(stack.login(email, own)) and user(stack, email)["password_once"] == 0
    shown_password(post(admin, f"/settings/people/{user(stack, email)['id']}/password"))
    assert user(stack, email)["password_once"] == 1


def test_another_role_counts_at_once(stack, club, admin):
    email, password = added(stack, admin, "agent")
    person = stack.login(email, password)
    token = stack.ctl("token", "new", "--user", email).stdout.split()[-1]

    def may_see_health():
        return stack.get("/api/secrets", headers={"Authorization": f"Bearer {token}"}).status_code
    assert may_see_health() == 403
    assert post(admin, f"/settings/people/{user(stack, email)['id']}", name="Day shift", role="admin", active="1").status_code == 303
    assert may_see_health() == 200 and not signed_in(person), "a new role begins with a new session"
    assert (user(stack, email)["name"], user(stack, email)["role"]) == ("Day shift", "admin")
    assert trail(stack, club)[-1]["action"] == "user.change" and "agent" in trail(stack, club)[-1]["detail"]


def test_who_is_switched_off_is_out_at_once(stack, club, admin):
    email, password = added(stack, admin)
    person = stack.login(email, password)
    token = stack.ctl("token", "new", "--user", email).stdout.split()[-1]
    assert all(signed_in(person) for _ in range(4))
    assert post(admin, f"/settings/people/{user(stack, email)['id']}", name="", role="agent").status_code == 303
    assert not any(signed_in(person) for _ in range(4))
    assert stack.get("/api/messages", headers={"Authorization": f"Bearer {token}"}).status_code == 401
    assert "Cannot sign in" in admin.page("/settings/people")
    assert post(admin, f"/settings/people/{user(stack, email)['id']}", name="", role="agent", active="1").status_code == 303
    assert signed_in(stack.login(email, password))


def test_a_reset_password(stack, club, admin):
    email, old = added(stack, admin)
    person = stack.login(email, old)
    new = shown_password(post(admin, f"/settings/people/{user(stack, email)['id']}/password"))
    assert new != old and not signed_in(person) and signed_in(stack.login(email, new)) and not signed_in(stack.login(email, old))
    assert trail(stack, club)[-1] == {"action": "user.password", "target": email, "detail": ""}


def test_nobody_takes_the_role_from_oneself(stack, club, admin):
    mine = user(stack, club.admin)["id"]
    assert f'/settings/people/{mine}"' not in admin.page("/settings/people")
    for path, fields in ((f"/settings/people/{mine}", {"name": "", "role": "agent", "active": "1"}), (f"/settings/people/{mine}/password", {})):
        answer = post(admin, path, **fields)
        assert answer.status_code == 422 and "Another administrator" in mistakes(answer.text)[""]
    assert user(stack, club.admin)["role"] == "admin" and signed_in(admin)


def test_people_of_another_organisation_do_not_exist(stack, club, admin):
    theirs = user(stack, "agent@example.com")
    for path in (f"/settings/people/{theirs['id']}", f"/settings/people/{theirs['id']}/password"):
        assert post(admin, path, name="stolen", role="admin", active="1").status_code == 404
    assert admin.get(f"/settings/people/{theirs['id']}").status_code == 404
    assert user(stack, "agent@example.com") == theirs and "agent@example.com" not in admin.page("/settings/people")


def test_the_organisation_is_changed(stack, club, admin):
    for fields, field in (({"country": "XX"}, "country"), ({"country": "P"}, "country"), ({"zone": "Europe/Nowhere"}, "zone"), ({"name": ""}, "name"),
                          ({"language": "de"}, "language"), ({"name": stack.tenant.name}, "name")):
        answer = post(admin, "/settings/organisation", **{"name": "Kept Ltd", "country": "ES", "zone": "Europe/Madrid", "language": "en", **fields})
        assert answer.status_code == 422 and field in mistakes(answer.text), fields
        if field != "zone":
            assert 'value="Europe/Madrid"' in answer.text
    assert post(admin, "/settings/organisation", name="Club Cañón", country="es", zone="America/Bogota", language="es").status_code == 303
    row = stack.sql("SELECT name, country, zone, language FROM tenant WHERE id = %s", club.id)[0]
    assert row == {"name": "Club Cañón", "country": "ES", "zone": "America/Bogota", "language": "es"}
    page = admin.page("/settings/organisation")
    assert 'lang="es"' in page and "Club Cañón" in page, "at once, in every worker"
    assert trail(stack, club)[-1]["action"] == "tenant.change" and "Europe/Warsaw" in trail(stack, club)[-1]["detail"]
    assert post(admin, "/settings/organisation", name=club.name, country="PL", zone="Europe/Warsaw", language="en").status_code == 303


def test_the_trail_page_by_page(stack, club, admin):
    connection = [("line.add", f"target {i}") for i in range(120)]
    for action, target in connection:
        stack.sql("INSERT INTO audit (tenant_id, actor, action, target, detail) VALUES (%s, 'Tester', %s, %s, '<b>bold</b>')", club.id, action, target)
    seen, path = [], "/settings/audit"
    for _ in range(9):
        page = admin.page(path)
        assert "<b>bold</b>" not in page
        seen += re.findall(r"<b>(target \d+)</b>", page)
        older = re.search(r'href="(/settings/audit\?before=\d+)"', page)
        if not older:
            break
        path = older.group(1)
    assert seen == [t for _, t in reversed(connection)]
    assert "Line added" in admin.page("/settings/audit") and "Tester" not in enter(stack).page("/settings/audit")


def test_every_action_has_its_words():
    sources = "".join(p.read_text() for p in sorted((ROOT / "fcgi/services").glob("*.c")))
    written = set(re.findall(r'audit\(ctx,[^;]*?"([a-z_]+\.[a-z_]+)"', sources))
    worded = set(re.findall(r'\{ "([a-z_]+\.[a-z_]+)", N_', (ROOT / "fcgi/pages/actions.c").read_text()))
    assert written and not written - worded, f"a row in fcgi/pages/actions.c for {sorted(written - worded)}"


@pytest.mark.parametrize("role", ["manager", "operator", "agent"])
def test_only_admins(stack, role):
    browser = enter(stack, role)
    person = user(stack, "agent@example.com")["id"]
    for path in ("/settings/organisation", "/settings/people", f"/settings/people/{person}", "/settings/audit"):
        assert browser.get(path).status_code == 403, path
    token = csrf_of(browser.page("/"))
    for path in ("/settings/organisation", "/settings/people", f"/settings/people/{person}", f"/settings/people/{person}/password"):
        assert browser.post(path, data={"_csrf": token}).status_code == 403, path
