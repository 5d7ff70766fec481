"""centralactl's instruments, run as an administrator runs them: arguments, standard input, output, exit status."""
import base64
import hashlib
import hmac
import json
import os
import pathlib
import subprocess

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
CTL = ROOT / ("build/asan/bin" if os.environ.get("SANITIZE") else "build") / "centralactl"
TOKEN = "0123456789abcdef0123456789abcdef"
URL = "https://hooks.example.test/twilio/inbound?tenant=7"


def ctl(*arguments, data=b"", env=None):
    clean = {k: v for k, v in os.environ.items() if not k.startswith("CENTRALA_")}
    return subprocess.run([CTL, *arguments], input=data, capture_output=True, timeout=60, cwd=ROOT, env={**clean, **(env or {})})


def sign(text, key=TOKEN):
    return base64.b64encode(hmac.new(key.encode(), text, hashlib.sha1).digest()).decode()


def signature(url, header, data=b"", token=TOKEN):
    done = ctl("signature", "--url", url, "--token", token, "--header", header, data=data)
    assert (done.stdout, done.returncode) in ((b"valid\n", 0), (b"invalid\n", 1)), done
    return done.returncode == 0


def test_signature_of_a_form():
    header = sign(URL.encode() + b"BodyHi thereFrom+48500100100")
    assert signature(URL, header, b"From=%2B48500100100&Body=Hi+there")
    assert not signature(URL, header, b"From=%2B48500100100&Body=Hi+there.")
    assert not signature(URL, header, b"From=%2B48500100100&Body=Hi+there", token=TOKEN.upper())
    assert signature(URL.replace(".test/", ".test:443/"), header, b"From=%2B48500100100&Body=Hi+there")
    assert not signature(URL, "", b"Body=Hi")


def test_signature_of_bodies_with_nul():
    assert signature(URL, sign(URL.encode() + b"Bodya\0b"), b"Body=a%00b")
    assert signature(URL, sign(URL.encode() + b"Bodya\0b"), b"Body=a\0b")
    body = b'{"a":"\0\xff"}'
    url = f"{URL}&bodySHA256={hashlib.sha256(body).hexdigest()}"
    assert signature(url, sign(url.encode()), body)
    assert not signature(url, sign(url.encode()), body[:6])
    assert not signature(url, sign(URL.encode()), body)


@pytest.mark.parametrize("text, encoding, segments, units, room, costly", [
    ("", "GSM-7", 1, 0, 160, ""),
    ("x" * 161, "GSM-7", 2, 161, 145, ""),
    ("a\r\nb\n", "GSM-7", 1, 5, 155, ""),
    ("ą" * 71, "UCS-2", 2, 71, 63, "ą"),
    ('say "…"', "UCS-2", 1, 7, 63, "…"),
    ("👍", "UCS-2", 1, 2, 68, "👍"),
])
def test_segments(text, encoding, segments, units, room, costly):
    done = ctl("segments", data=text.encode())
    assert done.returncode == 0
    assert json.loads(done.stdout) == {"encoding": encoding, "segments": segments, "units": units, "room": room, "costly": costly}


def test_phone_reads_a_number_a_line():
    done = ctl("phone", "--country", "PL", data="500 100 100\nabc\n\nwhatsapp:+48 22 621 00 00\n0048500100100".encode())
    assert done.returncode == 0
    assert done.stdout.decode().splitlines() == ["+48500100100", "invalid", "invalid", "+48226210000", "+48500100100"]
    assert ctl("phone", data=b"500100100\n+48500100100\n").stdout == b"invalid\n+48500100100\n"
    assert ctl("phone", "--country=US", data=b"415-555-2671\n").stdout == b"+14155552671\n"
    assert ctl("phone", data=b"").stdout == b""
    assert ctl("phone", "--country", "Poland", data=b"500100100\n").returncode == 2


def test_render(tmp_path):
    (tmp_path / "parts" / "deep").mkdir(parents=True)
    (tmp_path / "parts" / "name.mustache").write_text("<b>{{name}}</b>")
    (tmp_path / "parts" / "deep" / "tail.mustache").write_text("{{#list}}[{{.}}]{{/list}}")
    (tmp_path / "parts" / "note.txt").write_text("{{#")
    page = tmp_path / "name"  # called as one of the partials is
    page.write_text("Hi {{>name}} {{>deep/tail}}{{>none}}|")
    data = '{"name": "<Łucja>", "list": [1, "ż"]}'.encode()
    assert ctl("render", page, "--partials", tmp_path / "parts", data=data).stdout.decode() == "Hi <b>&lt;Łucja&gt;</b> [1][ż]|"
    assert ctl("render", page, data=data).stdout == b"Hi  |"
    page.write_text("{{#open}}")
    broken = ctl("render", page, data=data)
    assert broken.returncode == 1 and broken.stdout == b"" and b"centralactl: " in broken.stderr
    page.write_text("x")
    assert ctl("render", page, data=b"{").returncode == 1
    assert ctl("render", tmp_path / "absent", data=data).returncode == 1
    assert ctl("render", page, "--partials", tmp_path / "absent", data=data).returncode == 1


def test_config(tmp_path):
    conf = tmp_path / "centrala.conf"
    conf.write_text("[main]\nworkers = 8\n")
    assert ctl("config", "check", "--config", conf).returncode == 0
    assert ctl("--config", conf, "config", "check").returncode == 0
    conf.write_text("[main]\nworkers = many\nsurprise = 1\n")
    wrong = ctl("config", "check", "--config", conf)
    assert wrong.returncode == 1
    assert b":2: " in wrong.stderr and b":3: " in wrong.stderr
    assert ctl("config", "check", "--config", tmp_path / "absent").returncode == 1
    assert ctl("config", "check", env={"CENTRALA_WORKERS": "many"}).returncode == 1
    example = ctl("config", "example")
    assert example.returncode == 0
    conf.write_bytes(example.stdout)
    assert ctl("config", "check", "--config", conf).returncode == 0


def test_help_and_mistakes():
    names = [line.split("  ")[1] for line in ctl("help").stdout.decode().splitlines() if line.startswith("  ")]
    assert {"signature", "segments", "phone", "render", "config check", "config example", "migrate", "routes"} <= set(names)
    for arguments in ([], ["nonsense"], ["config"], ["config", "nonsense"], ["segments", "--extra"], ["segments", "extra"], ["signature", "--url", "u"],
                      ["signature", "--url"], ["render"], ["config", "check", "--config"]):
        done = ctl(*arguments)
        assert done.returncode == 2 and done.stdout == b"" and done.stderr, arguments
    # What stands in the wrong place may be a secret.
    assert b"sekret" not in ctl("signature", "sekret").stderr + ctl("segments", "--token=sekret").stderr
