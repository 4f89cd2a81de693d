"""The rules that need more than one token."""

import pytest

from otel_discord.exporters.discord.mining.groups import shown
from otel_discord.exporters.discord.mining.skeleton import key_of, masked_line
from otel_discord.exporters.discord.mining.tokens import DIGITS


@pytest.mark.parametrize(
    ("line", "template"),
    [
        ("lifetime <1 sec", "lifetime <*>"),
        ("took 5 Seconds, 3 KB", "took <*>"),
        ("size 4.0 B, free 300.0 KB", "size <*>, free <*>"),
        ("5 secondary nodes", "<*> secondary nodes"),
        ("list 1 2 3 end", "list <*> end"),
        ("list [1, 2, 3] end", "list [<*>] end"),
        ("for [hdfs, yarn] in use", "for [<*>] in use"),
        ("from 10.0.0.1 () at noon", "from <*> (<*>) at noon"),
        ("call foo() twice", "call foo() twice"),
        ("at Mon Jul 25 23:24:09 2005", "at <*>"),
        ("at Mon, 25 Jul 2005 23:24:09 GMT", "at <*>"),
        ("in May we may", "in May we may"),
        ("at 11:00 PM sharp", "at <*> sharp"),
        ("brightness =38 ok", "brightness =<*> ok"),
        ("error = refused by peer", "error = refused by peer"),
        ("my id = 1, kind = NodeExists for x", "my id = <*>, kind = <*> for x"),
        ("my id = 1, code = NodeExists for x", "my id = <*>, code = NodeExists for x"),
        ("my id = 1, my.code = NodeExists", "my id = <*>, my.code = NodeExists"),
        ("'External': Yes, standby: NO", "'<*>': <*>, standby: <*>"),
        ("error: No such file", "error: No such file"),
        ("raised ValueError('bad price') in 'x'", "raised ValueError('bad price') in '<*>'"),
        ('ended with error "no route", state "up to date"', 'ended with error "no route", state "<*>"'),
        ('ended with error "route"', 'ended with error "<*>"'),
        ('{"a": ["x", "y"], "b": [], "c": [7, 8]}', '{"a": [<*>], "b": [<*>], "c": [<*>]}'),
        ("limit = 8.6 GB.", "limit = <*>."),
        ("goroutine 17 [select, 5 minutes]:", "goroutine <*> [<*>]:"),
        ('{"type": "CardError", "id": "x"}', '{"type": "CardError", "id": "<*>"}'),
        ("raised KeyError('price')", "raised KeyError('<*>')"),
        ("with error.type = CardError and type = x", "with error.type = CardError and type = <*>"),
        ("may view: Set(yarn, hdfs); List() of 7", "may view: Set(<*>); List(<*>) of <*>"),
        ("sets node-1 0x1 <ok> node-2 0x2 <ok>", "sets <*> <ok>"),
        ('parse {"ids":[{"a":7},{"a":8}, {"a":9}]}', 'parse {"ids":[{"a":<*>}]}'),
        ("from Window{85788bc u0 StatusBar} to a", "from Window{<*>} to a"),
        ("Token{8a t=Token{8b Record{3b u0 android/.x t7}}} gone", "Token{<*>} gone"),
        ("SomeError{404 not found}", "SomeError{<*> not found}"),
        ("User “Alice Smith” not found", "User “<*>” not found"),
        ("Benutzer „Alice“ fehlt", "Benutzer „<*>“ fehlt"),
        ("ünderneath 7", "ünderneath <*>"),
        ('exception.message="disk full" id="x"', 'exception.message="disk full" id=<*>'),
        ('{"errors": ["no name", "x"]}', '{"errors": ["no name", "<*>"]}'),
        ("my id =", "my id ="),
        ("opened for user cyrus by (uid=0)", "opened for user <*> by (uid=<*>)"),
        ("Invalid user webmaster from 1.2.3.4", "Invalid user <*> from <*>"),
        ("check pass; user unknown", "check pass; user unknown"),
        ("Closed due to user request.", "Closed due to user request."),
        ("user authentication failed", "user authentication failed"),
        ("Failed password for oracle from 1.2.3.4", "Failed password for <*> from <*>"),
        ("Failed password for invalid user oracle from 1.2.3.4", "Failed password for invalid user <*> from <*>"),
        ("timeout for payment from 1.2.3.4", "timeout for payment from <*>"),
        ("user 'Alice Smith' is gone", "user '<*>' is gone"),
        ("file `my report` is gone", "file `<*>` is gone"),
        ("'report' : denied", "'<*>' : denied"),
        ("it's Bob's file", "it's Bob's file"),
        ("key b'abc' is bad", "key b'<*>' is bad"),
        ('"disk full"', '"disk full"'),
        ('1.2.3.4 "GET /a/b?c=d HTTP/1.1" 200', '<*> "GET <*>" <*>'),
        ('level=error msg="disk 7 full" host=a', 'level=error msg="disk <*> full" host=<*>'),
        ('{"msg": "disk full", "who": "alice"}', '{"msg": "disk full", "who": "<*>"}'),
        ("error: 'no route' by 'x'", "error: 'no route' by '<*>'"),
        ('name=com.android.phone", ws=null', 'name=<*>", ws=<*>'),
    ],
)
def test_the_template_of_a_line(line: str, template: str) -> None:
    masked = masked_line(line.translate(DIGITS))
    assert shown(masked) == template
    assert key_of(masked_line(template.replace("<*>", "0"))) == key_of(masked)


def test_the_key_knows_no_plural_after_a_number() -> None:
    assert key_of("0 failures in  0 steps") == key_of("0 failure in 0 step") == "0 failure in 0 step"
    assert key_of("0 process") == "0 process"
