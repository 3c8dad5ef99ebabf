r"""How an answer is announced, in the languages that models write.

An announcement is a word for "answer" and what ties it to the answer: a verb, a colon,
an equals sign ("The answer is", "Antwort:", "答案是"). A strong one names the final or
the correct answer and so outweighs a box before it.
"""

import re
from collections.abc import Iterator

LATIN = (
    r"(?:final |correct |right )?(?:answers?|ans)|r[ée]ponse(?: finale)?"
    r"|(?:die )?(?:richtige )?antwort|respuesta(?: final)?|resposta(?: final)?"
    r"|risposta(?: finale)?|antwoord|odpowied[źz]|cevap|jawaban(?:nya)?|svaret?|vastaus"
    r"|odpov[ěe][ďd]|r[ăa]spuns(?:ul)?|v[áa]lasz|đ[áa]p [áa]n|c[âa]u tr[ảa] l[ờo]i"
)
# These words head a solution as well: only a verb behind them announces an answer.
WEAK = r"result|solution|ergebnis|l[öo]sung|resultado|risultato|wynik|sonu[çc]|kết quả"
VERBS = (
    r"\b(?:is|are|was|would be|must be|should be|equals?|becomes|comes out (?:to|as)"
    r"|est|ist|lautet|es|[éeè]|sono|adalah|[äa]r|on|je|este|l[àa]|to)\b"
)
CYRILLIC = r"(?:правильный |окончательный )?ответ[аеом]?|відповідь|отговор|одговор"
DASHES = r"[:：=—–-]|\bравен\b|\bравно\b|\bэто\b|\bє\b"
OTHERS = (
    r"(?:最终|正确|所以|因此)?(?:答案|結果|结果)(?:应该|應該)?(?:[是为為:：=]|就是)|答[:：]"
    r"|解答[:：]|故选|应选|选择?[:：]?(?=\s*[（(]?[A-J甲乙丙丁])|答え?[はが:：]|正解[はが:：]"
    r"|解[はが:：]|정답[은는이:：]|답[은는이:：]|정답 ?[:：]"
    r"|(?:الإجابة|الجواب|الاجابة|الناتج)(?: النهائية| الصحيحة| النهائي)?\s*"
    r"(?:هي|هو|[:：=])|(?:پاسخ|جواب)\s*(?:نهایی)?\s*[:：]?|उत्तर\s*(?:है|[:：])?"
    r"|উত্তর\s*(?:হলো|হল|[:：])?|คำตอบ(?:สุดท้าย)?\s*(?:คือ|[:：])?"
    r"|התשובה\s*(?:הסופית)?\s*(?:היא|[:：])?|απάντηση\s*(?:είναι|[:：])"
)
ANNOUNCEMENT = re.compile(
    r"####|^[ \t]*\**A\**[:：]"
    rf"|\b(?:{LATIN})\b\**[ \t]*(?:\([^()\n]{{1,30}}\)[ \t]*)?(?:{VERBS}|[:：=])"
    rf"|\b(?:{WEAK})\b[ \t]*{VERBS}"
    rf"|\b(?:{CYRILLIC})\b\**\s*(?:{DASHES})|(?:{OTHERS})",
    re.I | re.M,
)
STRONG = re.compile(
    r"\b(?:final|correct) answer\b\**[ \t]*(?:is\b|[:：])|####|最终答案[是为為:：]",
    re.I,
)
# What every announcement contains, in lower case: looked for before the pattern.
WORDS = """#### answer ans a: a** a： réponse reponse antwort respuesta resposta
    risposta antwoord odpowied cevap jawaban svar vastaus odpov răspuns raspuns válasz
    valasz result solution ergebnis lösung losung resultado risultato wynik sonu ответ
    відповідь отговор одговор 答 結果 结果 选 正解 解 정답 답
    الإجابة الجواب الاجابة الناتج پاسخ جواب उत्तर উত্তর คำตอบ התשובה απάντηση
    án lời quả"""
STEMS = WORDS.split()
ASCII_STEMS = [stem for stem in STEMS if stem.isascii()]


def find_announcements(text: str) -> Iterator[re.Match[str]]:
    """The announcements of an answer in `text`, from the last to the first."""
    lowered = text.lower()
    if len(lowered) != len(text):  # some capitals have no small letter of one sign
        yield from reversed(list(ANNOUNCEMENT.finditer(text)))
        return
    stems = ASCII_STEMS if text.isascii() else STEMS
    stems = [stem for stem in stems if stem in lowered]
    before = len(text)
    while stems:
        starts = {stem: lowered.rfind(stem, 0, before) for stem in stems}
        stems = [stem for stem in stems if starts[stem] >= 0]
        if not stems:
            return
        before = max(starts.values())
        for match in ANNOUNCEMENT.finditer(text, max(0, before - 25), before + 100):
            if match.start() <= before < match.end():
                before = match.start()
                yield match
                break
