"""Symbols of mathematics, and every spelling of each: commands and characters."""

from functools import cache

# A symbol, then the commands and the other characters that mean it.
SYMBOLS = r"""
* cdot ast cdotp bullet · ⋅ ∙ • ∗ ✕ ✖
/ div slash over ÷ ∕
≤ le leq leqslant leqq ⩽ ≦
≥ ge geq geqslant geqq ⩾ ≧
= ＝ equal
+ plus
- minus
< lt
> gt
≪ ll
≫ gg
± pm
∓ mp
√ sqrt surd
% percent
≡ equiv
≈ approx thickapprox
~ sim ∼ thicksim
≅ cong
≃ simeq
≐ doteq
∝ propto varpropto
∈ in isin
∋ ni owns
∅ emptyset varnothing ⌀
⊂ subset
⊃ supset
⊆ subseteq subseteqq ⫅
⊇ supseteq supseteqq
⊊ subsetneq subsetneqq
⊋ supsetneq
∪ cup
∩ cap
⋃ bigcup
⋂ bigcap
⊔ sqcup
⊓ sqcap
∖ setminus smallsetminus backslash
∁ complement
∧ land wedge
∨ lor vee
⋀ bigwedge
⋁ bigvee
¬ neg lnot
⊻ veebar
∀ forall
∃ exists
⊤ top
⊥ bot perp ⟂
⊢ vdash
⊨ models vDash
⊕ oplus
⊖ ominus
⊗ otimes
⊘ oslash
⊙ odot
⨁ bigoplus
⨂ bigotimes
→ to rightarrow longrightarrow ⟶ ➞ ➔ ➜ ➝ ➙
← gets leftarrow longleftarrow ⟵
↔ leftrightarrow longleftrightarrow ⟷
⇒ implies Rightarrow Longrightarrow ⟹
⇐ impliedby Leftarrow Longleftarrow ⟸
⇔ iff Leftrightarrow Longleftrightarrow ⟺
↦ mapsto longmapsto ⟼
↑ uparrow
↓ downarrow
↪ hookrightarrow
⇌ rightleftharpoons
∑ sum
∏ prod
∐ coprod
∫ int
∮ oint
∂ partial
∇ nabla
∞ infty
| mid vert lvert rvert ∣ divides
‖ Vert lVert rVert ║
∥ parallel
∠ angle
∡ measuredangle
△ triangle ∆ bigtriangleup vartriangle
▲ blacktriangle
▽ triangledown bigtriangledown
□ square Box
■ blacksquare
◇ diamond Diamond ⋄
◆ blacklozenge lozenge
○ bigcirc
∘ compose
★ star bigstar ⋆ ☆
† dagger
‡ ddagger
♠ spadesuit
♣ clubsuit
♥ heartsuit ♡
♦ diamondsuit ♢
♯ sharp
♭ flat
♮ natural
£ pounds
€ euro
¢ textcent
▱ parallelogram
¥ yen
§ \S
¶ \P
… ldots dots cdots dotsc dotsb dotsm vdots ddots hdots dotso ⋯ ⋮ ⋱
≺ prec
≻ succ
⪯ preceq
⪰ succeq
⌊ lfloor
⌋ rfloor
⌈ lceil
⌉ rceil
∴ therefore
∵ because
ℓ ell
ℏ hbar
ℜ Re
ℑ Im
∤ nmid
∦ nparallel
∉ notin
≰ nleq
≱ ngeq
≮ nless
≯ ngtr
⊈ nsubseteq
⊉ nsupseteq
∄ nexists
≇ ncong
≁ nsim
⊬ nvdash
⊭ nvDash
⊀ nprec
⊁ nsucc
"""


@cache
def symbols() -> list[list[str]]:
    """Each symbol with its other spellings behind it."""
    return [line.split() for line in SYMBOLS.strip().splitlines()]
