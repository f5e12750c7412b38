"""Secrets told by their own shape: vendors' tokens, JWT, PEM keys, passwords in URLs and on command lines."""

from __future__ import annotations

import base64
import binascii
import re

from pake_tui.text._gates import CRYPT
from pake_tui.text._values import MASK, is_placeholder, looks_random
from pake_tui.text.late import late

_BEGIN = r"(?:(?<![A-Za-z0-9])|(?<=\\[nrtbf])|(?<=%[0-9A-Fa-f]{2}))"
"""Where a word begins: also behind an escape or a percent code."""
_VENDORS = late(
    rf"{_BEGIN}(?:"
    r"eyJ[\w-]{8,}={0,2}(?:\.[\w-]*={0,2}){0,4}"
    r"|(?:AKIA|ASIA|ABIA|ACCA)(?:[A-Z0-9]{12,20}(?![A-Za-z0-9])|[A-Z0-9]{6,11}\Z)"
    r"|gh[pousr]_[A-Za-z0-9]{20,255}|github_pat_\w{20,255}"
    r"|gl(?:pat|ptt|dt|rt|cbt|soat|oas|ft|imt|agent)-[\w.-]{16,255}"
    r"|xox(?!o-[a-z])[abcdeoprs](?:\.xox[bp])?-[\w%-]{8,255}|xapp-[\w-]{10,255}"
    r"|(?:[sr]k|whsec)_(?:live|test|prod)_[A-Za-z0-9]{10,255}(?![A-Za-z0-9.]*\.(?:js|css)\b)|whsec_[\w+/=-]{16,255}"
    r"|sk-(?:proj-|ant-|or-|svcacct-|admin-|live-|lf-)?[A-Za-z0-9_-]{14,255}"
    r"|AIza[\w-]{30,45}|ya29\.[\w-]{16,1024}"
    r"|npms?_[A-Za-z0-9]{30,255}|pypi-[\w-]{16,1024}|hf_[A-Za-z0-9]{30,40}(?!\w)"
    r"|SG\.[\w-]{16,64}\.[\w-]{16,128}|hv[sb]\.[\w-]{16,1024}|do[opr]_v1_[a-f0-9]{40,128}"
    r"|shp(?:at|ca|pa|ss|tka)_[A-Za-z0-9]{24,64}|dckr_pat_[\w-]{20,64}|lin_(?:api|oauth)_[A-Za-z0-9]{30,64}"
    r"|sq0(?:atp|csp|idp)-[\w-]{20,64}|rubygems_[a-f0-9]{40,64}|pul-[a-f0-9]{40}|NRAK-[A-Z0-9]{20,40}"
    r"|LTAI[A-Za-z0-9]{12,30}|tskey-[\w-]{16,128}|figd_[\w-]{20,64}|ntn_[A-Za-z0-9]{30,64}"
    r"|sntry[su]_[\w=+/-]{20,512}|sbp_[a-f0-9]{40}|ATATT[\w=-]{20,512}|gsk_[A-Za-z0-9]{30,128}|pplx-[A-Za-z0-9]{30,128}"
    r"|AGE-SECRET-KEY-1[A-Z0-9]{50,70}|amzn\.mws\.[a-f0-9-]{30,40}|EAA[A-Z][A-Za-z0-9]{20,512}|SK[a-f0-9]{32}(?![a-f0-9])"
    r"|dapi[a-f0-9]{32}(?:-\d)?(?![a-z0-9])|gls[ac]_[A-Za-z0-9]{20,64}_[a-f0-9]{8}|PMAK-[a-f0-9]{24}-[a-f0-9]{34}"
    r"|xkeysib-[a-f0-9]{64}-[A-Za-z0-9]{16}|FLWSECK(?:_TEST)?-[a-f0-9]{32}-X"
    r"|CFPAT-[\w-]{40,64}|sgp_[\w]{40,64}|AKCp[A-Za-z0-9]{60,80}|ATBB[A-Za-z0-9]{32}(?!\w)"
    r"|pscale_(?:tkn|pw|oauth)_[\w.-]{32,64}|nvapi-[\w-]{60,80}|xai-[A-Za-z0-9]{60,100}|pcsk_[\w-]{40,100}"
    r"|NR(?:JS|II)-[\w-]{19,64}"
    r"|[A-Za-z0-9]{10,20}\.atlasv1\.[\w=-]{40,128}|tfp_[A-Za-z0-9_]{30,64}"
    r")"
)
_PLAIN_SK = late(r"sk-[a-z]+(?:-[a-z]+)*")
_HOOKS = late(
    r"(hooks\.slack\.com/(?:services|workflows|triggers)/|discord(?:app)?\.com/api/(?:v\d{1,2}/)?webhooks/"
    r"|outlook\.office(?:365)?\.com/webhook/|[\w-]{1,64}\.webhook\.office\.com/webhookb2/|chat\.googleapis\.com/v1/spaces/"
    r"|hooks\.zapier\.com/hooks/catch/|maker\.ifttt\.com/use/|open\.feishu\.cn/open-apis/bot/v2/hook/)"
    r"(?!\*{8})[\w/@?=&%.+-]{4,512}"
)
_PEM_BEGIN = late(r"-----BEGIN ([A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?)-----")
_TELEGRAM = late(r"(?<![A-Za-z0-9])(?:bot)?\d{8,10}:AA[\w-]{32,36}(?![\w-])")
_DISCORD = late(r"(?<![\w.-])[MNO][\w-]{22,27}\.[\w-]{6,7}\.[\w-]{27,42}(?![\w-])")
_MAILGUN = late(r"(?<![\w-])key-[0-9a-f]{32}(?![0-9a-f])")
_USERINFO = late(
    r"(://[^\s:/@\"'<>?#]{0,128}:)(?!\d{1,5}(?:[/?#]|$))"
    r"((?:(?!://|/@)[^\s\"'<>?#]){1,512}(?=@)|(?:(?!://)[^\s\"'<>]){1,512})@(?=[\w\[%${*./-])"
)
"""The last `@` before a path's, a query's or another URL's begins the host."""
_USERINFO_ENCODED = late(r"(?i)(%3A(?:%2F){2}[^\s%&=:/@\"'<>]{0,128}%3A)([^\s&@\"'<>/]{1,512}?)(?=%40)")
_USERINFO_CUT = late(r"(://[^\s:/@\"'<>?#]{1,128}:)(?!\d{1,5}\W?\Z)([^\s\"'<>@/?#&;]{3,512})(?=[\"'\\]?\Z)")
_DATABASES = late(
    r"(?i)(?:postgres(?:ql)?|mysql|mariadb|rediss?|mongodb(?:\+srv)?|amqps?|mssql|oracle|ftp|sftp)\Z"
)
_TOKEN_USER = late(r"(://)([A-Za-z0-9_\-.~%]{16,256})@(?=[\w\[])")
_DSN = late(r"(?<![\w.-])([\w.-]{1,64}:)([^\s@/:\"']{1,128})@(?=(?:tcp|unix|udp)\()")
_ORACLE = late(r"(jdbc:oracle:\w{1,8}:[\w.-]{1,64}/)([^\s@\"']{1,128})@")


def _vendor(found: re.Match[str]) -> str:
    text = found[0]
    if text.startswith("sk-") and (_PLAIN_SK.fullmatch(text) or not any(c.isdigit() for c in text)):
        return text
    return MASK


def mask_pem(text: str) -> str:
    """Private keys in PEM from BEGIN to END, or to the end of the text where END is cut off."""
    pieces: list[str] = []
    done = 0
    for found in _PEM_BEGIN.finditer(text):
        if found.start() < done:
            continue
        ending = f"-----END {found[1]}-----"
        end = text.find(ending, found.end())
        pieces += [text[done : found.end()], MASK]
        done = len(text) if end < 0 else end
    return "".join((*pieces, text[done:])) if pieces else text


def mask_shapes(text: str) -> str:
    """Vendors' tokens, JWT, webhook paths and PEM private keys."""
    if "PRIVATE KEY" in text:
        text = mask_pem(text)
    text = _VENDORS.sub(_vendor, text)
    return _HOOKS.sub(lambda found: found[1] + MASK, text) if "ook" in text or "ifttt" in text else text


def mask_dotted(text: str) -> str:
    """Chat bots' tokens and hashes of passwords, which have no word of their own to be told by."""
    if "$" in text:
        text = CRYPT.sub(MASK, text)
    if ":AA" in text:
        text = _TELEGRAM.sub(MASK, text)
    return _DISCORD.sub(MASK, text)


def mask_mailgun(text: str) -> str:
    """Mailgun's `key-` followed by 32 hexadecimal digits."""
    return _MAILGUN.sub(MASK, text) if "key-" in text else text


def _second(found: re.Match[str]) -> str:
    """A match with its second group masked, unless that is none."""
    return found[0] if is_placeholder(found[2]) else f"{found[1]}{MASK}{found[0][len(found[1] + found[2]) :]}"


def _token_user(found: re.Match[str]) -> str:
    digits = any(c.isdigit() for c in found[2])
    return f"{found[1]}{MASK}@" if digits and "." not in found[2] else found[0]


def mask_userinfo(text: str) -> str:
    """The password in `scheme://user:password@host`, a token alone before the `@`, and database DSNs."""
    if "://" in text:
        text = _TOKEN_USER.sub(_token_user, _USERINFO.sub(_second, text))
    if "%40" in text:
        text = _USERINFO_ENCODED.sub(_second, text)
    if "(" in text:
        text = _DSN.sub(_second, text)
    return _ORACLE.sub(_second, text) if "jdbc:oracle" in text else text


_SCHEME = late(
    rf"(?i)(?=[bnad]){_BEGIN}(bearer|basic|negotiate|ntlm|apikey|digest)"
    r"((?:\s|%20|\+){1,8}|\s{0,2}[:=]\s{0,2})(?!\*{8})"
    r"([A-Za-z0-9._~+/%-]{6,8192}+={0,2}+)(?![\w=*])"
)
_RANDOM = late(r"\d|[a-z][A-Z]|=$|[A-Z]{2}.*[a-z]|[._~+/-]\w")
_Q = r"""(?:\\{0,8}["'])"""
_WORD = r"""((?:[^\s"'\\]|\\(?!["'\\])){1,512})"""
_COMMANDS = late(
    rf"""(?ix)
    (?=[dsmribluhacen]){_BEGIN}( docker\s{{1,4}}login\b[^\n|;]{{0,256}}?\s-p\s{{1,4}}{_Q}?
    | sshpass\s{{1,4}}-p\s{{0,4}}{_Q}?
    | (?:mysql|mysqldump|mysqladmin|mariadb|mariadb-dump)\s(?:[^\n|;]{{0,256}}?\s)?-p(?=\S){_Q}?
    | redis-cli\b[^\n|;]{{0,256}}?\s-a\s{{1,4}}{_Q}?
    | (?:requirepass|bindpw|rootpw|masterauth){_Q}?\s{{1,4}}{_Q}?
    | (?:create|alter)\s{{1,4}}user\s{{1,4}}\S{{1,128}}\s{{1,4}}identified\s{{1,4}}by\s{{1,4}}
    | (?:mongo(?:sh|dump|restore|export|import)?|useradd|usermod)\b[^\n|;]{{0,256}}?\s-p\s{{1,4}}{_Q}?
    | ldap(?:search|modify|add|delete|passwd|whoami)\b[^\n|;]{{0,256}}?\s-w\s{{1,4}}{_Q}?
    | sqlplus\s{{1,4}}(?:-\w{{1,8}}\s{{1,4}}){{0,3}}{_Q}?[^\s/@"']{{1,64}}/
    | htpasswd\s{{1,4}}-\w{{0,8}}b\w{{0,8}}\s{{1,4}}\S{{1,256}}\s{{1,4}}\S{{1,64}}\s{{1,4}}
    | smbclient\b[^\n|;]{{0,256}}?\s-U\s{{0,4}}{_Q}?[^\s%'"]{{1,64}}%
    | identified\s{{1,4}}(?:with\s{{1,4}}\S{{1,64}}\s{{1,4}})?
      (?:by|as)\s{{1,4}}(?:(?:password|values)\s{{1,4}})?{_Q}
    )(?!\*{{8}}){_WORD}"""
)

_CURL_USER = late(
    rf"""(-(?:(?<=[\s"']-)(?:[A-Za-z]{{0,8}}u|-user|-proxy-user|U)(?:[ =]?\s{{0,4}}|{_Q},\s{{0,4}})"""
    rf"""{_Q}?[^\s:'"\\]{{0,64}}{_Q}?:{_Q}?"""
    rf"""|(?<=\s-)(?:b|-cookie)[ =]{_Q}?[^\s=;"'\\]{{1,64}}=))"""
    rf"""(?!\*{{8}}){_WORD}"""
)
_CONFIGURED = late(
    rf"""(?i)({_BEGIN}(?:enable|username\s\S{{1,64}}(?:\sprivilege\s\d{{1,2}})?|neighbor\s\S{{1,64}}"""
    rf"""|machine\s\S{{1,128}}\slogin\s\S{{1,64}})\s{{1,4}}(?:password|secret)\s{{1,4}}(?:[0-9]\s)?)(?!\*{{8}}){_WORD}"""
)
"""Routers' configuration, and .netrc on one line."""
_SET_PASSWORD = late(
    rf"""(?i)(\bset\s{{1,4}}password(?:\s{{1,4}}for\s{{1,4}}\S{{1,128}})?\s{{0,4}}=\s{{0,4}}(?:password\()?{_Q})(?!\*{{8}}){_WORD}"""
)
_AUTH = late(
    r"(\bAUTH\s(?:PLAIN|LOGIN|XOAUTH2)\s{1,4}|(?<!\w)_?auth\\{0,4}[\"']?\s{0,4}[=:]\s{0,4}\\{0,4}[\"']?)"
    r"([A-Za-z0-9+/]{8,4096}={0,2})(?![\w+/=])"
)
_REDIS_AUTH = late(r"(\"(?i:auth)\"(?: \"[^\"\n]{1,64}\")?? \")((?!\*{8})[^\"\n]{1,512})(?=\"$)")
_SCHEMES = ("bearer", "basic", "negotiate", "ntlm", "apikey", "digest")
_PROGRAMS = (
    "docker", "sshpass", "mysql", "mariadb", "redis-cli", "requirepass", "smbclient", "identified", "bindpw",
    "rootpw", "masterauth", "sqlplus", "htpasswd", "useradd", "usermod",
    "mongo", "ldap",
)  # fmt: skip


def is_basic(token: str) -> bool:
    """Whether a text is base64 of `user:password`."""
    try:
        return b":" in base64.b64decode(token + "=" * (-len(token) % 4), validate=True)
    except (ValueError, binascii.Error):
        return False


def _scheme(found: re.Match[str]) -> str:
    word, token = found[1].lower(), found[3]
    if word == "basic":
        secret = is_basic(token)
    elif word == "digest":
        secret = False
    else:
        secret = len(token) >= 8 and (len(token) >= 24 or _RANDOM.search(token) is not None)
    return f"{found[1]}{found[2]}{MASK}" if secret else found[0]


def _configured(found: re.Match[str]) -> str:
    return _second(found) if looks_random(found[2]) or found[2].startswith(("$", "0")) else found[0]


def _encoded(found: re.Match[str]) -> str:
    """What stands behind AUTH where it is what that sends: base64 of a name, a password or both."""
    try:
        plain = base64.b64decode(found[2], validate=True)
    except (ValueError, binascii.Error):
        return found[0]
    sent = found[1].startswith("AUTH") and all(byte >= 0x20 or not byte for byte in plain)
    return f"{found[1]}{MASK}" if sent or b":" in plain[1:] else found[0]


def _names_one(words: tuple[str, ...], text: str) -> bool:
    """Whether a text may hold one of the words in any case: beyond ASCII some signs are its letters too."""
    return not text.isascii() or any(map(text.lower().__contains__, words))


def mask_prose(text: str) -> str:
    """What stands behind Bearer, Basic and friends, and passwords on well known command lines."""
    if _names_one(_SCHEMES, text):
        text = _SCHEME.sub(_scheme, text)
    if _names_one(_PROGRAMS, text):
        text = _COMMANDS.sub(_second, text)
    return _CURL_USER.sub(_second, text) if "curl" in text or "wget" in text else text


def mask_sent(text: str) -> str:
    """What `AUTH` sends in mail's and Redis's protocols, and base64 of `user:password` under `auth`."""
    if not ("AUTH" in text or 'auth"' in text or "_auth=" in text):
        return text
    return _REDIS_AUTH.sub(_second, _AUTH.sub(_encoded, text))


def mask_configured(text: str) -> str:
    """Passwords behind a word and a blank, as routers, .netrc and SQL have them."""
    named = "username " in text or "enable " in text or "neighbor " in text or "machine " in text
    if not (named or "set password" in text or "SET PASSWORD" in text):
        return text
    return _SET_PASSWORD.sub(_second, _CONFIGURED.sub(_configured, text))


def mask_cut(text: str) -> str:
    """The password of a URL that the end of the text cuts off before its `@`."""
    at = text.rfind("://")
    found = _USERINFO_CUT.match(text, at)
    if not found or is_placeholder(found[2]):
        return text
    known = _DATABASES.search(text, max(0, at - 16), at) is not None or looks_random(found[2])
    return text[: found.start(2)] + MASK + text[found.end(2) :] if known else text
