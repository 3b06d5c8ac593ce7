#!/usr/bin/env python3
r"""A second, independent reading of what aws-spitzel's queries mean.

usage: oracle.py [--from T] [--to T] [-m EXPR]... [-n N] [--ids]
                 --trail PATH... [PATTERN]...

It prints the matching records, one a line, in the order read, or their event
ids with --ids.  Exit status: 0, 2 for a query that it cannot read, 3 when a
file could not be read as JSON.

It is written to be obviously right, not fast: JSON by the json module,
literals by the ast module, regular expressions by re (so a test keeps to what
re and PCRE2 have in common), and a small evaluator of RFC 9535 with the
additions from Goessner's original.  What re lacks, \p{...}, is missing here.
oracle_test.py imports it.
"""
import argparse
import ast
import datetime
import decimal
import gzip
import ipaddress
import json
import os
import re
import sys
import zlib

UTC = datetime.timezone.utc


class QueryError(Exception):
    """The query cannot be read."""


# --- JSON values -----------------------------------------------------------
#
# Objects are dict, arrays list, numbers int or Decimal (so that nothing is
# rounded), the rest as usual.  NOTHING is what RFC 9535 calls Nothing.

NOTHING = object()
DECODER = json.JSONDecoder(parse_float=decimal.Decimal)


def is_number(x):
    return isinstance(x, (int, decimal.Decimal)) and not isinstance(x, bool)


def same(x, y):
    """Deep equality.  A bool never equals a number."""
    if is_number(x) and is_number(y):
        return x == y
    if isinstance(x, list) and isinstance(y, list):
        return len(x) == len(y) and all(map(same, x, y))
    if isinstance(x, dict) and isinstance(y, dict):
        return x.keys() == y.keys() and all(same(x[k], y[k]) for k in x)
    return type(x) is type(y) and x == y


def less(x, y):
    """Numbers by value, strings by code point, all else not at all."""
    if is_number(x) and is_number(y):
        return x < y
    if isinstance(x, str) and isinstance(y, str):
        return x < y
    return False


# --- JSONPath --------------------------------------------------------------
#
# A path is parsed to a list of segments (descendant?, [selector, ...]).
# A selector is a function from (value, root) to the list of values selected.

BLANK = " \t\n\r"
NAME_FIRST = re.compile(r"[A-Za-z_\u0080-\ud7ff\ue000-\U0010ffff]")
NAME = re.compile(r"[A-Za-z_\u0080-\ud7ff\ue000-\U0010ffff]"
                  r"[0-9A-Za-z_\u0080-\ud7ff\ue000-\U0010ffff]*")
INT = re.compile(r"0|-?[1-9][0-9]*")
NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?")


class Path:
    """A parsed query, and where its text ends."""

    def __init__(self, text, pos):
        self.text = text
        self.pos = pos
        if not text.startswith("$", pos):
            raise QueryError("%r: a JSONPath starts with $" % text[pos:])
        self.pos += 1
        self.segments = self.read_segments()

    def select(self, root):
        return apply_segments(self.segments, root, root)

    # reading

    def fail(self, what):
        raise QueryError("%r at %d: %s expected" % (self.text, self.pos, what))

    def peek(self, s):
        return self.text.startswith(s, self.pos)

    def take(self, s):
        if self.peek(s):
            self.pos += len(s)
            return True
        return False

    def need(self, s):
        if not self.take(s):
            self.fail(repr(s))

    def blank(self):
        while self.pos < len(self.text) and self.text[self.pos] in BLANK:
            self.pos += 1

    def match(self, pattern):
        m = pattern.match(self.text, self.pos)
        if m:
            self.pos = m.end()
            return m.group()
        return None

    def read_segments(self):
        segments = []
        while True:
            end = self.pos
            self.blank()
            if self.take(".."):
                if self.peek("["):
                    segments.append((True, self.read_brackets()))
                else:
                    segments.append((True, [self.read_dot_name()]))
            elif self.take("."):
                segments.append((False, [self.read_dot_name()]))
            elif self.peek("["):
                segments.append((False, self.read_brackets()))
            else:
                self.pos = end
                return segments

    def read_dot_name(self):
        if self.take("*"):
            return wildcard
        name = self.match(NAME)
        if name is None:
            self.fail("a name or *")
        return member(name)

    def read_brackets(self):
        self.need("[")
        selectors = []
        while True:
            self.blank()
            selectors.append(self.read_selector())
            self.blank()
            if self.take("]"):
                return selectors
            self.need(",")

    def read_selector(self):
        if self.take("*"):
            return wildcard
        if self.peek("'") or self.peek('"'):
            return member(self.read_string())
        if self.take("?"):
            self.blank()
            return filtered(self.read_or())
        if self.peek("("):              # Goessner: [(@.length-1)]
            script = re.compile(r"\(\s*@\.length\s*-\s*([0-9]+)\s*\)")
            m = script.match(self.text, self.pos)
            if not m:
                self.fail("(@.length-N)")
            self.pos = m.end()
            return from_end(int(m.group(1)))
        name = self.match(NAME)         # Goessner: [name]
        if name is not None:
            return member(name)
        start = self.match(INT)
        mark = self.pos
        self.blank()
        if not self.take(":"):
            self.pos = mark
            if start is None:
                self.fail("a selector")
            return element(int(start))
        self.blank()
        stop = self.match(INT)
        step = None
        mark = self.pos
        self.blank()
        if self.take(":"):
            self.blank()
            step = self.match(INT)
        else:
            self.pos = mark
        return sliced(*(None if n is None else int(n)
                        for n in (start, stop, step)))

    def read_string(self):
        quote = self.text[self.pos]
        self.pos += 1
        body = ""
        while not self.take(quote):
            if self.pos >= len(self.text):
                self.fail(quote)
            c = self.text[self.pos]
            self.pos += 1
            if c != "\\":
                body += {'"': '\\"'}.get(c, c)
                continue
            c = self.text[self.pos:self.pos + 1]
            self.pos += 1
            body += "'" if c == "'" == quote else "\\" + c
        try:
            return json.loads('"' + body + '"')
        except ValueError:
            self.fail("a string")

    # filter expressions: each is a function from (current, root)

    def read_or(self):
        terms = [self.read_and()]
        while self.after_blank("||"):
            terms.append(self.read_and())
        return lambda cur, root: any(t(cur, root) for t in terms)

    def read_and(self):
        terms = [self.read_not()]
        while self.after_blank("&&"):
            terms.append(self.read_not())
        return lambda cur, root: all(t(cur, root) for t in terms)

    def after_blank(self, s):
        mark = self.pos
        self.blank()
        if self.take(s):
            self.blank()
            return True
        self.pos = mark
        return False

    def read_not(self):
        self.blank()
        if self.peek("!") and not self.peek("!="):
            self.pos += 1
            inner = self.read_not()
            return lambda cur, root: not inner(cur, root)
        if self.take("("):
            inner = self.read_or()
            self.blank()
            self.need(")")
            return inner
        return self.read_comparison()

    def read_comparison(self):
        kind, left = self.read_operand()
        mark = self.pos
        self.blank()
        for op in ("===", "!==", "==", "!=", "<=", ">=", "<", ">"):
            if self.take(op):
                break
        else:
            self.pos = mark
            if kind == "nodes":
                return lambda cur, root: len(left(cur, root)) > 0
            if kind == "logical":
                return left
            self.fail("a comparison")
        self.blank()
        left = as_value(kind, left)
        right = as_value(*self.read_operand())
        test = COMPARE[op[:2]]
        return lambda cur, root: test(left(cur, root), right(cur, root))

    def read_operand(self):
        if self.peek("@") or self.peek("$"):
            absolute = self.peek("$")
            self.pos += 1
            segments = self.read_segments()
            return "nodes", lambda cur, root: apply_segments(
                segments, root if absolute else cur, root)
        if self.peek("'") or self.peek('"'):
            text = self.read_string()
            return "value", lambda cur, root: text
        for word, value in (("true", True), ("false", False), ("null", None)):
            if self.take(word):
                return "value", lambda cur, root: value
        number = self.match(NUMBER)
        if number is not None:
            number = DECODER.decode(number)
            return "value", lambda cur, root: number
        m = re.compile(r"([a-z][a-z_0-9]*)\(").match(self.text, self.pos)
        if not m:
            self.fail("an operand")
        self.pos = m.end()
        args = []
        self.blank()
        while not self.take(")"):
            if args:
                self.need(",")
                self.blank()
            args.append(self.read_operand())
            self.blank()
        return self.call(m.group(1), args)

    def call(self, name, args):
        arity = {"length": 1, "count": 1, "value": 1, "match": 2, "search": 2}
        if arity.get(name) != len(args):
            self.fail("a function of RFC 9535 with its arguments")
        if name in ("count", "value"):
            kind, nodes = args[0]
            if kind != "nodes":
                self.fail("a query in " + name + "()")
            if name == "count":
                return "value", lambda cur, root: len(nodes(cur, root))
            return "value", as_value("nodes", nodes)
        a = as_value(*args[0])
        if name == "length":
            def length(cur, root):
                x = a(cur, root)
                return (len(x) if isinstance(x, (str, list, dict))
                        else NOTHING)
            return "value", length
        b = as_value(*args[1])
        whole = name == "match"

        def matches(cur, root):
            x, r = a(cur, root), b(cur, root)
            if not isinstance(x, str) or not isinstance(r, str):
                return False
            try:
                r = re.compile(iregexp(r))
            except re.error:
                return False
            return (r.fullmatch(x) if whole else r.search(x)) is not None
        return "logical", matches


def iregexp(text):
    """RFC 9485 to re: a dot outside of a class is neither \\n nor \\r."""
    out, in_class, i = "", False, 0
    while i < len(text):
        c = text[i]
        if c == "\\":
            c = text[i:i + 2]
            i += 1
        elif c == "[":
            in_class = True
        elif c == "]":
            in_class = False
        elif c == "." and not in_class:
            c = "[^\\n\\r]"
        i += 1
        out += c
    return out


def as_value(kind, f):
    if kind != "nodes":
        return f

    def only(cur, root):
        nodes = f(cur, root)
        return nodes[0] if len(nodes) == 1 else NOTHING
    return only


def equal(x, y):
    if x is NOTHING or y is NOTHING:
        return x is y
    return same(x, y)


COMPARE = {
    "==": equal,
    "!=": lambda x, y: not equal(x, y),
    "<": less,
    ">": lambda x, y: less(y, x),
    "<=": lambda x, y: less(x, y) or equal(x, y),
    ">=": lambda x, y: less(y, x) or equal(x, y),
}


def children(v):
    if isinstance(v, dict):
        return list(v.values())
    return list(v) if isinstance(v, list) else []


def wildcard(v, root):
    return children(v)


def member(name):
    return lambda v, root: ([v[name]] if isinstance(v, dict) and name in v
                            else [])


def element(i):
    def select(v, root):
        if not isinstance(v, list):
            return []
        n = i + len(v) if i < 0 else i
        return [v[n]] if 0 <= n < len(v) else []
    return select


def from_end(k):
    def select(v, root):
        if not isinstance(v, list) or not 0 <= len(v) - k < len(v):
            return []
        return [v[len(v) - k]]
    return select


def sliced(start, stop, step):
    def select(v, root):
        if not isinstance(v, list) or step == 0:
            return []
        return v[start:stop:step]
    return select


def filtered(test):
    return lambda v, root: [c for c in children(v) if test(c, root)]


def descendants(v):
    yield v
    for c in children(v):
        yield from descendants(c)


def apply_segments(segments, v, root):
    nodes = [v]
    for descend, selectors in segments:
        found = []
        for n in nodes:
            for d in descendants(n) if descend else (n,):
                for select in selectors:
                    found += select(d, root)
        nodes = found
    return nodes


# --- match expressions -----------------------------------------------------

OPS = re.compile(r"==|!=|<=|>=|<|>|(?:regex|in|glob|cidr)\b")
WORD = re.compile(r"[A-Za-z_]+")
STRING = re.compile(
    r"(?i:[ru]?)(?:'''(?:[^\\]|\\.)*?'''|\"\"\"(?:[^\\]|\\.)*?\"\"\""
    r"|'(?:[^'\\\n]|\\.)*'|\"(?:[^\"\\\n]|\\.)*\")", re.S)
SCALAR = re.compile(r"[-+]?\s*[0-9A-Za-z_.]+(?:(?<=[0-9.][eE])[-+][0-9]+)?")


def literal_end(text, pos):
    """Where the Python literal at pos ends."""
    start, depth = pos, 0
    while pos < len(text):
        m = STRING.match(text, pos)
        if m:
            pos = m.end()
        elif text[pos] in "([{":
            depth += 1
            pos += 1
        elif text[pos] in ")]}":
            depth -= 1
            pos += 1
        elif depth and text[pos] in ",: \t\n\r":
            pos += 1
            continue
        else:
            m = SCALAR.match(text, pos)
            if not m:
                break
            pos = m.end()
        if depth == 0:
            return pos
    raise QueryError("%r: a literal expected" % text[start:])


def literal(text):
    """A Python literal, or JSON's words, as a JSON value."""
    try:
        tree = ast.parse(text.strip(), mode="eval").body
    except SyntaxError as e:
        raise QueryError("%r: %s" % (text, e))

    def value(node):
        if isinstance(node, ast.Constant):
            v = node.value
            if isinstance(v, float):        # as written, not as a double
                return decimal.Decimal(ast.get_source_segment(
                    text.strip(), node).replace("_", ""))
            if v is None or isinstance(v, (str, bool, int)):
                return v
        elif isinstance(node, (ast.List, ast.Tuple)):
            return [value(x) for x in node.elts]
        elif isinstance(node, ast.Dict):
            return {value(k): value(v)
                    for k, v in zip(node.keys, node.values)}
        elif isinstance(node, ast.Name) and node.id in ("true", "false",
                                                        "null"):
            return {"true": True, "false": False, "null": None}[node.id]
        elif isinstance(node, ast.UnaryOp):
            v = value(node.operand)
            if is_number(v) and isinstance(node.op, (ast.USub, ast.UAdd)):
                return -v if isinstance(node.op, ast.USub) else v
        raise QueryError("%r: not a literal of ours" % text)
    return value(tree)


def address(text):
    try:
        return ipaddress.ip_address(text)
    except ValueError:
        return None


def operator(op, want):
    """The test of one node against the literal."""
    if op in ("regex", "glob", "cidr") and not isinstance(want, str):
        raise QueryError("%s wants a string" % op)
    if op == "regex":
        r = re.compile(want)
        return lambda x: isinstance(x, str) and r.search(x) is not None
    if op == "glob":
        r = glob(want)
        return lambda x: isinstance(x, str) and r.fullmatch(x) is not None
    if op == "cidr":
        net = ipaddress.ip_network(want)

        def inside(x):
            a = address(x) if isinstance(x, str) else None
            return a is not None and a.version == net.version and a in net
        return inside
    if op == "in":
        if not isinstance(want, list):
            raise QueryError("in wants a list")
        return lambda x: any(same(x, w) for w in want)
    return {
        "==": lambda x: same(x, want),
        "!=": lambda x: not same(x, want),
        "<": lambda x: less(x, want),
        ">": lambda x: less(want, x),
        "<=": lambda x: less(x, want) or (ordered(x, want) and same(x, want)),
        ">=": lambda x: less(want, x) or (ordered(x, want) and same(x, want)),
    }[op]


def ordered(x, y):
    return (is_number(x) and is_number(y)
            or isinstance(x, str) and isinstance(y, str))


def glob(text, flags=0):
    """* any run of characters, ? any one, all else itself."""
    return re.compile("".join({"*": ".*", "?": "."}.get(c, re.escape(c))
                              for c in text), re.S | flags)


class Expression:
    """A match expression, as a function of an event."""

    def __init__(self, text):
        self.text = text
        self.pos = 0
        if text.strip() == "":
            self.test = lambda event: True
            return
        self.test = self.read_or()
        self.blank()
        if self.pos != len(text):
            self.fail("the end")

    def fail(self, what):
        raise QueryError("%r at %d: %s expected" % (self.text, self.pos, what))

    def blank(self):
        while self.pos < len(self.text) and self.text[self.pos].isspace():
            self.pos += 1

    def word(self, w):
        self.blank()
        m = WORD.match(self.text, self.pos)
        if m and m.group() == w:
            self.pos = m.end()
            return True
        return False

    def read_or(self):
        terms = [self.read_and()]
        while self.word("or"):
            terms.append(self.read_and())
        return lambda event: any(t(event) for t in terms)

    def read_and(self):
        terms = [self.read_not()]
        while self.word("and"):
            terms.append(self.read_not())
        return lambda event: all(t(event) for t in terms)

    def read_not(self):
        if self.word("not"):
            inner = self.read_not()
            return lambda event: not inner(event)
        if self.text.startswith("(", self.pos):
            self.pos += 1
            inner = self.read_or()
            self.blank()
            if not self.text.startswith(")", self.pos):
                self.fail(")")
            self.pos += 1
            return inner
        return self.read_test()

    def read_test(self):
        path = Path(self.text, self.pos)
        self.pos = path.pos
        self.blank()
        m = OPS.match(self.text, self.pos)
        if not m:
            return lambda event: len(path.select(event)) > 0
        self.pos = m.end()
        self.blank()
        end = literal_end(self.text, self.pos)
        holds = operator(m.group(), literal(self.text[self.pos:end]))
        self.pos = end
        return lambda event: any(holds(n)
                                 for n in path.select(event) or [None])


# --- action patterns -------------------------------------------------------

SUFFIXES = (".amazonaws.com", ".amazonaws.com.cn")
ALIASES = {                     # IAM prefix: event sources without the suffix
    "cloudwatch": ("monitoring",),
    "appstream": ("appstream2",),
    "lex": ("models.lex", "runtime.lex"),
    "mechanicalturk": ("mturk-requester",),
    "dynamodb": ("streams.dynamodb",),
    "tag": ("tagging",),
}
VERSION = re.compile(r"[0-9v_]+$")  # behind names of the services that write it
VERSIONED = re.compile(r"(lambda|cloudfront)(\.amazonaws\.com(\.cn)?)?$", re.I)


class Pattern:
    """service:Action, as a function of an event."""

    def __init__(self, text):
        service, colon, action = text.rpartition(":")
        self.services = None
        if colon:
            service = service.lower()
            for suffix in SUFFIXES:
                if service.endswith(suffix):
                    service = service[:-len(suffix)]
            names = (service,) + ALIASES.get(service, ())
            self.services = [glob(n, re.I) for n in names]
        self.action = glob(action, 0 if re.search("[A-Z]", action) else re.I)

    def __call__(self, event):
        source, name = event.get("eventSource"), event.get("eventName")
        if not isinstance(name, str):
            return False
        if self.services is not None:
            if not isinstance(source, str):
                return False
            for suffix in SUFFIXES:
                if source.endswith(suffix):
                    source = source[:-len(suffix)]
            if not any(s.fullmatch(source) for s in self.services):
                return False
        names = [name]
        if VERSIONED.match(event.get("eventSource") or ""):
            names.append(VERSION.sub("", name))
        return any(self.action.fullmatch(n) for n in names)


# --- times -----------------------------------------------------------------

WHEN = re.compile(r"(\d{4})-(\d\d)-(\d\d)(?:[ T](\d\d):(\d\d)(?::(\d\d)"
                  r"(\.\d+)?)?)?(Z|[+-]\d\d:\d\d)?$")


def when(text):
    """A time as an exact number of seconds since 1970."""
    if text.startswith("@"):
        return decimal.Decimal(text[1:])
    m = WHEN.match(text)
    if not m:
        raise QueryError("%r: a time expected" % text)
    t = datetime.datetime(*(int(g or 0) for g in m.groups()[:6]), tzinfo=UTC)
    seconds = decimal.Decimal(int(t.timestamp()))
    seconds += decimal.Decimal("0" + (m.group(7) or ""))
    zone = m.group(8)
    if zone and zone != "Z":
        ahead = int(zone[1:3]) * 3600 + int(zone[4:6]) * 60
        seconds += -ahead if zone[0] == "+" else ahead
    return seconds


# --- trails ----------------------------------------------------------------

class Record:
    """One event: its value, and its bytes as one line."""

    def __init__(self, value, raw):
        self.value = value
        self.raw = one_line(raw) if "\n" in raw or "\r" in raw else raw


TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|[^\s"]+|\s+')


def one_line(text):
    """The same JSON without insignificant white space."""
    return "".join(t for t in TOKEN.findall(text) if not t.isspace())


def skip(text, pos):
    while pos < len(text) and text[pos] in BLANK:
        pos += 1
    return pos


def elements(text, pos):
    """(value, raw) of each element of the array at pos."""
    pos = skip(text, pos + 1)
    while text[pos] != "]":
        value, end = DECODER.raw_decode(text, pos)
        yield value, text[pos:end]
        pos = skip(text, end)
        if text[pos] == ",":
            pos = skip(text, pos + 1)


def members(text, pos):
    """(name, value, where the value starts) of the object at pos."""
    pos = skip(text, pos + 1)
    while text[pos] != "}":
        name, pos = DECODER.raw_decode(text, pos)
        pos = skip(text, skip(text, pos) + 1)
        value, end = DECODER.raw_decode(text, pos)
        yield name, value, pos
        pos = skip(text, end)
        if text[pos] == ",":
            pos = skip(text, pos + 1)


def records_of(text):
    """The records in the text of one file: JSON values one after another."""
    pos = skip(text, 0)
    while pos < len(text):
        value, end = DECODER.raw_decode(text, pos)
        if isinstance(value, list):
            for v, raw in elements(text, pos):
                yield Record(v, raw)
        elif isinstance(value, dict) and isinstance(value.get("Records"),
                                                    list):
            for name, v, at in members(text, pos):
                if name == "Records":
                    for v, raw in elements(text, at):
                        yield Record(v, raw)
        elif isinstance(value, dict) and isinstance(value.get("Events"),
                                                    list):
            for e in value["Events"]:
                raw = e["CloudTrailEvent"]
                yield Record(DECODER.decode(raw), raw)
        elif isinstance(value, dict) and "digestStartTime" in value:
            pass
        elif isinstance(value, dict):
            yield Record(value, text[pos:end])
        else:
            raise ValueError("a JSON value that is no event")
        pos = skip(text, end)


def files_of(path):
    """The files at or below a path, a folder's entries in byte order."""
    if not os.path.isdir(path):
        yield path
        return
    for name in sorted(os.listdir(os.fsencode(path))):
        yield from files_of(os.path.join(os.fsencode(path), name))


def read(path, bad=None):
    """All records at a path.  Files that are not JSON go to the list bad."""
    records = []
    for name in files_of(path):
        with open(name, "rb") as f:
            data = f.read()
        try:
            if data[:2] == b"\x1f\x8b":
                data = gzip.decompress(data)
            records += records_of(data.decode("utf-8"))
        except (ValueError, EOFError, OSError, zlib.error) as e:
            if bad is None:
                raise ValueError("%s: %s" % (os.fsdecode(name), e))
            bad.append(os.fsdecode(name))
    return records


# --- the program -----------------------------------------------------------

class Query:
    def __init__(self, patterns=(), matches=(), since=None, until=None,
                 limit=None):
        self.patterns = [Pattern(p) for p in patterns]
        self.matches = [Expression(m) for m in matches]
        self.since = None if since is None else when(since)
        self.until = None if until is None else when(until)
        self.limit = limit

    def holds(self, event):
        if self.patterns and not any(p(event) for p in self.patterns):
            return False
        if not all(m.test(event) for m in self.matches):
            return False
        if "eventTime" not in event:            # kept by any window
            return True
        at = when(event["eventTime"])
        return ((self.since is None or self.since <= at)
                and (self.until is None or at <= self.until))

    def run(self, records):
        found = [r for r in records if self.holds(r.value)]
        return found if self.limit is None else found[:self.limit]


def arguments():
    ap = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    ap.add_argument("--from", dest="since")
    ap.add_argument("--to", dest="until")
    ap.add_argument("-m", "--match", action="append", default=[])
    ap.add_argument("-n", "--limit", type=int)
    ap.add_argument("--trail", action="append", default=[])
    ap.add_argument("--ids", action="store_true")
    ap.add_argument("pattern", nargs="*")
    return ap


def query(argv):
    """The query of a command line, and the line's other arguments."""
    a = arguments().parse_intermixed_args(argv)
    return Query(a.pattern, a.match, a.since, a.until, a.limit), a


def main():
    try:
        q, a = query(sys.argv[1:])
    except QueryError as e:
        print("oracle.py: " + str(e), file=sys.stderr)
        return 2
    bad = []
    records = [r for path in a.trail for r in read(path, bad)]
    for r in q.run(records):
        line = str(r.value.get("eventID")) if a.ids else r.raw
        sys.stdout.buffer.write(line.encode() + b"\n")
    for name in bad:
        print("oracle.py: %s: not JSON" % name, file=sys.stderr)
    return 3 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
