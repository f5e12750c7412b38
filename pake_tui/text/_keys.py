"""Which names are keys to a secret: a name is split into words and its last telling word decides."""

from __future__ import annotations

import re
from enum import Enum
from functools import lru_cache

from pake_tui.text.safe import bare


class Kind(Enum):
    """What the value under a key is, and so how it is masked."""

    NONE = "nothing secret"
    SECRET = "a secret, whatever it looks like"
    PASSWORD = "a password: prose after it is looked at too"
    PHRASE = "a secret of several words"
    COOKIE = "a cookie header: name=value pairs"
    AUTHORIZATION = "an authorization header: a scheme, then the secret"
    CREDENTIALS = "credentials: a structure of them, or a secret"
    WEAK = "a secret where it looks random"
    QUERY = "a secret in a URL's query where it looks random"
    CODE = "a one-time code"
    PIN = "four to eight digits"
    CARD = "a card number"
    SSN = "a social security number"
    PHONE = "a phone number"
    PLURAL = "several secrets, where a list or an object stands under it"


NONE, SECRET, PASSWORD, PHRASE = Kind.NONE, Kind.SECRET, Kind.PASSWORD, Kind.PHRASE
COOKIE, AUTHORIZATION, CREDENTIALS = Kind.COOKIE, Kind.AUTHORIZATION, Kind.CREDENTIALS
WEAK, QUERY, CODE, PIN = Kind.WEAK, Kind.QUERY, Kind.CODE, Kind.PIN
CARD, SSN, PHONE, PLURAL = Kind.CARD, Kind.SSN, Kind.PHONE, Kind.PLURAL
"""The kinds by their own names: to ask an enum for a member takes longer than most looks at a text."""


_WORDS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[A-Z]+|[^\W\d_]+")


def word_set(text: str) -> frozenset[str]:
    """The words of a text as a set."""
    return frozenset(text.split())


NOISE = word_set(
    "value val text raw old new current confirm confirmation confirmed repeat again retype original "
    "plain plaintext clear str string base b encoded enc encrypted hex hash hashed digest md sha data "
    "content input param arg env dev prod test staging live primary secondary default temp tmp next "
    "previous first second v x fallback fallbacks"
)
_ABOUT = word_set(
    "length len policy policies age file filename path dir reset required changed at expired expires "
    "expire expiry expiration exp ttl min max minimum maximum strength score type types method count "
    "counts counter attempts attempt retries retry hint rule rules format field fields set enabled "
    "disabled valid invalid change changes update updated days day rotation rotated rotate created by "
    "date time timeout url uri link page form prompt manager provider algorithm algo alg encoder hasher "
    "history failure failures failed error errors status state ok match matches matched mismatch "
    "verified name names id ids index size usage used limit budget bucket per rate version label var "
    "variable source store helper driver stdin in out scope scopes issuer audience endpoint claim claims "
    "location ref reference arn class module service host port user username lifetime duration interval "
    "seconds ms minutes hours present exists provided supplied given missing empty null blank visible "
    "protected based only less free storage validator validation handler request requests response "
    "screen protection cost rounds iterations kind mode domain samesite needed column table "
    "prefix suffix loaded count created modified warning info charset case"
)
_PASSWORD = re.compile(r"passw(?:or[dt]|d)|passphrase|passcode|passkey")
_PASSWORD_AGENT = re.compile(
    r"passw(?:or)?ds$|passkeys$|password(?:less|encoder|manager|policy|validator|reset|hint|hasher|field|input|store|file|path"
    r"|length|age|required|expired|changed|authentication|auth|based|credential)s?$"
)
_PASS_OWNERS = word_set(
    "db database user usr my root admin adm smtp imap ftp sftp mail email key store keystore trust "
    "truststore ssh redis mysql pg postgres postgresql mongo ldap proxy auth login http https basic mqtt "
    "amqp rabbit rabbitmq wifi wlan sudo api app account svc service master bind server client require "
    "sql http zip pdf cert p jdbc dba es"
)
_SECRET = word_set(
    "secret token jwt psk apikey authtoken passkey otpauth csrf xsrf sharedkey connectsid sessid"
)
_PLURALS = word_set("passwords passwds passcodes passphrases passkeys cookies apikeys")
_CODES = word_set("otp totp hotp cvv cvc cvn csc tan")
_GLUED = re.compile(
    r"\w\w(?:token|secret)$"
    r"|(?:api|app|service|session|access|secret|private|signing|encryption|encrypt|decrypt|account|shared|master|auth|consumer|hmac"
    r"|license|licence|subscription|aes|rsa|ssh|token)key$"
    r"|(?:root|bind|user|db|admin|ldap|my|smtp|ftp|mail)pw$|pwd$|(?:j|php|asp\.?net_?|aspx?)sess(?:ion)?id\w*$|psk$|connectsid$"
)
_GLUED_PASS = re.compile(rf"(?:src|dest)?(?:{'|'.join(sorted(_PASS_OWNERS, key=len, reverse=True))})pass$")
_KEY_OWNERS = word_set(
    "api access secret private signing sign encryption encrypt decryption decrypt account shared master "
    "auth app application consumer service hmac session license licence subscription functions stream "
    "recovery activation ssh rsa ecdsa dsa pgp gpg aes des cipher sas storage admin write integration "
    "wpa wep wifi webhook deploy wallet jwt token crypto symmetric server client ssl tls root vault "
    "project function backup"
)
_CODE_OWNERS = word_set(
    "verification verify security access auth authorization mfa tfa fa otp totp sms backup recovery pin "
    "confirmation activation unlock login passcode invite reset device your time"
)
_GLUED_CODE = re.compile(r"(?:otp|totp|mfa|tfa|sms|auth|verification)code")
_PHONES = word_set(
    "phone telephone mobile msisdn tel fax cellphone smartphone handset whatsapp phonenumber mobilenumber"
)
_NUMBERS = word_set("number no num nr nbr")
_SIGNED = word_set("amz goog access shared request webhook hub url sas oauth")


def words_of(name: str) -> list[str]:
    """The words of a name in lower case: split at case changes, digits, `_ - .` and other signs."""
    return [word.lower() for word in _WORDS.findall(name)]


def _password(words: list[str], joined: str) -> Kind | None:
    if _PASSWORD.search(joined) and words[-1] not in _PLURALS:
        if _PASSWORD_AGENT.search(joined) or words[-1] in _ABOUT:
            return Kind.NONE
        return Kind.PHRASE if "passphrase" in joined else Kind.PASSWORD
    if "pwd" in words[:-1] or "psk" in words[:-1]:
        return Kind.NONE if words[-1] in _ABOUT else Kind.PASSWORD
    for before, word in zip(["", *words], words, strict=False):
        if (word == "pass" and before in _PASS_OWNERS) or _GLUED_PASS.fullmatch(word):
            return Kind.NONE if words[-1] in _ABOUT else Kind.PASSWORD
    return None


def _number(words: list[str], joined: str) -> Kind | None:
    last = words[-1]
    if "ssn" in words or "socialsecurity" in joined or last in {"itin", "ssnum"}:
        return Kind.SSN
    if last == "card" or joined.endswith(("cardnumber", "cardno", "cardnum", "ccnumber", "ccnum", "ccno")):
        return Kind.CARD
    if last == "pan" or (last in _NUMBERS and "card" in joined) or joined in {"cc", "primaryaccountnumber"}:
        return Kind.CARD
    if last in _PHONES or (
        last in _NUMBERS and len(words) > 1 and (words[-2] in _PHONES or words[-2] == "cell")
    ):
        return Kind.PHONE
    return None


def _decide(words: list[str]) -> Kind:
    last, before, joined = words[-1], words[-2] if len(words) > 1 else "", "".join(words)
    if (found := _password(words, joined)) or (found := _number(words, joined)):
        return found
    if joined in {"samlresponse", "samlrequest"}:
        return Kind.QUERY
    if last in _PLURALS or (last == "keys" and before in ("api", "secret", "private")):
        return Kind.PLURAL
    if last in _ABOUT:
        return Kind.NONE
    if last == "authorization":
        return Kind.AUTHORIZATION
    if last.endswith("cookie"):
        return Kind.COOKIE
    if last == "creds" or last.endswith(("credential", "credentials")):
        return Kind.CREDENTIALS
    if last in {"mnemonic", "seedphrase"} or joined.endswith(("seedphrase", "recoveryphrase")):
        return Kind.PHRASE
    if last in _CODES or (last == "code" and before in _CODE_OWNERS) or _GLUED_CODE.fullmatch(last):
        return Kind.CODE
    if joined.endswith("jsonwebtoken"):
        return Kind.NONE
    if last in _SECRET or _GLUED.search(joined) or (last == "key" and before in _KEY_OWNERS):
        return Kind.SECRET
    if last in {"signature", "sig"}:
        return Kind.SECRET if before in _SIGNED else Kind.QUERY
    if last in {"pin", "pincode"}:
        return Kind.PIN
    if (last == "assertion" and before == "client") or joined.endswith("codeverifier"):
        return Kind.SECRET
    if last == "seed" and before in _CODES:
        return Kind.SECRET
    if last == "assertion" or (last in {"code", "key"} and not before):
        return Kind.QUERY
    return Kind.WEAK if last in {"pass", "bearer", "pw"} else Kind.NONE


@lru_cache(maxsize=8192)
def kind_of(name: str) -> Kind:
    """What a key of this name holds; of a longer name its last 80 characters tell."""
    words = words_of(bare(name)[-80:])
    while len(words) > 1 and words[-1] in NOISE:
        words.pop()
    return _decide(words) if words else Kind.NONE


_ID_WORDS = word_set(
    "id ids uid uuid guid cid traceparent tracestate traceid spanid requestid reqid correlationid parent"
)
_FLOWS = word_set(
    "trace span request req correlation parent transaction txn operation flow cid traceparent x amzn b"
)


@lru_cache(maxsize=8192)
def is_flow_id(name: str) -> bool:
    """Whether a name is one of the usual names of a correlation, trace or span ID, whose value stays."""
    words = words_of(name)
    return (
        bool(words)
        and words[-1] in _ID_WORDS
        and any(
            word in _FLOWS or word.startswith(("trace", "span", "request", "correlation")) for word in words
        )
    )


_ID_LIKE = _ID_WORDS | word_set(
    "order orders invoice ref reference tracking offset seq sequence block serial timestamp ts time "
    "epoch ns us ms nonce hash size bytes length len version build revision rev ean isbn upc sku imei "
    "trace traces span spans at"
)
_GLUED_ID = re.compile(
    r"(?:order|user|transaction|txn|message|msg|account|device|job|event|session|customer|payment|ticket"
    r"|request|trace|span|correlation)ids?"
)


@lru_cache(maxsize=8192)
def is_id_like(name: str) -> bool:
    """Whether a name tells that the digits under it identify or count something, and are no card or phone."""
    words = words_of(name)
    if len(words) > 1 and words[-1] in _NUMBERS:
        words.pop()
    if not words:
        return False
    return words[-1] in _ID_LIKE or "bytes" in words or _GLUED_ID.fullmatch(words[-1]) is not None
