"""The grammar, for an LALR parser. One start rule serves conditions and statements; which it is, is asked after."""

from typing import Final

GRAMMAR: Final = r"""
?start: expression
      | expression "where" expression           -> guarded

?expression: conjunction
           | conjunction ("or" conjunction)+    -> any_of
?conjunction: negation
            | negation ("and" negation)+        -> all_of
?negation: comparison
         | NOT negation                         -> negated
?comparison: sum
           | sum COMPARE sum                    -> compared
?sum: product
    | product ((PLUS | MINUS) product)+         -> chain
?product: unary
        | unary ((TIMES | DIVIDED) unary)+      -> chain
?unary: atom
      | PLUS unary                              -> signed
      | MINUS unary                             -> signed

?atom: STRING                                   -> string
     | INT                                      -> integer
     | FLOAT                                    -> floating
     | BYTES                                    -> raw_bytes
     | TRUE                                     -> true
     | FALSE                                    -> false
     | NIL                                      -> nil
     | UPPER                                    -> name
     | LSQUARE (expression ("," expression)*)? "]" -> list_of
     | LBRACE (pair ("," pair)*)? "}"           -> map_of
     | "(" expression ")"                       -> grouped
     | field ("." field)*                       -> path
     | call

pair: STRING ":" expression
field: LOWER key*
key: LSQUARE expression "]"
call: (LOWER | UPPER) "(" (argument ("," argument)*)? ")" key*
argument: expression                            -> positional
        | (LOWER | CAMEL) "=" expression        -> named

NOT: "not"
TRUE: "true"
FALSE: "false"
NIL: "nil"
COMPARE: "==" | "!=" | "<=" | ">=" | "<" | ">"
PLUS: "+"
MINUS: "-"
TIMES: "*"
DIVIDED: "/"
LSQUARE: "["
LBRACE: "{"
STRING: /"(?:[^"\\]|\\.)*"/s
BYTES.3: /0x[0-9A-Fa-f]*/
FLOAT.2: /[0-9]*\.[0-9]+(?:[eE][+-]?[0-9]+)?/
INT.1: /[0-9]+/
CAMEL.1: /[a-z][a-z0-9_]*[A-Z][A-Za-z0-9_]*/
LOWER: /[a-z][a-z0-9_]*/
UPPER: /[A-Z][A-Za-z0-9_]*/

%ignore /[ \t\r\n]+/
"""

WORDS: Final = {
    "STRING": "a value",
    "INT": "a value",
    "FLOAT": "a value",
    "BYTES": "a value",
    "TRUE": "a value",
    "FALSE": "a value",
    "NIL": "a value",
    "UPPER": "a value",
    "LBRACE": "a value",
    "LPAR": "a value",
    "LOWER": "a value",
    "CAMEL": "a value",
    "NOT": "a value",
    "PLUS": "an operator",
    "MINUS": "an operator",
    "TIMES": "an operator",
    "DIVIDED": "an operator",
    "COMPARE": "a comparison such as ==",
    "AND": '"and"',
    "OR": '"or"',
    "WHERE": '"where"',
    "RPAR": '")"',
    "RSQB": '"]"',
    "RBRACE": '"}"',
    "COMMA": '","',
    "COLON": '":"',
    "DOT": '"."',
    "EQUAL": '"="',
    "LSQUARE": '"["',
    "$END": "the end",
}
"""What a reader calls what the parser expects."""
