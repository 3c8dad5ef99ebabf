"""Numbers in words, in the languages that problems are most often translated into.

One alone is left out in every language: it is an article and a pronoun as often. A
word that is an English word as well (`once` is 11 in Spanish) counts where the text is
not English.
"""

from pipeline.kernels.spelled_words import BELOW_TWENTY, TENS_WORDS

# What a number before it is multiplied by.
SCALES = {
    "hundred": 100, "thousand": 1000, "million": 10**6, "billion": 10**9,
    "dozen": 12, "dozens": 12, "hundert": 100, "tausend": 1000, "cent": 100,
    "cents": 100, "mille": 1000, "cien": 100, "ciento": 100, "mil": 1000,
    "cento": 100, "mila": 1000, "cem": 100, "сто": 100, "тысяча": 1000, "тысячи": 1000,
    "тысяч": 1000,
}  # fmt: skip
TIMES = {
    "twice": 2, "double": 2, "doubled": 2, "doubles": 2, "thrice": 3, "triple": 3,
    "tripled": 3, "triples": 3, "quadruple": 4,
}  # fmt: skip
# What a number before it is divided by; alone in the singular, most are ordinals.
PARTS = {
    "half": 2, "halves": 2, "third": 3, "quarter": 4, "fourth": 4, "fifth": 5,
    "sixth": 6, "seventh": 7, "eighth": 8, "ninth": 9, "tenth": 10,
}  # fmt: skip
PARTS |= {f"{word}s": value for word, value in PARTS.items() if value > 2}
FRACTIONS = {"half", "quarter"}  # never an ordinal

# From 2 on: 2 to 19 or 20, then the tens.
LANGUAGES = (
    "zwei drei vier fünf sechs sieben acht neun zehn elf zwölf dreizehn vierzehn "
    "fünfzehn sechzehn siebzehn achtzehn neunzehn zwanzig",
    "deux trois quatre cinq six sept huit neuf dix onze douze treize quatorze quinze "
    "seize dix-sept dix-huit dix-neuf vingt",
    "dos tres cuatro cinco seis siete ocho nueve diez once doce trece catorce quince "
    "dieciséis diecisiete dieciocho diecinueve veinte",
    "due tre quattro cinque sei sette otto nove dieci undici dodici tredici "
    "quattordici quindici sedici diciassette diciotto diciannove venti",
    "dois três quatro cinco seis sete oito nove dez onze doze treze catorze quinze "
    "dezesseis dezessete dezoito dezenove vinte",
    "два три четыре пять шесть семь восемь девять десять одиннадцать двенадцать "
    "тринадцать четырнадцать пятнадцать шестнадцать семнадцать восемнадцать "
    "девятнадцать двадцать",
    "двух трёх четырёх пяти шести семи восьми девяти десяти",
    "две трех четырех",
)
TENS = (
    "dreißig vierzig fünfzig sechzig siebzig achtzig neunzig",
    "trente quarante cinquante soixante",
    "treinta cuarenta cincuenta sesenta setenta ochenta noventa",
    "trenta quaranta cinquanta sessanta settanta ottanta novanta",
    "trinta quarenta cinquenta sessenta setenta oitenta noventa",
    "тридцать сорок пятьдесят шестьдесят семьдесят восемьдесят девяносто",
)
ENGLISH = {word: value for value, word in enumerate(BELOW_TWENTY)}
ENGLISH |= {word: 10 * value for value, word in enumerate(TENS_WORDS, start=2)}
FOREIGN = {
    word: value
    for words in LANGUAGES
    for value, word in enumerate(words.split(), start=2)
} | {
    word: 10 * value
    for words in TENS
    for value, word in enumerate(words.split(), start=3)
}
FOREIGN |= {"duas": 2, "doppelt": 2}
_GERMAN_TENS = ["zwanzig", *TENS[0].split()]
_GERMAN_ONES = ["ein", *LANGUAGES[0].split()[:8]]
# German writes the ones first, in one word: fünfundzwanzig.
FOREIGN |= {
    f"{one}und{ten}": value + tens
    for value, one in enumerate(_GERMAN_ONES, start=1)
    for tens, ten in zip(range(20, 100, 10), _GERMAN_TENS, strict=True)
}
HAN = {digit: value for value, digit in enumerate("〇一二三四五六七八九")}
HAN |= {"零": 0, "两": 2, "兩": 2}
HAN_SCALES = {"十": 10, "百": 100, "千": 1000, "万": 10**4, "亿": 10**8, "億": 10**8}
