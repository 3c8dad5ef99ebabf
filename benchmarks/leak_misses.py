r"""Clean rows that lie close to benchmark items, and their items, written for this.

Each is (kind, item, its answer, row, its answer): the row is another problem than the
item, and must stay. `entities`: the same question about another country, element or
day. `preamble`: the same long instructions and another task. `scene`: the same scene
and another question. `turned`: a word that turns the problem round. `numbers`: other
numbers. `stems`: items without content of their own.
"""

from collections.abc import Iterator
from itertools import pairwise

Miss = tuple[str, str, str | None, str, str | None]

ASKED = {  # a question, and what fills it with its answer
    "What is the capital city of {}, and on which river does it lie?": (
        "Austria: Vienna", "Hungary: Budapest", "Portugal: Lisbon", "Poland: Warsaw",
        "Egypt: Cairo", "Iraq: Baghdad", "Thailand: Bangkok", "Serbia: Belgrade",
    ),
    "How many protons does the nucleus of an atom of {} contain?": (
        "Neon: 10", "Argon: 18", "Potassium: 19", "Calcium: 20", "Iron: 26",
        "Silver: 47", "Iodine: 53", "Mercury: 80",
    ),
    "If today is {}, what day of the week will it be in one hundred days?": (
        "Monday: Wednesday", "Tuesday: Thursday", "Wednesday: Friday",
        "Thursday: Saturday", "Friday: Sunday", "Saturday: Monday", "Sunday: Tuesday",
    ),
    "How many days are there from the first of {} to the end of that year?": (
        "February: 334", "March: 306", "May: 245", "July: 184", "August: 153",
        "October: 92", "November: 61",
    ),
    "Which moon of {} is the largest, and who discovered it?": (
        "Saturn: Titan", "Jupiter: Ganymede", "Uranus: Titania", "Neptune: Triton",
        "Pluto: Charon",
    ),
    "In which century was the novel {} first published in its full length?": (
        "Middlemarch: 19th", "Ulysses: 20th", "Candide: 18th", "Emma: 19th",
        "Dracula: 19th", "Rebecca: 20th", "Beloved: 20th",
    ),
    "A boat sails down the {} at its usual speed and reaches the sea after how long?": (
        "Danube: 9 days", "Rhine: 5 days", "Loire: 4 days", "Vistula: 6 days",
        "Ebro: 3 days",
    ),
    "Let {} be a quadrilateral whose diagonals meet at a right angle. Which of its "
    "vertices lies opposite to the first one?": (
        "ABCD: C", "PQRS: R", "KLMN: M", "WXYZ: Y",
    ),
    "Is the following statement True or False: every {} is a rectangle?": (
        "Square: True", "Rhombus: False", "Trapezoid: False", "Kite: False",
    ),
    "What does the function {} of the standard library of Python return when it is "
    "given an empty list?": (
        "Sum: 0", "Sorted: []", "Any: False", "All: True",
    ),
    "Translate the sentence from {} into English: La mer est calme ce soir.": (
        "French: The sea is calm tonight.", "Catalan: none", "Romansh: none",
    ),
}  # fmt: skip
PREAMBLE = (
    "You are given a programming task. Read the whole statement before you begin. Your "
    "program has to read from standard input and to write to standard output, it must "
    "end within two seconds for every test, and it may use no more than 256 megabytes "
    "of memory. Do not print anything that the statement does not ask for, neither "
    "prompts nor debugging output. Write clean code with short functions and put it "
    "between triple backticks. Here is the task.\n\n"
)
SHOTS = (
    "Q: There are 15 trees in the grove and the workers plant trees until there are "
    "21. How many do they plant?\nA: They plant 21 - 15 = 6 trees. The answer is 6.\n\n"
    "Q: If there are 3 cars in the parking lot and 2 more arrive, how many cars are "
    "there?\nA: There are 3 + 2 = 5 cars. The answer is 5.\n\nQ: "
)
TASKS = (
    "Given n integers, print the second largest of them.",
    "Given a word, print it backwards in capitals.",
    "Given two dates, print how many leap days lie between them.",
    "Given a list of edges, print the number of triangles in the graph.",
    "Given a chess position, print whether the king is attacked.",
    "Given a string of brackets, print the length of its longest balanced part.",
    "Given coins and an amount, print in how many ways it can be paid.",
    "Given a maze, print the length of the shortest way out.",
    "Given intervals on a line, print how long their union is.",
    "Given a polynomial, print its derivative.",
    "Given the heights of walls, print how much rain they hold.",
    "Given a matrix, print its rows in order of their sums.",
    "Given a text, print its most frequent letter.",
    "Given points in the plane, print the area of their convex hull.",
    "Given a number, print it in Roman numerals.",
    "Given a deck of cards, print the best poker hand.",
)
WORDED = (
    ("A baker fills 18 trays with 24 rolls each. How many rolls is that?", "432"),
    ("Petra cycles 17 km a day for 12 days. How far does she cycle?", "204"),
    ("A tank loses 3 litres an hour. After how long are 51 litres gone?", "17"),
    ("Of 96 seats, a third are taken. How many seats are free?", "64"),
    ("A rope of 45 m is cut into pieces of 5 m. How many cuts are needed?", "8"),
    ("Seven pens cost 9.80 euros. What do eleven pens cost?", "15.40"),
    ("A field measures 32 m by 45 m. What is its area?", "1440"),
    ("A book has 312 pages; Omar reads 26 a day. How many days does he need?", "12"),
)
SCENES = (
    (
        "A lighthouse on the island of Rona flashes every 12 seconds and its foghorn "
        "sounds every 45 seconds. Both start together at midnight. {}",
        ("After how many seconds do they coincide for the first time?", "180"),
        ("How many flashes are there in the first hour?", "300"),
        ("How often does the foghorn sound before dawn at six?", "480"),
    ),
    (
        "In a vineyard 840 vines stand in rows of equal length. Pickers empty 14 rows "
        "in the morning and the remaining rows after lunch. {}",
        ("If each row has 30 vines, how many rows are left after lunch?", "14"),
        ("If twice as many rows remain, how long is a row?", "20"),
        ("What share of vines is emptied before lunch when rows hold 24 vines?", "2/5"),
    ),
    (
        "Triangle $ABC$ has $AB = 13$, $BC = 14$ and $CA = 15$. The incircle touches "
        "$BC$ at $D$ and the excircle opposite $A$ touches it at $E$. {}",
        ("Compute the length of $DE$.", "1"),
        ("Compute the radius of the excircle.", "14"),
        ("Compute the area of triangle $ADE$.", "6"),
    ),
    (
        "A school in Leeds orders 36 violins, 12 cellos and 4 double basses for its "
        "new orchestra. The supplier grants a discount of a tenth. {}",
        ("If a violin costs 250 pounds, what does the school pay for violins?", "8100"),
        ("How many instruments are ordered for each double bass?", "13"),
        ("What fraction of the instruments are cellos?", "3/13"),
    ),
)  # fmt: skip
TURNED = (
    ("A committee of 9 has 4 members who speak Welsh and 3 who play golf. How many "
     "members {} Welsh?", "speak", "do not speak"),
    ("Find the {} value of $x^2 - 6x + 14$ for $x$ between 0 and 10.", "maximum",
     "minimum"),
    ("How many {} numbers between 37 and 91 are multiples of 3?", "odd", "even"),
    ("On which interval is $f(x) = x^3 - 12x + 5$ {}?", "increasing", "decreasing"),
    ("Marbles are drawn {} replacement from an urn with 5 red and 8 blue ones. What is "
     "the probability of two red ones?", "with", "without"),
    ("Which of these towns {} be reached from Bern within two hours by train?",
     "can", "cannot"),
    ("A crate has 40 pears. The grocer sells {} than a quarter of them. What is the "
     "bound on how many are left?", "more", "less"),
    ("What is the {} of the roots of $3x^2 - 7x + 2 = 0$?", "sum", "product"),
)  # fmt: skip
NUMBERED = (
    "A train of {} m crosses a bridge of {} m at 20 m/s. How long does that take?",
    "The legs of a right triangle are {} and {}. How long is its hypotenuse?",
    "A farmer plants {} rows of beans with {} plants each and loses a tenth to frost. "
    "How many plants survive?",
    "Find the remainder when ${}^{{{}}}$ is divided by 17.",
    "How many integers between {} and {} are divisible by neither 2 nor 5?",
)
STEMS = (
    "What is the value of x?",
    "Which of the following is true?",
    "Which of the following statements is correct?",
    "Solve for x.",
    "Find the answer.",
    "How many are there?",
    "What is the probability?",
    "Simplify the expression.",
    "Evaluate.",
    "Which one of the following is not true?",
    "What is the area of the triangle?",
    "What is the sum?",
)
BEHIND = (
    "A) Every prime is odd. B) Zero is a natural number. C) $\\pi$ is rational.",
    "In the figure, $2x + 40$ and $3x - 10$ are the angles of a parallelogram.",
    "A tin holds 12 buttons, of which 5 are brass, and two are taken out.",
    "The base is 14 cm long and the height on it 9 cm.",
)


def misses() -> Iterator[Miss]:
    """All of them, in a fixed order."""
    for question, filled in ASKED.items():
        cases = [case.split(": ") for case in filled]
        for (first, a), (second, b) in pairwise([*cases, cases[0]]):
            yield "entities", question.format(first), a, question.format(second), b
            yield (
                "entities",
                question.format(first),
                None,
                question.format(second),
                None,
            )
    for first, second in pairwise([*TASKS, TASKS[0]]):
        yield "preamble", PREAMBLE + first, None, PREAMBLE + second, None
    for (first, a), (second, b) in pairwise([*WORDED, WORDED[0]]):
        yield "preamble", SHOTS + first, a, SHOTS + second, b
    for scene, *questions in SCENES:
        for (first, a), (second, b) in pairwise([*questions, questions[0]]):
            yield "scene", scene.format(first), a, scene.format(second), b
    for text, word, other in TURNED:
        for answers in ((None, None), ("5", "5"), ("12", "7")):
            yield (
                "turned",
                text.format(word),
                answers[0],
                text.format(other),
                answers[1],
            )
    for number, text in enumerate(NUMBERED):
        for step in range(4):
            first = text.format(120 + 7 * step, 300 + 11 * number)
            second = text.format(131 + 7 * step, 305 + 11 * number)
            yield "numbers", first, None, second, None
    for stem in STEMS:
        for text in BEHIND:
            yield "stems", stem, None, f"{text} {stem}", None
