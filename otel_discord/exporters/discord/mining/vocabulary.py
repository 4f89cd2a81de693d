"""The words that the miner knows: units, accounts, months, endings of names. Nothing here is of one program's logs."""

from typing import Final

TRUTH_VALUES: Final = frozenset({"true", "false", "null", "none", "nil", "undefined", "nan", "localhost", "n/a"})

ACCOUNTS: Final = frozenset({"root", "admin", "administrator", "guest", "nobody"})
"""Accounts that every system has: a user's name wherever it stands."""

NOT_USERS: Final = (
    "unknown|names?|requests?|input|actions?|errors?|abort|cancel|cancellation|interrupt|interaction|agents?|data|"
    "sessions?|accounts?|ids?|tables?|interface|mode|space|code|timeout|logout|login|profiles?|settings|is|was|has"
)
"""What stands after `user` and is no name."""

UNITS: Final = (
    "ns|us|h|d|m|k|g|t|µs|ms|msecs?|millis|milliseconds?|microseconds?|nanoseconds?|s|secs?|seconds?|mins?|minutes?|hrs?|"
    "hours?|days?|weeks?|b|kb|mb|gb|tb|kib|mib|gib|tib|bytes?|kbytes?|mbytes?|gbytes?|kilobytes?|megabytes?|"
    "gigabytes?|bits?|hz|khz|mhz|ghz|%|percent|bps|kbps|mbps|gbps|second\\(s\\)|time\\(s\\)"
)
"""What a number may be followed by and still be one value: `<1 sec` and `00:01` are the same part of a message."""

EXCEPTION_ENDINGS: Final = ("Error", "Exception", "Fault", "Failure", "Warning", "Timeout")
"""What the name of an exception ends with; it stays, in whatever it is put."""

DAYS: Final = "Mon|Tue|Wed|Thu|Fri|Sat|Sun|Monday|Tuesday|Wednesday|Thursday|Friday|Saturday|Sunday"
MONTHS: Final = (
    "Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Sept|Oct|Nov|Dec|January|February|March|April|June|July|August|September|"
    "October|November|December"
)
ZONES: Final = "AM|PM|am|pm|UTC|GMT|CEST|CET|EST|EDT|CST|CDT|MST|MDT|PST|PDT|BST|IST|JST"

HTTP_METHODS: Final = "GET|POST|PUT|DELETE|HEAD|PATCH|OPTIONS|CONNECT|TRACE"

TEXT_KEYS: Final = (
    "msg|message|error|err|errors|reason|event|exception|cause|caused_?by|details?|desc|description|title|text|log|body|"
    "summary|level|severity|lvl|code|(?:err|error|exc|exception|event|status|failure)[_.\\-]?(?:msg|message|type|name|code|text|reason)|"
    "error[_.\\-]?description|warning|warn|info|fatal|panic|failed|failure|fail|fault|problem|because|why|"
    "result|outcome|status|operation|op|action"
)
"""Keys whose value says what happened: it stays a part of the template, word by word."""

REVERSE_BEGINNINGS: Final = frozenset({"com", "org", "edu", "gov", "cn", "de", "fr", "uk", "ru", "jp", "eu"})
"""What begins the name of a package: `com.example.shop` varies, `app.order.created` does not."""

ENDINGS_OF_THREE: Final = frozenset({"info", "dev", "app", "cloud", "io", "ai", "co", "us"})
"""Ends the name of a host where a dot is in the rest: `shop.example.app`. `mobile.app` and `user.info` are words."""

HOST_ENDINGS: Final = frozenset(
    {
        "com",
        "org",
        "net",
        "edu",
        "gov",
        "mil",
        "biz",
        "local",
        "lan",
        "internal",
        "localdomain",
        "corp",
        "arpa",
        "svc",
        "uk",
        "de",
        "fr",
        "nl",
        "eu",
        "ru",
        "cn",
        "jp",
        "ch",
        "se",
        "pl",
        "br",
        "ca",
        "au",
        "hk",
        "tw",
        "kr",
        "es",
    }
)
FILE_ENDINGS: Final = frozenset(
    {
        "log",
        "txt",
        "xml",
        "json",
        "conf",
        "cfg",
        "ini",
        "properties",
        "dll",
        "exe",
        "jar",
        "war",
        "tmp",
        "tar",
        "zip",
        "pid",
        "sock",
        "yaml",
        "yml",
        "html",
        "htm",
        "css",
        "png",
        "jpg",
        "jpeg",
        "gif",
        "svg",
        "pdf",
        "csv",
        "dat",
        "bin",
        "bat",
        "iso",
        "img",
        "lock",
        "key",
        "pem",
        "crt",
        "cer",
        "bak",
        "swp",
        "sql",
        "sqlite",
        "toml",
        "service",
        "socket",
    }
)
NAMES_WITH_DIGITS: Final = frozenset(
    {
        "S0",
        "EC0",
        "MD0",
        "sha0",
        "utf0",
        "utf-0",
        "ipv0",
        "http0",
        "base0",
        "oauth0",
        "k0s",
        "i0n",
        "l0n",
        "neo0j",
        "log0j",
        "ext0",
        "nat0",
        "ldap0",
        "python0",
        "php0",
        "boto0",
        "psycopg0",
        "argon0",
    }
)
"""Names of things in which the digits are letters, so to speak: `S3 upload failed` is not `EC2 upload failed`."""
SOURCE_ENDINGS: Final = frozenset({"py", "js", "ts", "rs", "go", "rb", "cs", "cc", "hs", "pl", "sh", "kt", "mm"})
"""Where in the program: as constant as a name of a class. They would pass for countries otherwise."""
WORDS_OF_TWO: Final = frozenset({"id", "os", "db", "ok", "no", "to", "in", "up", "do", "is", "so"})
"""What ends a name of a setting (`mapred.task.id`) more often than a name of a host."""
