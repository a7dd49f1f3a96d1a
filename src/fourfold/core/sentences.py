"""Where sentences begin and end in German and English text."""

import re

# What may end a sentence, with the quotes, brackets and citation marks that still belong to it.
# Possessive, and never started within a run of marks: the time must not grow with its square.
_END = re.compile(
    r"(?<![.!?…])[.!?…]++[\"'“”„«»‹›’‘)\]]*+(?:\s?\[\d{1,3}\]){0,9}+(?=\s|$)|[。！？]++[」』”）]*+"
)
_LINE = re.compile(r"[^\n\r\f\v\u2028\u2029\x85]+")
_WORD = re.compile(r"[^\W\d_]+(?:[.’'-][^\W\d_]+)*|\d+")
_OPENING = " \t\"'“”„«»‹›’‘(["
_LOOK_BACK = 40  # characters; longer words than that are no abbreviations


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_MONTHS = _words(
    "januar jänner februar märz april mai juni juli august september oktober november dezember "
    "january february march may june july october december "
    "jan feb mär mar apr jun jul aug sep sept okt oct nov dez dec"
)
# A name, a number or a noun follows these, never a new sentence.
_NEVER_LAST = _words(
    "abb abs anm bd bsp bspw bzgl bzw ca dgl dipl dr evtl exkl ggf ggfs gem geb hr hrn ing "
    "inkl insb jh kap lt mind mio mrd nr prof rd resp röm sog st stellv str tab tel teilw "
    "tgl tsd u.a vgl verf vorm zt ztr zw zzgl zzt z.b d.h i.d.r o.g s.o s.u u.u v.a z.t "
    "approx dept ed eds e.g eq est excl fig figs gen gov i.e incl mr mrs ms messrs mt nos op pp "
    "rev sen sgt viz vol vs cf capt col lt"
)
# These end a sentence now and then: only when a word follows that likes to begin one.
_SELDOM_LAST = _words(
    "art no max usw etc uswf ff co corp inc ltd bros jr sr a.m p.m u.s u.k a.d b.c m.e ph.d std "
    "sek min uvm mon tue wed thu fri sat sun"
) | (_MONTHS - {"mai", "may", "märz", "april", "juni", "juli", "august", "march", "june", "july"})
_BEFORE_ORDINAL = _words(
    "am im der die das den dem des vom zum zur bis ab seit jeder jede jedes jeden ein eine einen "
    "einem einer ihr ihre ihrem ihren sein seine unser unsere beim und oder als"
)
_STARTERS = _words(
    "der die das den dem des ein eine einen einem einer dies diese dieser dieses es er sie wir ich "
    "ihr man in im bei beim am an auf aus für mit nach ohne seit von vor wenn falls ob danach dann "
    "dabei dafür dazu damit daher deshalb außerdem bitte alle jede jeder kein keine nicht nur auch "
    "aber und oder was wer wie wo wann warum so zum zur bis sobald weil da hier ist sind hat "
    "the a an this that these those it he she we you they i if when while for from on at to of "
    "by with without after before then there here all each no not only but and or what who how "
    "where why our your their its his her please is are has have as also however"
)
_FULL_MONTHS = frozenset(month for month in _MONTHS if len(month) > 2)


def split_sentences(text: str) -> list[tuple[int, int]]:
    """Give the spans `(start, end)` of the sentences, in order and without surrounding blanks.

    A line break ends a sentence: parsers join wrapped lines, so a line is a row, a list item or
    a heading. Abbreviations (`z. B.`, `e.g.`), ordinals and dates (`am 3. März`), initials and
    list numbers do not end one. A citation mark after the full stop belongs to the sentence.
    Takes time in proportion to the text, whatever stands in it.
    """
    spans: list[tuple[int, int]] = []
    for line in _LINE.finditer(text):
        start, line_end = line.span()
        for mark in _END.finditer(text, start, line_end):
            if mark.start() >= start and _ends_sentence(text, line.start(), mark, line_end):
                _append(spans, text, start, mark.end())
                start = mark.end()
        _append(spans, text, start, line_end)
    return spans


def _append(spans: list[tuple[int, int]], text: str, start: int, end: int) -> None:
    sentence = text[start:end]
    stripped = sentence.strip()
    if stripped:
        first = start + len(sentence) - len(sentence.lstrip())
        spans.append((first, first + len(stripped)))


def _ends_sentence(text: str, line_start: int, mark: re.Match[str], line_end: int) -> bool:
    if text[mark.start()] in "。！？":
        return True
    following = text[mark.end() : min(mark.end() + _LOOK_BACK, line_end)].lstrip(_OPENING)
    if following[:1].islower():
        return False
    if text[mark.start()] != "." or mark.group().startswith(".."):
        return True
    before = text[max(line_start, mark.start() - _LOOK_BACK) : mark.start()]
    return _full_stop_ends(before, following)


def _full_stop_ends(before: str, following: str) -> bool:
    """Judge a full stop by the word before it and the word after it."""
    words = before.split()
    word = words[-1].strip("\"'“”„«»‹›’‘()[]{},;:–—-/").casefold() if words else ""
    next_word = _WORD.match(following)
    next_text = next_word.group().casefold() if next_word else ""
    begins_well = next_text in _STARTERS
    if word.isdigit():
        return _number_ends(word, words[:-1], next_text, begins_well=begins_well)
    if word in _NEVER_LAST:
        return False
    if len(word) == 1 and word.isalpha():  # `J. Smith`, `z. B.`; but `Klasse A. Das Gerät …`
        spelled = len(words) > 1 and words[-2].endswith(".") and len(words[-2]) <= 3
        return begins_well and not spelled and words[-1].isupper()
    if word in _SELDOM_LAST or _is_dotted(word):
        return begins_well
    return True


def _number_ends(number: str, words: list[str], next_text: str, *, begins_well: bool) -> bool:
    """Tell `am 3. März` and `1. Einleitung` from a sentence that ends with a number."""
    if len(number) > 2:
        return True
    if not words or next_text in _FULL_MONTHS:
        return False
    return begins_well or words[-1].casefold() not in _BEFORE_ORDINAL


def _is_dotted(word: str) -> bool:
    """True for `u.a`, `e.g`, `v.i.s.d.p`: single letters with full stops between them."""
    return "." in word and all(len(part) <= 2 and part.isalpha() for part in word.split("."))
