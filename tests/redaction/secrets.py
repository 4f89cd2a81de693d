# ruff: noqa: E501 - a table of texts as they come
"""Secrets that are none, put together from pieces so that no scanner takes them for real ones."""

import base64
import json

LETTERS = "aB3dE5gH7jK9mN1pQ4rS6tU8vW0xYz"
LONG = (LETTERS * 4)[:100]


def b64(text: str) -> str:
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


JWT = ".".join([b64('{"alg":"HS256","typ":"JWT"}'), b64('{"sub":"1234567890","name":"x"}'), LONG[:43]])
PEM_BODY = "\n".join(LONG[start : start + 20] + LONG[:44] for start in range(0, 60, 20))
PEM = "-----BEGIN RSA " + "PRIVATE KEY-----\n" + PEM_BODY + "\nabC=\n-----END RSA " + "PRIVATE KEY-----"
AWS_SECRET = "wJalrXUtnFEMI/K7MD" + "ENG/bPxRfiCY" + "EXAMPLEKEY"
HOOK = "/webhooks/" + "123456789012345678/"
TOKEN = LONG[:68]

SECRETS: dict[str, tuple[str, str]] = {
    # name: (text with the secret, the secret)
    "bearer": (f"sent Bearer {LONG[:24]} to it", LONG[:24]),
    "basic": ("header Basic " + b64("user:passw0rd!!") + " seen", b64("user:passw0rd!!")),
    "authorization": (f"Authorization: Token {LONG[:20]}", LONG[:20]),
    "digest": (f'Authorization: Digest username="x", response="{LONG[:32]}"', LONG[:32]),
    "url": ("at postgres://app:pw-9aZx@db:5432/shop now", "pw-9aZx"),
    "url with an at": ("at postgres://app:pw@9aZx@db:5432/shop now", "pw@9aZx"),
    "url without a user": ("redis://:pw-9aZx@cache:6379", "pw-9aZx"),
    "url in json": (r"{\"u\":\"amqp:\/\/app:pw-9aZx@mq\"}", "pw-9aZx"),
    "url encoded": ("next=postgres%3A%2F%2Fapp%3Apw-9aZx%40db", "pw-9aZx"),
    "password": ("login failed password=hunter-22 for bob", "hunter-22"),
    "password quoted": ("{'password': 'hunter 22'}", "hunter 22"),
    "password json": ('{"db_password":"hunter\\"22","a":1}', 'hunter\\"22'),
    "password json in json": (json.dumps({"m": json.dumps({"password": 'hunter"22', "n": 2})}), "hunter"),
    "password special": ("DB_PASSWORD=S3cr3t!@#$%^&*() was read", "S3cr3t!@#$%^&*()"),
    "password encoded": ("q=password%3Dhunter-22%26a%3D1", "hunter-22"),
    "passwd": ("passwd: hunter-22", "hunter-22"),
    "pwd": ("Server=x;Uid=y;Pwd=hunter-22;", "hunter-22"),
    "query": ("GET /a?access_token=tk-12345&x=1", "tk-12345"),
    "api key": ("x-api-key: ak-12345", "ak-12345"),
    "camel case": ("clientSecret: 'cs-12345'", "cs-12345"),
    "option": ("run --password hunter-22 --verbose", "hunter-22"),
    "element": ("<password>hunter-22</password>", "hunter-22"),
    "name and value": ('{"name": "DB_PASSWORD", "value": "hunter-22"}', "hunter-22"),
    "tuple": ("[(b'authorization', b'tk-12345')]", "tk-12345"),
    "ruby": (':secret_key => "sk12345"', "sk12345"),
    "jwt": (f"got {JWT} here", JWT),
    "jwt cut": (f"got {JWT[:40]}", JWT[:40]),
    "aws id": ("key " + "AKIA" + "IOSFODNN7EXAMPLE is", "AKIA" + "IOSFODNN7EXAMPLE"),
    "aws secret": (f"pair / {AWS_SECRET} /", AWS_SECRET),
    "aws secret named": (f"aws_secret_access_key = {AWS_SECRET}", AWS_SECRET),
    "google": ("key=" + "AIza" + LONG[:35], "AIza" + LONG[:35]),
    "service account": (json.dumps({"private_key": PEM}), PEM_BODY.split("\n")[0]),
    "azure": ("AccountName=x;AccountKey=" + LONG[:60] + "==;Suffix=y", LONG[:60]),
    "sas": ("https://x.blob/y?sv=2022&sig=" + LONG[:30] + "%3D&se=1", LONG[:30]),
    "github": ("remote: ghp" + "_" + LONG[:36], LONG[:36]),
    "github oauth": ("gho" + "_" + LONG[:36], LONG[:36]),
    "github server": ("\\nghs" + "_" + LONG[:36], LONG[:36]),
    "github fine": ("github" + "_pat_" + LONG[:60], LONG[:60]),
    "gitlab": ("glpat" + "-" + LONG[:20], LONG[:20]),
    "slack": ("xoxb" + "-123456789012-" + LONG[:24], LONG[:24]),
    "slack hook": ("https://hooks.slack.com/services/" + "T0000/B0000/" + LONG[:24], LONG[:24]),
    "stripe": ("sk" + "_live_" + LONG[:24], LONG[:24]),
    "npm": ("npm" + "_" + LONG[:36], LONG[:36]),
    "pypi": ("pypi" + "-AgEI" + LONG[:70], LONG[:70]),
    "openai": ("sk" + "-proj-" + LONG[:40], LONG[:40]),
    "anthropic": ("sk" + "-ant-api03-" + LONG[:40], LONG[:40]),
    "telegram": ("https://api.telegram.org/bot" + "123456789:" + LONG[:35] + "/send", LONG[:35]),
    "sendgrid": ("SG" + "." + LONG[:22] + "." + LONG[:43], LONG[:43]),
    "discord bot": ("M" + LONG[:23] + "." + "GaBcDe" + "." + LONG[:38], LONG[:38]),
    "discord hook": ("https://discord.com/api" + HOOK + TOKEN, TOKEN),
    "discord hook canary": ("https://canary.discord.com/api/v10" + HOOK + TOKEN, TOKEN),
    "discord hook old": ("https://ptb.discordapp.com/api/v9" + HOOK + TOKEN + "?wait=true", TOKEN),
    "discord hook proxy": ("http://proxy:8080/api" + HOOK + TOKEN + "/slack", TOKEN),
    "discord hook json": ("https:\\/\\/discord.com\\/api" + HOOK.replace("/", "\\/") + TOKEN, TOKEN),
    "discord hook encoded": ("https%3A%2F%2Fdiscord.com%2Fapi" + HOOK.replace("/", "%2F") + TOKEN, TOKEN),
    "pem": (f"before\n{PEM}\nafter", PEM_BODY.split("\n")[1]),
    "pem escaped": ("before " + PEM.replace("\n", "\\n"), PEM_BODY.split("\n")[1]),
    "pem cut": (PEM[:120], PEM[60:110]),
    "pem tail": (PEM[90:], PEM_BODY.split("\n")[2]),
    "pem indented": (PEM.replace("\n", "\n    "), PEM_BODY.split("\n")[2]),
    "pem in base64": (base64.b64encode(PEM.encode()).decode(), base64.b64encode(PEM.encode()).decode()[60:120]),
    "openssh": (PEM.replace("RSA", "OPENSSH"), PEM_BODY.split("\n")[0]),
    "cookie": ("Cookie: theme=dark; sid=ck-12345", "ck-12345"),
    "set-cookie": ("< Set-Cookie: sid=ck-12345; Path=/; HttpOnly", "ck-12345"),
    "curl": ("curl -s -u bob:hunter-22 https://x", "hunter-22"),
    "sshpass": ("sshpass -p hunter-22 ssh x", "hunter-22"),
    "databricks": ("dapi" + "0123456789abcdef" * 2, "0123456789abcdef" * 2),
}

CLEAN = [
    "",
    "user 123 logged in from web in 23 ms, order 48213 done",
    "550e8400-e29b-41d4-a716-446655440000",
    "trace_id=4bf92f3577b34da6a3ce929d0e0e4736 span_id=00f067aa0ba902b7",
    "commit da39a3ee5e6b4b0d3255bfef95601890afd80709, sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "2026-01-02T03:04:05.678901234Z version 1.2.3-rc.4+build.5",
    "password must be at least 8 characters",
    "password: required",
    "Invalid token: expired",
    "SyntaxError: Unexpected token } in JSON at position 3",
    "token_count=512 max_tokens=4096 input_tokens: 20 password_length=12 secret_name=db",
    'password = os.environ["DB_PASSWORD"]',
    "token = self.next_token()",
    "self.password = password",
    "def login(user, password=None):",
    "compass: north bypass=true pass=3 fail=2",
    "primary_key=42 key=abc routing_key: foo cache_key=user:1",
    "Bearer authentication is required; basic understanding of HTTP",
    "https://example.com:8080/path?page=2&sort=asc#top and https://registry.example/@scope/pkg",
    "password=[password] token=*** secret=${SECRET} api_key=<api key>",
    "C:\\Users\\bob\\AppData\\Local\\Temp\\x.log /usr/lib/python3.11/site-packages/urllib3/connectionpool.py:703",
    'File "/srv/app/cart/totals.py", line 118, in add_tax\n    total = subtotal + rate',
    "at com.example.shop.CheckoutService$Inner.pay(CheckoutService.java:42)",
    "<div class='sk-loading-spinner-of-the-page'>",
    "https://discord.com/channels/123456789012345678/123456789012345678",
    "-----BEGIN CERTIFICATE-----\nMIIDdzCCAl+gAwIBAgIEAgAAuTANBgkqhkiG9w0BAQUFADBaMQswCQYDVQQGEwJJ\n-----END CERTIFICATE-----",
    "The secret of good tokens: keep passwords out of logs.",
    "Cookie: the best biscuit in town",
    "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJ",
]
