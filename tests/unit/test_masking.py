"""Masking: secrets go by key, by shape and by number; everything else stays what it is."""

from __future__ import annotations

import json
import time

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pake_tui.text.masking import mask_fields, mask_text

WORD = "Qv7!mumble9"
TOKEN = "kP4rT9wX2bN7cV5zL1sD8f"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        (f"password={WORD}", "password=********"),
        (f"api_key={TOKEN}", "api_key=********"),
        (f"token={TOKEN}", "token=********"),
        ("paid with 4111-1111-1111-1111", "paid with 4111-****-****-1111"),
        ("ssn 219-09-9999", "ssn ***-**-9999"),
        ("mail john@example.com", "mail j***@example.com"),
        ("call (555) 867-5309", "call (555) ***-5309"),
        ("call +44 20 7946 0958", "call +44 *** ***-0958"),
    ],
)
def test_the_guides_spellings(text: str, shown: str) -> None:
    """Each kind of secret is shown exactly as the guide promises."""
    assert mask_text(text) == shown


@pytest.mark.parametrize("sign", ["\x00", "\u200b", "\u200c", "\u200d", "\u2060", "\ufeff"])
def test_no_sign_that_nobody_sees_hides_a_secret(sign: str) -> None:
    """NULs and zero-width signs inside a key or a value, and full-width letters, leave nothing readable."""
    spaced = sign.join(f"password={WORD}")
    assert mask_text(spaced) == "password=********"
    assert mask_text("ｐａｓｓｗｏｒｄ＝ｈｕｎｔｅｒ２") == "password=********"
    assert mask_fields({sign.join("password"): "x1"}) == {sign.join("password"): "********"}
    escaped = json.dumps({sign.join("password"): sign.join(WORD)})
    assert mask_text(escaped) == '{"password": "********"}'
    clean = f"naïve{sign} ｔｅｘｔ，“quoted” 日本語"
    assert mask_text(clean) is clean


@pytest.mark.parametrize(
    "text",
    [
        f"DB_PASSWORD={WORD} host=db1",
        f"userPassword: {WORD}",
        f'{{"user":"x","password":"{WORD}","ok":1}}',
        f"{{'password': '{WORD}'}}",
        f'"{{\\"password\\":\\"{WORD}\\"}}"',
        f'{{"m":"{{\\"o\\":\\"{{\\\\\\"password\\\\\\":\\\\\\"{WORD}\\\\\\"}}\\"}}"}}',
        f"GET /login?user=x&password={WORD}&next=1",
        "to=https%3A%2F%2Fx%3Fpassword%3DQv7mumble9%26a%3D1",
        f"user[password]={WORD}",
        f"mysqldump --password={WORD} shop",
        f"mysqldump --password {WORD} shop",
        f"['psql', '--password', '{WORD}']",
        f'{{"name": "password", "value": "{WORD}"}}',
        f'{{"value": "{WORD}", "name": "password"}}',
        f"<password>{WORD}</password>",
        f'<wsse:Password Type="text">{WORD}</wsse:Password>',
        f'<add key="password" value="{WORD}"/>',
        f"Server=db;User Id=sa;Password={WORD};Database=x",
        f"User{{id=4, password={WORD}, role=A}}",
        f'"password"=>"{WORD}"',
        f"map[password:{WORD} user:x]",
        f"CREATE USER 'x' IDENTIFIED BY '{WORD}'",
        f"ALTER ROLE x WITH PASSWORD '{WORD}'",
        f"curl -u bob:{WORD} https://x.example",
        f"mysql -u root -p{WORD} shop",
        f"the password is {WORD}",
        f"&quot;password&quot;:&quot;{WORD}&quot;",
        f'form-data; name="password"\r\n\r\n{WORD}\r\n--b',
        f"pass\x1b[0mword={WORD}",
        f"postgres://app:{WORD}@db.internal:5432/shop",
        f"redis://:{WORD}@cache/0",
        f"root:{WORD}@tcp(10.0.0.1:3306)/db",
        f'{{"level":"info","user":{{"password":"{WORD}',
        f'password="{WORD}',
        f'{{"credentials":{{"user":"bob","word":"{WORD}"}}}}',
        f'"passwords":["{WORD}]x","{WORD}"]',
        f"password={WORD}{{x",
        f"password=a@{WORD}",
    ],
)
def test_a_password_never_shows(text: str) -> None:
    """However a password is written down, nothing of it is left."""
    masked = mask_text(text)
    assert "mumble" not in masked
    assert "********" in masked
    assert mask_text(masked) == masked


@pytest.mark.parametrize(
    "text",
    [
        f"Authorization: Bearer {TOKEN}",
        f'"Authorization": "Bearer {TOKEN}"',
        f"authorization: {TOKEN}",
        f"X-Api-Key: {TOKEN}",
        f"refresh_token: {TOKEN} expires_in: 3600",
        f'{{"accessToken":"{TOKEN}","tokenType":"bearer"}}',
        f"Cookie: JSESSIONID={TOKEN}; theme=dark",
        f"Set-Cookie: sid={TOKEN}; Path=/; HttpOnly",
        f"API key: {TOKEN}",
        f"got Bearer {TOKEN}",
        f"using ghp_{TOKEN}{TOKEN[:14]}",
        f"using AKIA{'QX4RT7' * 3}",
        f"from eyJhbGciOiJub25lIn0.{TOKEN}.{TOKEN}",
        f"from eyJ{TOKEN}",
        f"https://hooks.slack.com/services/T0/B0/{TOKEN}",
        f"https://{TOKEN}@git.example/x.git",
        f"-----BEGIN PRIVATE KEY-----\n{TOKEN}\n{TOKEN}\n-----END PRIVATE KEY-----\nafter",
        f"-----BEGIN RSA PRIVATE KEY-----\\n{TOKEN}",
    ],
)
def test_a_token_never_shows(text: str) -> None:
    """Tokens go by their key, their scheme or their own shape, cut off ones too."""
    masked = mask_text(text)
    assert TOKEN not in masked
    assert mask_text(masked) == masked


def test_what_stands_around_a_secret_stays() -> None:
    """Only the value is replaced: names, order and the rest of the line are kept."""
    assert mask_text(f"user=bob password={WORD} action=login") == "user=bob password=******** action=login"
    assert mask_text(f'{{"password":"{WORD}","ok":1}}') == '{"password":"********","ok":1}'
    assert mask_text(f"Set-Cookie: sid={TOKEN}; Path=/") == "Set-Cookie: sid=********; Path=/"
    assert mask_text("invite jane.doe@corp.example sent") == "invite j***@corp.example sent"


@pytest.mark.parametrize(
    "text",
    [
        "password reset requested by user 42",
        "Failed password for root from 10.0.0.7 port 22",
        "using password: YES",
        "password=",
        'password=""',
        '{"password":null}',
        "password=[FILTERED]",
        "password=${DB_PASSWORD}",
        "password_length=12 password_policy=strong",
        "max_tokens=4096 prompt_tokens=12",
        "tokenizer=x author=y secretary=z",
        "primary_key=id cache_key=u:1 public_key=abc",
        "token expired: re-authenticate",
        "PWD=/srv/app OLDPWD=/",
        "private_key_file=/etc/ssl/server.key",
        "bypass=false compass=north pass=118",
        "request_id=4111111111111111",
        '"correlationId":"4111111111111111"',
        "traceparent=00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
        "order 4111111111111112 shipped",
        "epoch 1700000000123456 and 192.168.100.200",
        "2025-03-04 10:11:12.345 +0100 took 200 345 6789 us",
        "cloning git@github.com:acme/app.git",
        "npm i lodash@4.17.21, getty@tty1.service, icon@2x.png, deploy@10.0.0.5",
        "commit 9fceb02d0ae598e95dc970b74767f19372d61af8",
        "http://user@host.example/path https://x.example:8443/a@v2/b",
        "Basic health check ok, bearer of bad news",
    ],
)
def test_ordinary_text_is_left_alone(text: str) -> None:
    """What only looks like a secret is the very same object afterwards."""
    assert mask_text(text) is text


def test_fields_are_masked_at_any_depth() -> None:
    """Under a secret key every leaf goes, numbers too, in nested objects and lists."""
    fields: dict[str, object] = {
        "user": "bob",
        "cfg": {"db": {"host": "h1", "DB_PASSWORD": WORD}, "apiKey": TOKEN},
        "items": [{"clientSecret": TOKEN}, {"passwd": WORD}],
        "credentials": {"id": 7, "words": [WORD, 12345]},
        "cvv": 315,
        "card_number": "4754122438387286",
        "phone": 5558675309,
    }
    assert mask_fields(fields) == {
        "user": "bob",
        "cfg": {"db": {"host": "h1", "DB_PASSWORD": "********"}, "apiKey": "********"},
        "items": [{"clientSecret": "********"}, {"passwd": "********"}],
        "credentials": {"id": "********", "words": ["********", "********"]},
        "cvv": "********",
        "card_number": "4754-****-****-7286",
        "phone": "(555) ***-5309",
    }


def test_fields_tell_a_name_and_its_value() -> None:
    """Name/value objects, header pairs and argument lists hide the value that belongs to the name."""
    fields: dict[str, object] = {
        "form": [{"name": "password", "value": WORD}, {"name": "city", "value": "Bern"}],
        "headers": [["Authorization", f"Bearer {TOKEN}"], ["Accept", "text/html"]],
        "argv": ["psql", "--password", WORD, "-h", "db"],
    }
    masked = mask_fields(fields)
    assert "mumble" not in str(masked)
    assert TOKEN not in str(masked)
    assert masked["form"] == [{"name": "password", "value": "********"}, {"name": "city", "value": "Bern"}]
    assert masked["argv"] == ["psql", "--password", "********", "-h", "db"]


def test_fields_keep_correlation_ids_and_absence() -> None:
    """An ID that would pass for a card stays, and so do empty, missing and yes/no values."""
    fields: dict[str, object] = {
        "correlation_id": "4111111111111111",
        "x-request-id": "415-555-2671",
        "password": None,
        "token": "",
        "secret": True,
        "n": 3,
    }
    assert mask_fields(fields) is fields


def test_a_secret_inside_a_fields_text_is_masked() -> None:
    """JSON in a string and prose in a value are looked at like any line."""
    fields: dict[str, object] = {"payload": f'{{"password": "{WORD}"}}', "note": "to jo@example.com"}
    masked = mask_fields(fields)
    assert masked == {"payload": '{"password": "********"}', "note": "to j***@example.com"}
    assert mask_fields(masked) is masked


PIECES = st.sampled_from(
    [
        f"password={WORD}",
        f'"token":"{TOKEN}"',
        "4111 1111 1111 1111",
        "jo@example.com",
        "a=1",
        "ssn 219-09-9999",
        "(415) 555-2671",
        f"Bearer {TOKEN}",
        f"http://u:{WORD}@h/x",
        "plain words",
        '{"a":',
        "]}",
        "\\n",
        "key: value",
    ]
)


@given(st.lists(PIECES, max_size=6), st.sampled_from([" ", ", ", "; ", "\n", "\t"]))
def test_masking_rests(pieces: list[str], between: str) -> None:
    """What is masked is masked for good: a second pass changes nothing."""
    masked = mask_text(between.join(pieces))
    assert "mumble" not in masked
    assert TOKEN not in masked
    assert mask_text(masked) == masked


@given(st.one_of(st.text(), st.binary().map(lambda raw: raw.decode("utf-8", "replace"))))
def test_any_text_is_masked_without_an_error(text: str) -> None:
    """No text raises, and clean text comes back as itself."""
    masked = mask_text(text)
    assert masked is text or masked != text


VALUES = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(), st.binary()),
    lambda inner: st.one_of(st.lists(inner), st.dictionaries(st.text(), inner)),
    max_leaves=20,
)


@given(st.dictionaries(st.one_of(st.text(), st.just("password")), VALUES))
@settings(suppress_health_check=[HealthCheck.too_slow])
def test_any_fields_are_masked_without_an_error(fields: dict[str, object]) -> None:
    """No nesting of values raises, and keys keep their count unless they are secrets themselves."""
    assert isinstance(mask_fields(fields), dict)


HOSTILE = [
    'password="', "password=a,", "token ", "a@", "a@b.cc ", "://a:b@", "eyJaaaaaaaaaa.", "4111-", "+1 ", "\\",
    'password:\\\\\\"', "[{", '"password":{"a":', "Cookie: a=b;", "mysql -u x ", '"name":"password",', "%3D",
    "-----BEGIN RSA PRIVATE KEY-----", "\x1b]", "api key ", '("password",', "MNOPaaaaaaaaaaaaaaaaaaaaaaaa.",
    "pass=", "pw=", "otp=)", "bearer=", "Set-Cookie:", "x:pass=", "key=|", "code=", "code=a&b=",
    "$6$aaaaaaaaaaaaaaaaaaaa", "enable password ", "username a privilege 1 ", "machine a login b password ",
    "set password for a ", "mongo a ", "ldapsearch a ", "htpasswd -b a b ", "sqlplus -s ", "useradd ",
    "auth=aaaaaaaa", "AUTH PLAIN ", '"auth" "a', "passwd[1]:", "Authorization=[Bearer ",
    's:8:"password";s:1:"',
    "create user a ", "changed password to ", "password a provided ",
]  # fmt: skip


def seconds_for(text: str) -> float:
    """Of the processor, the quicker of two runs."""
    took = []
    for _ in range(2):
        start = time.process_time()
        mask_text(text)
        took.append(time.process_time() - start)
    return min(took)


@pytest.mark.parametrize("unit", HOSTILE)
def test_a_hostile_line_costs_no_more_than_its_length(unit: str) -> None:
    """A line made against the patterns that is four times as long costs four times as much, not sixteen."""
    text = (unit * (100_000 // len(unit) + 1))[:100_000]
    assert seconds_for(text) < 9 * seconds_for(text[:25_000]) + 0.05


@pytest.mark.parametrize(
    "text",
    [
        "a12345678901234 \u0664" + 15 * "\u0661",
        "phone +\u0664\u0669 \u0661\u0667\u0660 1234567",
        "phone=+\u0664\u0669\u0661\u0667\u0660\u0661\u0662\u0663\u0664",
        "pin=\u0661\u0662\u0663\u0664",
    ],
)
def test_digits_of_other_scripts_raise_nothing(text: str) -> None:
    """A line whose numbers are written in another script passes, masked or as it is."""
    assert isinstance(mask_text(text), str)
