"""Names of the tags that are layout."""

# Tags of HTML, and of XML as prompts have them; those of one letter are variables too.
BLOCKS = """
div br hr ul ol li dl dt dd table thead tbody tfoot tr td th caption section article
header footer main aside nav figure figcaption blockquote pre center h1 h2 h3 h4 h5 h6
html body head form fieldset details summary problem question answer solution think
thinking reasoning user assistant system prompt instruction context
"""
INLINE = """
strong em span font big small ins del mark code tt kbd samp var cite abbr img wbr label
input strike bdi bdo nobr ruby math
"""
TURNS = "sub sup start_of_turn end_of_turn sys bos eos"
