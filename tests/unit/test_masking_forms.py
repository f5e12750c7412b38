"""The many forms in which real logs write secrets, and what resembles them: lines with their exact result."""

from __future__ import annotations

import json

import pytest

from pake_tui.text.masking import mask_fields, mask_text

PASSWORD = "Tarn#4417fell"
TOKEN = "m3XvQ81kZpL0cRt7Ys2w"
HEX = "5f1c09be77d24a6390ab12cd34ef5678"
FORMS = {
    # Authorization headers keep their scheme, whoever invented it.
    f"Authorization: SSWS {TOKEN}": "Authorization: SSWS ********",
    f'"Authorization": "Zoho-oauthtoken {TOKEN}"': '"Authorization": "Zoho-oauthtoken ********"',
    f"Authorization: TC3-HMAC-SHA256 Credential={TOKEN}/x, Signature={HEX}": (
        "Authorization: TC3-HMAC-SHA256 ********"
    ),
    f'Authorization: Digest username="bob", response="{HEX}"': "Authorization: Digest ********",
    '{"h":"Authorization: Digest username=\\"bob\\"","n":1}': '{"h":"Authorization: Digest ********","n":1}',
    f"Authorization: AWS AKIA7JFKYUVVHXGL66HA:{TOKEN}=": "Authorization: AWS ********",
    # Keys with noise behind them, glued names, indexes, compound names.
    f"apiKeyValue={TOKEN} n=1": "apiKeyValue=******** n=1",
    f'{{"privateKeyRaw":"{TOKEN}"}}': '{"privateKeyRaw":"********"}',
    f"encryptionKeyBase64={TOKEN}": "encryptionKeyBase64=********",
    f"dbPassOld={PASSWORD}": "dbPassOld=********",
    f"csrfmiddlewaretoken={TOKEN}&next=/": "csrfmiddlewaretoken=********&next=/",
    f"sessionkey={TOKEN}": "sessionkey=********",
    f"-deststorepass {PASSWORD}": "-deststorepass ********",
    f"pwd_admin={PASSWORD}": "pwd_admin=********",
    f"bindpw={PASSWORD}": "bindpw=********",
    f"token[0]={TOKEN}": "token[0]=********",
    f'"Jwt:Key": "{TOKEN}"': '"Jwt:Key": "********"',
    f"Passwort: {PASSWORD}": "Passwort: ********",
    f"password -> {PASSWORD}": "password -> ********",
    f"DB_PASSWORD {PASSWORD}": "DB_PASSWORD ********",
    "erlang_cookie=KHQZXWPLMDVRTBNCJFSA": "erlang_cookie=********",
    # Behind an escape or a percent code.
    f'{{"log":"found\\nghp_{TOKEN}{TOKEN}"}}': '{"log":"found\\n********"}',
    f'{{"log":"x\\nmysql -u root -p{PASSWORD} db"}}': '{"log":"x\\nmysql -u root -p******** db"}',
    '{"log":"card\\n4111111111111111"}': '{"log":"card\\n4111-****-****-1111"}',
    '{"log":"call\\n+14155550132"}': '{"log":"call\\n+1 (415) ***-0132"}',
    f"q=x%3Dghp_{TOKEN}{TOKEN}%26a": "q=x%3D********%26a",
    "To=%2B14155550132&a=1": "To=%2B1 (415) ***-0132&a=1",
    "card=4111%201111%201111%201111&a=1": "card=4111-****-****-1111&a=1",
    "d=%7B%22password%22%3A%20%22abc1xyz%22%7D": "d=%7B%22password%22%3A%20%22********%22%7D",
    "u=https%3A%2F%2Fbob%3Apw77x%40host%2Fa": "u=https%3A%2F%2Fbob%3A********%40host%2Fa",
    # Escaped quotes, escaped colours.
    json.dumps({"q": f'IDENTIFIED BY "{PASSWORD}"'}): '{"q": "IDENTIFIED BY \\"********\\""}',
    json.dumps({"q": f'curl -su "ci:{PASSWORD}"'}): '{"q": "curl -su \\"ci:********\\""}',
    json.dumps({"q": f'{{"value": "{TOKEN}", "name": "password"}}'}): (
        '{"q": "{\\"value\\": \\"********\\", \\"name\\": \\"password\\"}"}'
    ),
    f'{{"m":"\\u001b[32mpassword\\u001b[0m={PASSWORD}"}}': '{"m":"password=********"}',
    f"\\x1b[1mpass\\x1b[0mword={PASSWORD}": "password=********",
    # Cookies.
    f'Cookie: sid="{TOKEN}"; x=1': 'Cookie: sid="********"; x=********',
    f'Set-Cookie: token="{TOKEN}"; Path=/': 'Set-Cookie: token="********"; Path=/',
    f'"Cookie": "a=\\"{TOKEN}\\"; b={HEX}"': '"Cookie": "a=\\"********\\"; b=********"',
    f'Cookie: prefs={{"t":"{TOKEN}"}}; sid={HEX}': "Cookie: prefs=********; sid=********",
    # Cut off.
    "connecting to postgres://app:cobalt": "connecting to postgres://app:********",
    'h = ("password", "Walnut!76': 'h = ("password", "********',
    "key AKIA5A6GWSUQV": "key ********",
    # Structures of names and values.
    f"<entry><key>db.password</key><value>{PASSWORD}</value></entry>": (
        "<entry><key>db.password</key><value>********</value></entry>"
    ),
    "<card>4111111111111111</card>": "<card>4111-****-****-1111</card>",
    f"&lt;password&gt;{PASSWORD}&lt;/password&gt;": "&lt;password&gt;********&lt;/password&gt;",
    f"- name: DB_PASSWORD\n  value: {PASSWORD}\n": "- name: DB_PASSWORD\n  value: ********\n",
    f'{{"ParameterKey":"DbPassword","ParameterValue":"{PASSWORD}"}}': (
        '{"ParameterKey":"DbPassword","ParameterValue":"********"}'
    ),
    f'{{"field":"password","new":"{PASSWORD}"}}': '{"field":"password","new":"********"}',
    # Sentences and statements.
    f"A temporary password is generated for root@localhost: {PASSWORD}": (
        "A temporary password is generated for root@localhost: ********"
    ),
    f"the password for root is {PASSWORD}": "the password for root is ********",
    f"password for user bob was changed to {PASSWORD} by ada": (
        "password for user bob was changed to ******** by ada"
    ),
    f"the secret of client web-3 is {TOKEN}": "the secret of client web-3 is ********",
    f"auth NTLM {TOKEN}": "auth NTLM ********",
    f'{{"m":"Password for user elastic: {PASSWORD}"}}': '{"m":"Password for user elastic: ********"}',
    "mail bobby@163.com, juan@empresa.com.py": "mail b***@163.com, j***@empresa.com.py",
    f"ALTER LOGIN sa WITH PASSWORD = N'my {PASSWORD}'": "ALTER LOGIN sa WITH PASSWORD = N'********'",
    "password='it''s nice77' n=1": "password='********' n=1",
    f"configured token {HEX}{HEX}": "configured token ********",
    # Over several lines.
    f'{{\n    "name": "DB_PASSWORD",\n    "value": "{PASSWORD}"\n}}': (
        '{\n    "name": "DB_PASSWORD",\n    "value": "********"\n}'
    ),
    f'"password": {{\n  "old": "{PASSWORD}",\n  "new": "{TOKEN}"\n}}, "n": 1': (
        '"password": {\n  "old": "********",\n  "new": "********"\n}, "n": 1'
    ),
    f"api_key: |\n  {TOKEN}\n  {HEX}\nnext: 1": "api_key: |\n  ********\nnext: 1",
    f"- key: pro_password\n  value: {PASSWORD}": "- key: pro_password\n  value: ********",
    "api_token: abcdefghijkl\nname: x": "api_token: ********\nname: x",
    # Programs' text.
    f"if (api_key === '{TOKEN}')": "if (api_key === '********')",
    f"assert token != '{TOKEN}'": "assert token != '********'",
    f"db_pw={PASSWORD}": "db_pw=********",
    f"ENV API_TOKEN {TOKEN}": "ENV API_TOKEN ********",
    f"curl --user kevin:'{PASSWORD}' https://x": "curl --user kevin:'********' https://x",
    "GET http://user:pw1@host/path?mail=joe@example.com": "GET http://user:********@host/path?mail=j***@example.com",
    "amqp://u1:p1@h1:5672,amqp://u2:p2@h2": "amqp://u1:********@h1:5672,amqp://u2:********@h2",
    "shpat_Kq3vT8mZpL0cRt7Ys2wXb5nD1fGh9jAe": "********",
    "ccnum=6759649826438453": "ccnum=6759-****-****-8453",
    "+352262712 called": "+352 *** ***-2712 called",
    # Beside what resembles it, behind percent codes, in letters of another alphabet or case.
    "blk_-7111788899695387329 1761019822.3163307 paid 4111111111111111": (
        "blk_-7111788899695387329 1761019822.3163307 paid 4111-****-****-1111"
    ),
    "20210811 103142 3001 3782 822463 10005": "20210811 103142 3001 3782-****-****-0005",
    "q=%22378282246310005%22&b=1": "q=%223782-****-****-0005%22&b=1",
    "/a?q=x%204111111111111111%20y": "/a?q=x%204111-****-****-1111%20y",
    "10.1.22.3 MTk4NjIyNDgzNDcxOTI1MjQ4.Cl\u00e92FMQ.ZnCjm1XVW7vRze4b7Cq4se7kKWs": "10.1.22.3 ********",
    "curl: bA\u017fic ZGVwbG95OlRhcm40NDE3ZmVsbA==": "curl: bA\u017fic ********",
    "wget: ntLM TlRMTVNTUAABAAAAB4IIog==": "wget: ntLM ********",
    f"curl\t-b sid={TOKEN}": "curl\t-b sid=********",
    # Headers in lists, as Java and Go print them.
    f"Authorization=[Bearer {TOKEN}], Accept=[*/*]": "Authorization=[Bearer ********], Accept=[*/*]",
    f"map[Authorization:[Bearer {TOKEN}] Accept:[*/*]]": "map[Authorization:[Bearer ********] Accept:[*/*]]",
    # Statements, commands and settings whose password stands behind blanks.
    "CREATE USER ada IDENTIFIED BY Tarn4417fell;": "CREATE USER ada IDENTIFIED BY ********",
    f"SET PASSWORD FOR ada@'%' = PASSWORD('{PASSWORD}')": "SET PASSWORD FOR ada@'%' = PASSWORD('********')",
    f"mongosh -u ada -p {PASSWORD} shop": "mongosh -u ada -p ******** shop",
    f"ldapsearch -x -D cn=ada -w {PASSWORD} -b dc=x": "ldapsearch -x -D cn=ada -w ******** -b dc=x",
    f"sqlplus -s ada/{PASSWORD}": "sqlplus -s ada/********",
    f"htpasswd -b /etc/users ada {PASSWORD}": "htpasswd -b /etc/users ada ********",
    f"useradd -m -p {PASSWORD} ada": "useradd -m -p ******** ada",
    f"bindpw {PASSWORD}": "bindpw ********",
    f'"CONFIG" "SET" "requirepass" "{PASSWORD}"': '"CONFIG" "SET" "requirepass" "********"',
    f'1.5 [0 10.0.0.1:5] "AUTH" "{PASSWORD}"': '1.5 [0 10.0.0.1:5] "AUTH" "********"',
    "AUTH PLAIN AGFkYQBUYXJuNDQxN2ZlbGw=": "AUTH PLAIN ********",
    '{"auths":{"r.io":{"auth":"YWRhOlRhcm40NDE3ZmVsbA=="}}}': '{"auths":{"r.io":{"auth":"********"}}}',
    f"username ada privilege 15 secret {PASSWORD}": "username ada privilege 15 secret ********",
    "username ada password 7 0822455D0A16": "username ada password 7 ********",
    "machine h1 login ada password Tarn4417": "machine h1 login ada password ********",
    # Sentences that say it.
    "ada changed password to Tarn4417": "ada changed password to ********",
    "login failed, tried password Tarn4417": "login failed, tried password ********",
    f"Invalid API key provided: {TOKEN}": "Invalid API key provided: ********",
    "your code is 482913": "your code is ********",
    # Forms of other languages and protocols.
    f's:8:"password";s:13:"{PASSWORD}";': 's:8:"password";s:13:"********";',
    f"password <- {PASSWORD}": "password <- ********",
    f"code={TOKEN}&grant_type=authorization_code": "code=********&grant_type=authorization_code",
    f"client_assertion={TOKEN}&n=1": "client_assertion=********&n=1",
    "ada:$apr1$x8Jr3Xk2$Qw8Zm1r0Tn5Vy7Lp2Kd9s/": "ada:********",
    "root:$6$rounds=5000$salt$Qw8Zm1r0Tn5Vy7Lp2Kd9:1:0": "root:********:1:0",
    f"dapi{HEX} in use": "******** in use",
}
CLEAN = [
    "the password for root is expired, password for db1 is 24 characters long",
    "password for root was changed to something else; password of ada was updated yesterday",
    "the secret for tls is mounted at /run/tls/key1, NTLM authentication failed",
    # Elements whose names tell no secret by themselves, and no elements at all.
    "<Error><Code>NoSuchKey</Code><Key>uploads/a.png</Key></Error>",
    "<key>CFBundleName</key><string>Pake</string>",
    "List<Token> tokens; Map<Token> more",
    "usage: login --token <token> --user <user>",
    # Placeholders, wherever a secret might stand.
    "postgres://app:****@db postgres://app:${DB_PASSWORD}@db postgres://app:[FILTERED]@db",
    "curl -u user:$PASS https://x",
    "sshpass -p ${PW} ssh h",
    "CREATE USER u IDENTIFIED BY '<redacted>'",
    '<param name="password">****</param>',
    "token: {{ .Values.token }}",
    "password: ${DB_PASSWORD:-changeme}",
    "password=%DB_PASSWORD% password=%5BFILTERED%5D",
    "UPDATE users SET password = ? WHERE id = $1",
    "password: !vault |",
    "password = var.db_password",
    # Nothing is given.
    "password= user=bob",
    "mysql --password= --user x",
    # Lists of words, words about tokens, usage texts.
    'required: ["password", "email"]',
    '{"type":"token","value":"LPAREN"}',
    "expected token: RPAREN, got EOF",
    "cost per token: 0.00002, sync token: 7",
    "  --password string   password for the registry",
    "error: --password requires a value",
    "mysql --password\nEnter password:",
    "ansible-playbook --ask-vault-pass site.yml",
    "mysql -u root -p$PW shop",
    "[INFO] +- io.jsonwebtoken:jjwt-api:jar:0.11.5:compile",
    '"csrf": "^3.1.0", java-jwt:3.18.2',
    "hf_widthOfEveryColumnInTheTableOfAllMetricsShown",
    "password_reset: failed\nrefresh_token: expired",
    "password_hash_algo=bcrypt passkeys: 2",
    "undefined method `password=' for nil",
    "Failed password for root from 10.0.0.5 port 50120 ssh2",
    "arn:aws:secretsmanager:eu-west-1:123456789012:secret:prod/db-AbCdEf",
    # Programs and services that are called by a secret's name, and what is said of secrets.
    "Mar  1 14:03:21 web1 passwd[4411]: pam_unix(passwd:chauthtok): password changed for ada",
    "gdm-password]: pam_unix(gdm-password:session): session opened for user ada",
    "systemd-ask-password[1]: asked",
    'E11000 duplicate key error index: name_1 dup key: { name: "ada" }',
    "Install: python3-jwt:amd64 (2.6.0-1, automatic)",
    "password hash algorithm: argon2id",
    "proxy_pass=http://backend:8080 credentials=include",
    "def login(username: str, password: str)",
    "enable password protection, username ada logged in, with password authentication",
    "250-AUTH LOGIN PLAIN, auth=oauth2, AUTH PLAIN refused",
    "PASS tests/test_a1.py, code=200 key=orders",
    # Numbers that are none.
    "diff +1234 -567, +120 -34 56, lat=+37.774929",
    "<traceId>4111111111111111</traceId> ('trace_id', '4111111111111111') --trace-id 4111111111111111",
    'orderid=4111111111111111 "order_ids":[4111111111111111, 5555555555554444]',
    '{"name":"trace_id","value":"4111111111111111"} trace=4111111111111111 bytes_sent=378282246310005',
]


@pytest.mark.parametrize("line", FORMS)
def test_a_secret_is_masked_and_nothing_beside_it(line: str) -> None:
    """The line is shown exactly so, and masking it again changes nothing."""
    assert mask_text(line) == FORMS[line]
    assert mask_text(FORMS[line]) == FORMS[line]


@pytest.mark.parametrize("line", CLEAN)
def test_what_resembles_a_secret_stays(line: str) -> None:
    """The very line comes back."""
    assert mask_text(line) is line


def test_numbers_that_identify_something_stay_in_fields() -> None:
    """No field that counts or identifies is a card or a phone, alone, in lists and by the name beside it."""
    fields: dict[str, object] = {
        "order_id": 4111111111111111,
        "offset": "4111111111111111",
        "order_ids": [4111111111111111, 5555555555554444],
        "trace": {"id": "4111111111111111"},
        "span": {"name": "trace_id", "value": "4111111111111111"},
    }
    assert mask_fields(fields) is fields
    assert mask_fields({"pan": 4111111111111111}) == {"pan": "4111-****-****-1111"}


def test_a_password_beside_a_cards_number_is_one() -> None:
    """Inside an object of a card or a phone, names that tell a secret count."""
    inner = {"number": "4111111111111111", "cvc": "123", "token": TOKEN, "holder": "Ada"}
    assert mask_fields({"card": inner, "phone": {"password": PASSWORD}}) == {
        "card": {"number": "4111-****-****-1111", "cvc": "********", "token": "********", "holder": "Ada"},
        "phone": {"password": "********"},
    }


def test_masked_fields_rest() -> None:
    """What is masked is the same object a second time, phones and unknown schemes included."""
    fields: dict[str, object] = {
        "phone": "(415) 555-0132",
        "Authorization": f"SSWS {TOKEN}",
        "argv": ["login", "--password", PASSWORD],
        "changes": [{"field": "password", "old": PASSWORD, "new": TOKEN}],
    }
    masked = mask_fields(fields)
    assert masked == {
        "phone": "(415) ***-0132",
        "Authorization": "SSWS ********",
        "argv": ["login", "--password", "********"],
        "changes": [{"field": "password", "old": "********", "new": "********"}],
    }
    assert mask_fields(masked) is masked


def test_a_list_of_words_is_no_pair_in_fields() -> None:
    """Only what may be a value is one: names of fields and options of a program stay."""
    fields: dict[str, object] = {"required": ["password", "email"], "argv": ["mysql", "-pSecret99", "db"]}
    assert mask_fields({"required": fields["required"]}) == {"required": ["password", "email"]}
    assert "db" in str(mask_fields(fields)["argv"])
