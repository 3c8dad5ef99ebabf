"""Sentences that ask nothing: how to answer, who asks, where a problem is from.

`kernels/layout_edges` takes instructions from the edges of a text if it knows all of
their words. Here another text lies beside, which has the same problem without the
sentence, and that lets other words pass. A sentence that speaks of answering, or of who
asks, and has no number, no sign, no word that turns a problem round and no word of the
problem itself, changes nothing about it.
"""

import re
from itertools import pairwise

from pipeline.dedup.remark_words import CUE, YOU, remark_lists
from pipeline.kernels.spelled_words import split

# A sentence, or what stands in brackets between two.
END = r"(?<=[.!?。！？…])[\"'”’)\]*_]*[ \t]+|\s*\n\s*|(?<=[。！？])"
BRACKETS = (
    r"(?:(?<=^)|(?<=[.?!。？！\n]))\s*"
    r"[(\[（【](?!/?url)[^()\[\]（）【】\n]{2,120}[)\]）】]"
)
OPENING = r"\A[^:\n`()\[\]{}$]{4,160}:\s+(?=.{24})"
# What a sentence may hold that is no sign of a problem.
FORMS = (
    r"\$\s*\\text\w*\{([^{}$]*)\}\s*\$|\[url\b[^\]]*\].*?\[/url\]|"
    r"\\(?:boxed|fbox|text\w*|math\w+)\b|</?\w+>|```\w*|`[^`\n]*`"
    r"|(?:at (?:most|least)|up to|about|no more than|exactly)?[ ]?\d+(?:-\d+)?"
    r"[ -]"
    r"(?:words?|sentences?|lines|paragraphs?|characters|tokens)\b"
    r"|ordered (?:pair|triple)s? (?:of the form )?\$?\([^()\n]{1,20}\)\$?"
    r"|\[/?\w+[^\]\n]*\]|\{\s*\}|[*_#]{1,3}(?=\w)|(?<=\w)[*_]{1,2}"
)
SIGN = re.compile(r"[\d=<>^+$\\/|√∑∫%€£¥°±×÷·∈≤≥→]")
WORD = re.compile(r"[^\W\d_]+")
SHORTENED = r"['’](?:m|s|d|t|ll|ve|re)\b|\b(?:[cdjlmnst]|qu)['’](?=\w)"
SOLVE_THIS = re.compile(
    r"\b(?:solve|answer|approach|prove|show) (?:this|it|these|that)\b|"
    r"\byou (?:may|can|might|could) (?:use|leave|express|write|give)\b|"
    r"\bhere(?: i)?s?\b.*\b(?:one|problem|question|puzzle|riddle)\b|"
    r"\A\W*(?:(?:answer|output|response) )?format\W*:"
)
# Who is asked, in what role.
ROLE = re.compile(
    r"\b(?:you(?: are|['’]re| will be| have been)|your|act as|imagine|pretend|as an?)\b"
    r".*\b(?:role|assistant|tutor|expert|teacher|coach|professor|student|mathematician|"
    r"solver|programmer|engineer|scientist|model|chatbot|given|asked)s?\b"
)
THEY = {*split("it its them they their he him his she her hers these those both each")}
BEHIND_ROLE = re.compile(r"\b(?:in|to|by|en|em|à|в|на|auf|with) (?=([^\W\d_]+))")
BEHIND = re.compile(
    r"\b(?:in|to|as|by|for|of|en|em|à|в|на|auf|with|an?|the|its|those|each|every|some) "
    r"(?=([^\W\d_]+))"
)
# Words that turn a problem round, but not in a sentence on answering.
HARMLESS = {*split("not no only all any last final correct output input end start or")}
RULES = {*split("must should shall cannot can't need needs has")}
REPLY = {*split("answer answers response reply")}
LONGEST_CRY = 4  # words of a cry that nothing else tells for a remark
MINE = "i my me mine myself ich mein meine moi je mon mi mis yo io mio eu meu мне мой"
ME = {*split(MINE)}
# The same in scripts that part no words, and what says there how to answer.
WIDE = re.compile(r"[\u3040-\u30ff\u4e00-\u9fff\uac00-\ud7af]")
WIDE_CUE = re.compile(
    "步|推理|思考|答案|解答|回答|作答|过程|考え|答え|説明|ステップ|단계|풀이|답을|답하"
)
WIDE_ASK = re.compile(
    "米|里|克|升|分|秒|时|円|元|単位|单位|小数|整数|四捨|四舍|保留|近似|约|余|如果|若|"
    "最大|最小|和|差|积|商|不|没|无|非|只|仅|都|全|每|各|除|半|倍|ない|だけ|すべて|않|없|만|모두|"
    "センチ|メートル|グラム|もし|반올림|단위|만약|나머지"
)
# Notes on the samples of a task for programs, and on what signs mean.
SAMPLE = re.compile(r"(?i)\b(?:in|for) the (?:\w+ ){0,2}(?:sample|example|test)s?\b")
DEFINES = re.compile(
    r"(?is)[(\[\s*]*(?:note|here|recall)\b.*\b(?:denotes?|refers? to|represents?|"
    r"stands for|means)\b"
)
# A unit in brackets; types in the head of a function, and the word in front of it.
TYPE = (
    r"(?:str|int|float|bool|list|dict|set|tuple|None|[A-Z][a-z]+)\b(?:\[[\w\[\], ]*\])?"
)
ALONE = (
    r"(?i:\s*\((?:(?:answers? )?in|units?:) [^()\n]{1,24}\))"
    rf"|(?<=\w):[ ]?{TYPE}(?=[ ]?[,)=])|[ ]?->[ ]?{TYPE}|\bdef (?=\w+\([^()\n]*\))"
)
# What may stand in front of one text: its number, a source, a title, a label.
NUMBER = (
    r"(?i)\s*(?:\[\w+\])?[*_#(★☆]*(?:(?:problem|question|exercise|example|task|no|q|ex)"
    r"\.?[ ]?)?[A-Za-z]{0,2}[-.]?\d{1,3}(?:\.\d{1,2})*(?:[.):：]|[ ]?\([a-h]\))"
    r"(?:\[/\w+\])?[*_)]*\s+"
    r"(?=[^\s\d])"
)
SOURCE = (
    r"\s*[(\[（【](?:(?:[^\W\d_a-z][^\W\d_]*+|of|the|and|for|de|der|des|du|del|di|la)"
    r"(?:[\s·.,/:&'’-]++|(?=[\d)\]）】]))|\d[\d.]*+[\s·.,/:-]*+)+[)\]）】]\s*"
)
TITLE = (
    r"\s*[#*_ ]*(?:[A-Za-z]{0,9}[ ]?\d{1,3}[ ]*[-–:.][ ]*)?"
    r"((?:[^\W\d_][\w'’-]*+[ ]?){1,6})[*_:]*[ ]*\n\s*"
)
LABEL = r"\s*[*_]*([A-Z][a-z]+(?: [a-z]+)?)[*_]*:[*_]*\s+"
LEAD = r"\s*((?:[A-Z][\w’'-]*[ ]?\d{0,2}[,;.–-]?[ ]?){1,5}):\s+"
ASKED = r"(?i)\s*q(?:uestion)?\.?[ ]?\d{1,3}[.):]?\s+(?=[^\s–-])"
FRONTS = (NUMBER, ASKED, SOURCE, TITLE, LABEL, LEAD)
# What may stand behind one: its marks, a test of the program that is asked for.
BACKS = (
    r"\s*(?:--|[—–-])[ ]*[A-Z]{2,}[A-Za-z0-9 ,.]{0,30}(?:19|20)\d\d[.)]*\s*\Z",
    r"\s*[(\[]\d{1,2}[)\]]\s*\Z",
    r"(?s)\s+(?:>>> )?assert\b[^.?!]*\(.*\Z",
)
LEAST_REST = 12  # letters and digits that must be left
STATED = 40  # of these, as many must be those of the other text below a label
STEM = 4  # letters by which a word of the problem is known again


def drop_remarks(left: str, right: str, trust: int = 0) -> tuple[str, str]:
    """Both texts less the sentences that one has alone and that ask nothing.

    If both have such sentences, those with words that no list knows stay. With `trust`,
    1 where the answers agree and 2 where they are rare, too, a sentence need not speak
    of answering, and with 2 it may speak of what the problem speaks of.

    >>> drop_remarks("Hi, I am stuck. Find the sum 2 + 3.", "Find the sum 2 + 3.")
    ('Find the sum 2 + 3.', 'Find the sum 2 + 3.')
    """
    found = [_find_remarks(left, right, trust), _find_remarks(right, left, trust)]
    if all(any(not known for _, _, known in side) for side in found):
        found = [[one for one in side if one[2]] for side in found]
    texts = []
    for text, spans in zip((left, right), found, strict=True):
        rest = text
        for begin, end, _ in reversed(spans):
            rest = f"{rest[:begin]} {rest[end:]}"
        texts.append(rest.strip() if len(_squeeze(rest)) >= LEAST_REST else text)
    return texts[0], texts[1]


def drop_titles(left: str, right: str) -> tuple[str, str]:
    """Both texts less a title, a number or a source with a year, in front of one alone.

    >>> drop_titles("[Rome 2011] Is 7 a prime number?", "Is 7 a prime number?")
    ('Is 7 a prime number?', 'Is 7 a prime number?')
    """
    texts = [left, right]
    for side in (0, 1):
        text, other = texts[side], _squeeze(texts[1 - side])
        for pattern in FRONTS * 2:
            found = re.match(pattern, text)
            if not found or other.startswith(_squeeze(found[0])):
                continue
            rest = text[found.end() :]
            is_sure = pattern in (NUMBER, ASKED) or _is_title(found[0], rest)
            if pattern in (LABEL, LEAD):
                is_sure &= other.startswith(_squeeze(rest)[:STATED])
            if is_sure and len(_squeeze(rest)) >= LEAST_REST:
                text = rest
        for pattern in BACKS:
            found = re.search(pattern, text)
            if found and not re.search(pattern, texts[1 - side]):
                rest = text[: found.start()]
                text = rest if len(_squeeze(rest)) >= LEAST_REST else text
        texts[side] = text
    return texts[0], texts[1]


def _is_title(title: str, rest: str) -> bool:
    """Whether words of a first line are none that a problem needs, or come again."""
    lists = remark_lists()
    stems = {word[:STEM] for word in WORD.findall(rest.lower())}
    return all(
        word[:STEM] in stems
        or not (word in lists.numbers | lists.asks or lists.turns_round(word))
        for word in WORD.findall(title.lower())
    )


def drop_alone(left: str, right: str) -> tuple[str, str]:
    """Both texts less a unit in brackets, or types, that one alone asks for."""
    if bool(re.search(ALONE, left)) == bool(re.search(ALONE, right)):
        return left, right
    return re.sub(ALONE, "", left), re.sub(ALONE, "", right)


def _find_remarks(text: str, other: str, trust: int) -> list[tuple[int, int, bool]]:
    """(begin, end, whether all words are known) of the remarks that `other` lacks."""
    spans, squeezed = _split(text), _squeeze(other)
    alone = [
        (begin, end)
        for begin, end in spans
        if _squeeze(text[begin:end]) and _squeeze(text[begin:end]) not in squeezed
    ]
    rest = "".join(text[b:e] + "\n" for b, e in spans if (b, e) not in alone)
    stems = {word[:STEM] for word in WORD.findall(rest.lower()) if len(word) > 3}
    is_told = bool((ME | YOU) & {*WORD.findall(f"{rest} {other}".lower())})
    out = []
    for begin, end in alone:
        found = _is_remark(text[begin:end], stems, trust, is_told=is_told)
        if found is not None:
            out.append((begin, end, found))
    return out


def _split(text: str) -> list[tuple[int, int]]:
    """Where sentences, lines, remarks in brackets and a lead with a colon are."""
    cuts = {0, len(text)}
    for pattern in (END, BRACKETS, OPENING):
        for found in re.finditer(pattern, text):
            cuts |= {found.end()} if pattern != BRACKETS else {*found.span()}
    places = sorted(cuts)
    return list(pairwise(places))


def _squeeze(text: str) -> str:
    return re.sub(r"[\W_]+", "", text.lower())


def _is_remark(
    sentence: str, stems: set[str], trust: int, *, is_told: bool
) -> bool | None:
    """Whether all words of a remark are known; None for what is no remark.

    `stems` begin the words of the problem; `is_told` where it speaks of me.
    """
    is_trusted = trust > 0 and _states_nothing(sentence)
    if SAMPLE.search(sentence) or DEFINES.match(sentence) or (is_trusted and trust > 1):
        return False
    plain = re.sub(FORMS, lambda found: found[1] or " ", sentence)
    if SIGN.search(plain):
        return None
    if WIDE.search(plain):
        is_cued = WIDE_CUE.search(plain) and not WIDE_ASK.search(plain)
        return False if is_cued else None
    lists = remark_lists()
    small = re.sub(SHORTENED, "", plain.lower())
    words = WORD.findall(small)
    if not words:
        return True if plain != sentence else None  # [url=…]link[/url]
    is_talk = any(word in lists.talk for word in words)
    is_role = not is_told and ROLE.search(plain.lower()) is not None
    is_mine = not is_told and any(word in ME for word in words)
    is_cry = plain.rstrip(" \n*_\"'").endswith(("!", "！"))
    is_cued = any(word in lists.cues or word[:CUE] in lists.cue_stems for word in words)
    is_cued |= SOLVE_THIS.search(small) is not None
    is_cued |= is_role and not THEY & {*words}
    if not (is_talk or is_mine or is_cry or is_cued or is_trusted):
        return None
    known = lists.says | lists.talk
    others = [w for w in words if not (w in known or w[:CUE] in lists.cue_stems)]
    if others and not (is_talk or is_mine or is_cry or lists.english & {*words}):
        return None
    if not others:
        return is_cued and not is_talk
    if _may_tell(words, others, stems):
        return None
    behind = {
        *(BEHIND_ROLE if is_role or is_talk else BEHIND).findall(small)
    } - lists.plain
    if behind & {*others} and not (is_mine or is_trusted):
        return None  # in minutes, with a counterexample, the case of twins
    is_only_cry = not (is_talk or is_mine or is_cued or is_trusted)
    return None if is_only_cry and len(words) > LONGEST_CRY else False


def _states_nothing(sentence: str) -> bool:
    """Whether a sentence has no number or sign, limits nothing, and asks nothing."""
    plain = re.sub(rf"{FORMS}|https?://\S+", lambda found: found[1] or " ", sentence)
    plain = plain.rstrip(" \n*_\"'")
    words, lists = WORD.findall(re.sub(SHORTENED, "", plain.lower())), remark_lists()
    if not words or SIGN.search(plain) or plain.endswith(("?", "？", ",")):
        return False
    if WIDE.search(plain):
        return not WIDE_ASK.search(plain)
    is_english = bool(lists.english & {*words})
    return not (
        words[0] in lists.orders
        or any(len(word) == 1 and word not in "aiàyoеи" for word in words)
        or any(
            word in lists.numbers | lists.limits | lists.asks
            or (not is_english and lists.turns_round(word))
            for word in words
        )
    )


def _may_tell(words: list[str], others: list[str], stems: set[str]) -> bool:
    """Whether a sentence of `words`, of which no list knows `others`, tells a datum."""
    lists = remark_lists()
    neutral = lists.plain | lists.cues | lists.talk | YOU
    return (
        any(len(word) == 1 and word != "i" for word in others)
        or any(word in lists.numbers | lists.asks for word in others)
        or any(len(w) > 3 and w[:STEM] in stems and w not in neutral for w in words)
        or any(
            lists.turns_round(w) and w not in HARMLESS | lists.cues | lists.talk
            for w in words
        )
        or bool(RULES & {*words} and not REPLY & {*words})
    )
