"""The words, German and English, that tell an attempt to override the rules from ordinary text.

A word is of one kind. Kinds are named in the patterns of `override_patterns`, so a name is a word
of two or more small letters.
"""

from __future__ import annotations

from typing import Final

KINDS: Final = {
    # orders to drop something; German ones may stand at the end of what they say
    "ignore": "ignore disregard bypass discard neglect",
    "override": "override overrule overwrite",
    "forget": "forget",
    "ignoring": "ignoring disregarding bypassing forgetting overriding",
    "ignoriere": """ignoriere ignorier ignorieren ignorierst missachte missachten missachtest umgehe
        verwirf verwerfen hinweg hinwegsetzen hinwegzusetzen vergiss
        vergesse vergessen vergisst""",
    "overwritegerman": "überschreibe überschreiben",
    "umgehen": "umgehen",  # but: "mit etwas umgehen"
    # whose rules
    "earlier": """previous previously prior above preceding earlier former foregoing initial
        original vorherige vorherigen vorige vorigen bisherige bisherigen obige obigen
        obenstehenden früheren vorangegangenen vorangehenden ursprünglichen oben""",
    "before": "before davor bisher zuvor vorher",
    "told": "told said instructed given gesagt angewiesen mitgeteilt gegeben",
    "all": "all any every alle alles allen sämtliche sämtlichen jegliche jede",
    "everything": "everything anything",
    "your": "your deine deinen deinem deiner dein eure euren",
    "their": "ihre ihren ihrem ihrer ihr",  # German for "your", "their" and "her"
    "system": "system",
    "secret": "hidden secret geheime geheimen geheimer versteckte versteckten verborgenen",
    "inner": "internal developer core own interne internen eigenen eigene",
    "moral": "safety security ethical moral content ethischen moralischen",
    # the rules
    "instructions": """instructions instruction directives directive anweisungen anweisung
        instruktionen""",
    "rules": """rules rule guidelines guardrails restrictions constraints programming safeguards
        regeln regel vorgaben vorgabe befehle richtlinien einschränkungen beschränkungen
        sicherheitsregeln sicherheitsvorgaben""",
    "filters": "filter filters",
    "prompt": "prompt prompts",
    "systemprompt": """systemprompt systemprompts system-prompt system-prompts preprompt pre-prompt
        metaprompt""",
    "systemanweisung": "systemanweisung systemanweisungen systeminstruktionen",
    # asking for them
    "show": """reveal show print repeat output display leak expose dump tell write recite disclose
        zeige zeig zeigen verrate verrat verraten nenne nennen gib geben wiederhole wiederholen
        drucke schreibe schreib offenbare enthülle ausgeben""",
    "what": "what what's what’s which wie was welche welchen welcher lautet",
    "verbatim": "verbatim word word-for-word wörtlich wortwörtlich wort",
    # becoming somebody without rules
    "pretend": "pretend roleplay role-play simulate simuliere benimm verhalte tue",
    "act": "act behave",
    "like": "as like als",
    "become": "become enable activate enter aktiviere",
    "are": "are you're you’re bist",
    "now": "now jetzt nun",
    "dan": "dan jailbreak jailbroken godmode",
    "unbound": """unrestricted unfiltered uncensored uneingeschränkt uneingeschränkte
        uneingeschränkter ungefiltert ungefilterte ungefilterter unzensiert unzensierte
        unzensierter hemmungslos""",
    "bot": """ai llm gpt chatgpt claude gemini llama agent assistant chatbot bot ki assistent
        persona sprachmodell ki-assistent""",
    "without": "without no free ohne keine keinen kein",
    # what makes it harmless
    "not": """not don't don’t dont never cannot can't can’t mustn't mustn’t shouldn't shouldn’t nor
        nobody""",
    "nicht": "nicht niemals nie keinesfalls keineswegs niemand",
    "case": "circumstances umständen fall event",
    "forbidden": "forbidden prohibited dangerous verboten untersagt unzulässig gefährlich",
    "attempt": "attempt attempts versuch versuche",
    "if": "if when whenever unless wenn falls sofern while",
    "who": "who whoever anyone someone wer",
    "which": "die der",
    "this": "this these those our diese diesem dieser dieses unsere",
    "the": "the a an manual das dem des durch",
    "device": "switch valve key button function line mode",
    "have": "habe hast hat haben habt hatte hatten wurde wurden worden",
    "mit": "mit",
    "may": "can could may should must do does darf dürfen kann könnte soll muss",
    "me": "i ich",
    "about": """marked for on about regarding concerning from at zu zum zur für über bei beim auf
        vom von""",
    "inside": "in im",
    "to": "to",
    "and": "and but then und aber sondern dann",
    "or": "or oder",
    "you": "you du sie dich",
    # named in no pattern: unlike another word, these end what a pattern passes over
    "my": "my mein meine meinen",
    "hesitate": "hesitate worry afraid zögere zögern",
    # what says nothing
    "filler": """of please me us just completely totally absolutely immediately entirely simply
        kindly exactly full entire complete whole exact text contents out here them rest moment
        bitte mir uns dir mal doch einfach sofort komplett vollständig ab den sich
        vollständigen kompletten ganzen aus""",
}  # fmt: skip
