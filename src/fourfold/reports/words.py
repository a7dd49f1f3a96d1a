"""What the reports say, in German and English."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

LANGUAGES: Final = ("de", "en")

TASK_NAMES: Final[Mapping[str, Mapping[str, str]]] = {
    "summarise": {"en": "summarising texts", "de": "Texte zusammenfassen"},
    "write": {"en": "writing texts", "de": "Texte schreiben"},
    "translate": {"en": "translating texts", "de": "Texte übersetzen"},
    "extract": {"en": "extracting information", "de": "Angaben entnehmen"},
    "answer": {"en": "answering questions", "de": "Fragen beantworten"},
    "sentiment": {"en": "judging sentiment", "de": "Stimmung erkennen"},
    "customer-service": {"en": "customer service", "de": "Kundendienst"},
    "sales": {"en": "sales support", "de": "Vertriebsunterstützung"},
}

METRIC_NAMES: Final[Mapping[str, Mapping[str, str]]] = {
    "hter": {
        "en": "corrections for each word (HTER)",
        "de": "Korrekturen je Wort (HTER)",
    },
    "chrf": {"en": "likeness in letters (chrF)", "de": "Ähnlichkeit in Buchstaben (chrF)"},
    "bleu": {"en": "likeness in phrases (BLEU)", "de": "Ähnlichkeit in Wortfolgen (BLEU)"},
    "ter": {"en": "edits for 100 words (TER)", "de": "Änderungen je 100 Wörter (TER)"},
    "rouge1": {"en": "shared words (ROUGE-1)", "de": "gemeinsame Wörter (ROUGE-1)"},
    "rougeL": {"en": "shared word order (ROUGE-L)", "de": "gemeinsame Wortfolge (ROUGE-L)"},
    "em": {"en": "exact answers (EM)", "de": "genau richtige Antworten (EM)"},
    "f1": {"en": "words of the answer that are right (F1)", "de": "richtige Wörter (F1)"},
    "accuracy": {"en": "share of right labels", "de": "Anteil richtiger Urteile"},
    "macro_f1": {"en": "right labels, each alike (macro-F1)", "de": "richtige Urteile (Makro-F1)"},
    "field_f1": {"en": "fields that are right (F1)", "de": "richtige Felder (F1)"},
    "field_precision": {"en": "filled fields that are right", "de": "gefüllte Felder, die stimmen"},
    "field_recall": {"en": "wanted fields that were found", "de": "gesuchte Felder, die da sind"},
    "json_valid": {"en": "outputs in the right form", "de": "Ausgaben in gültiger Form"},
    "citation_support": {"en": "words that the sources hold", "de": "durch Quellen belegte Wörter"},
    "refusal": {"en": "refused where it should", "de": "richtig abgelehnt oder beantwortet"},
}

PHRASES: Final[Mapping[str, Mapping[str, str]]] = {
    "title": {"en": "Which model, and why?", "de": "Welches Modell, und warum?"},
    "question": {
        "en": "Which model should {application} use for {task}?",
        "de": "Welches Modell für {application}? Aufgabe: {task}",
    },
    "made": {
        "en": "Measured on {date} on {count} records of your own task ({file}).",
        "de": "Gemessen am {date} an {count} Fällen der eigenen Aufgabe ({file}).",
    },
    "recommendation": {"en": "Recommendation", "de": "Empfehlung"},
    "take_alone": {"en": "Only {model} was measured.", "de": "Nur {model} wurde gemessen."},
    "take": {"en": "Take {model}.", "de": "Nehmen Sie {model}."},
    "because_best": {
        "en": "It has the best figure: {metric} {score}.",
        "de": "Es hat den besten Wert: {metric} {score}.",
    },
    "because_alone": {
        "en": "There is nothing to choose yet: {metric} {score}. Compare it with others.",
        "de": "Noch gibt es nichts zu wählen: {metric} {score}. Vergleichen Sie es mit anderen.",
    },
    "because_cheaper": {
        "en": "It is cheaper or faster than {best} and not measurably worse: {metric} {score}, a "
        "difference of {worse} (p = {p}).",
        "de": "Es ist günstiger oder schneller als {best} und nicht messbar schlechter: {metric} "
        "{score}, ein Unterschied von {worse} (p = {p}).",
    },
    "plainly_hter": {
        "en": "For 100 words of the text that is released, people make {count} corrections.",
        "de": "Auf 100 Wörter des freigegebenen Textes kommen {count} Korrekturen.",
    },
    "plainly_share": {
        "en": "Of 100 outputs, {count} are right.",
        "de": "Von 100 Ausgaben sind {count} richtig.",
    },
    "would_change": {"en": "What would change this answer", "de": "Was diese Antwort ändern würde"},
    "change_records": {
        "en": "More records. {count} show differences from {detectable} on; {relevant} would "
        "matter. About {needed} records would show it.",
        "de": "Mehr Fälle. {count} zeigen Unterschiede ab {detectable}; wichtig wäre schon "
        "{relevant}. Dafür braucht es etwa {needed} Fälle.",
    },
    "change_unsure": {
        "en": "{model}: worse here, but by chance that is possible (p = {p}).",
        "de": "{model}: hier schlechter, was aber Zufall sein kann (p = {p}).",
    },
    "change_approval": {
        "en": "The licence of {model} needs somebody's approval first.",
        "de": "Die Lizenz von {model} muss zuerst jemand freigeben.",
    },
    "change_forbidden": {
        "en": "The licence policy forbids {model}; choose another one.",
        "de": "Die Lizenzregeln verbieten {model}; wählen Sie ein anderes.",
    },
    "change_retired": {
        "en": "{model} will be shut down on {date}.",
        "de": "{model} wird am {date} abgeschaltet.",
    },
    "change_failed": {
        "en": "{count} records on which {model} failed are not in its figures.",
        "de": "{count} Fälle, an denen {model} scheiterte, sind nicht in seinen Zahlen.",
    },
    "change_left_out": {
        "en": "{model} answered nothing and is in none of the figures: {message}",
        "de": "{model} hat nichts beantwortet und fehlt in allen Zahlen: {message}",
    },
    "change_nothing": {
        "en": "Nothing that this comparison shows. Repeat it when models or requests change.",
        "de": "Nichts, was dieser Vergleich zeigt. Wiederholen Sie ihn, wenn sich Modelle oder "
        "Anfragen ändern.",
    },
    "options": {"en": "The options", "de": "Die Möglichkeiten"},
    "recommended": {"en": "recommended", "de": "empfohlen"},
    "best": {"en": "best quality", "de": "beste Güte"},
    "alternative": {"en": "alternative", "de": "Alternative"},
    "baseline": {"en": "baseline without a model", "de": "Vergleich ohne Sprachmodell"},
    "quality": {"en": "Quality", "de": "Güte"},
    "cost": {"en": "Model, 1,000 tasks", "de": "Modell, 1.000 Aufgaben"},
    "correcting": {"en": "Correcting, 1,000 tasks", "de": "Korrigieren, 1.000 Aufgaben"},
    "minutes": {"en": "minutes", "de": "Minuten"},
    "not_timed": {"en": "not timed yet", "de": "noch nicht gestoppt"},
    "how_to_time": {
        "en": "Time 15 corrections, and the report tells minutes and money: "
        "fourfold compare --timed FILE --per-hour 45",
        "de": "Stoppen Sie 15 Korrekturen, dann nennt der Bericht Minuten und Geld: "
        "fourfold compare --timed DATEI --per-hour 45",
    },
    "below": {"en": "below", "de": "unter"},
    "wait": {"en": "Wait, 95 of 100 at most", "de": "Wartezeit, 95 von 100 höchstens"},
    "dollars": {"en": "$ / 1,000", "de": "$ / 1.000"},
    "runs_at": {"en": "Runs", "de": "Läuft"},
    "licence": {"en": "Licence", "de": "Lizenz"},
    "own_machine": {"en": "on your own machine", "de": "auf dem eigenen Rechner"},
    "own_hardware_cost": {"en": "0 $, your own hardware", "de": "0 $, eigene Hardware"},
    "unknown": {"en": "unknown", "de": "unbekannt"},
    "picture": {"en": "Quality against cost", "de": "Güte gegen Kosten"},
    "picture_time": {"en": "Quality against waiting time", "de": "Güte gegen Wartezeit"},
    "axis_cost": {"en": "US dollars for 1,000 tasks", "de": "US-Dollar für 1.000 Aufgaben"},
    "axis_seconds": {
        "en": "seconds, which 95 of 100 tasks stay below",
        "de": "Sekunden, unter denen 95 von 100 Aufgaben bleiben",
    },
    "picture_text": {
        "en": "{model}: {metric} {score} at {x}.",
        "de": "{model}: {metric} {score} bei {x}.",
    },
    "higher": {"en": "higher is better", "de": "höher ist besser"},
    "lower": {"en": "lower is better", "de": "niedriger ist besser"},
    "all_figures": {"en": "All figures", "de": "Alle Zahlen"},
    "intervals": {
        "en": "Below each figure the interval in which it lies with 95 % confidence for tasks of "
        "this kind; p is the chance of such a difference to the recommended one if both were "
        "equally good, corrected for the number of comparisons.",
        "de": "Unter jeder Zahl der Bereich, in dem sie für Aufgaben dieser Art mit 95 % "
        "Sicherheit liegt; p ist die Wahrscheinlichkeit eines solchen Unterschieds zum "
        "empfohlenen Modell, wenn beide gleich gut wären, für die Zahl der Vergleiche berichtigt.",
    },
    "model": {"en": "Model", "de": "Modell"},
    "slices": {"en": "By language and kind", "de": "Nach Sprache und Art"},
    "language_de": {"en": "German", "de": "Deutsch"},
    "language_en": {"en": "English", "de": "Englisch"},
    "slice": {"en": "Part", "de": "Teil"},
    "records": {"en": "records", "de": "Fälle"},
    "too_small": {"en": "few: only a hint", "de": "wenige: nur ein Hinweis"},
    "effort": {"en": "What people have to correct", "de": "Was Menschen korrigieren müssen"},
    "risk": {"en": "Licence, place of data, way out", "de": "Lizenz, Ort der Daten, Ausstieg"},
    "residency": {"en": "Data can stay", "de": "Daten können bleiben"},
    "exit": {"en": "Way out", "de": "Ausstieg"},
    "exit_open": {
        "en": "The weights can be kept, and run elsewhere.",
        "de": "Die Gewichte können Sie behalten und anderswo betreiben.",
    },
    "exit_hosts": {
        "en": "Offered at {count} hosts: {hosts}.",
        "de": "Bei {count} Anbietern zu haben: {hosts}.",
    },
    "exit_one": {
        "en": "Only at {hosts}: who leaves has to choose another model.",
        "de": "Nur bei {hosts}: Wer geht, braucht ein anderes Modell.",
    },
    "exit_unknown": {"en": "Not in the catalogue.", "de": "Nicht im Katalog."},
    "allowed": {"en": "allowed", "de": "erlaubt"},
    "warning": {"en": "allowed, with duties", "de": "erlaubt, mit Pflichten"},
    "approval": {"en": "needs an approval", "de": "braucht eine Freigabe"},
    "forbidden": {"en": "forbidden", "de": "verboten"},
    "safety": {"en": "Safety", "de": "Sicherheit"},
    "safety_text": {
        "en": "This comparison holds no attack test: it shows how often a system refused, or gave "
        "an output in the wrong form.",
        "de": "Dieser Vergleich enthält keinen Angriffstest: Er zeigt, wie oft ein System "
        "ablehnte oder eine Ausgabe in falscher Form gab.",
    },
    "refused": {"en": "refused", "de": "abgelehnt"},
    "wrong_form": {"en": "wrong form", "de": "falsche Form"},
    "failed": {"en": "failed", "de": "gescheitert"},
    "evidence": {"en": "Evidence", "de": "Belege"},
    "evidence_entry": {
        "en": "Entry {number} of the evidence chain, {date}, hash {hash}; experiment {experiment}. "
        "Every request and answer: fourfold experiment export {experiment} --format jsonl "
        "--output FILE",
        "de": "Eintrag {number} der Belegkette, {date}, Hash {hash}; Experiment {experiment}. "
        "Jede Anfrage und Antwort: fourfold experiment export {experiment} --format jsonl "
        "--output DATEI",
    },
    "evidence_dataset": {
        "en": "Dataset {file}, SHA-256 {hash}",
        "de": "Datensatz {file}, SHA-256 {hash}",
    },
    "evidence_licence": {"en": "Licence of {model}", "de": "Lizenz von {model}"},
    "evidence_prices": {
        "en": "Cost: tokens of each request as the provider counted them, at its list price or the "
        "one in fourfold.yaml; 0 for models on this machine.",
        "de": "Kosten: Token jeder Anfrage, wie der Anbieter sie zählte, zum Listenpreis oder dem "
        "in fourfold.yaml; 0 für Modelle auf diesem Rechner.",
    },
    "signatures": {"en": "Signatures of the metrics", "de": "Signaturen der Maße"},
    "method": {"en": "Method", "de": "Verfahren"},
    "method_text": {
        "en": "Each system did the same tasks; only those that all of them answered are compared "
        "({compared} of {count}). Intervals are bootstrap intervals of 95 % (BCa, widened for "
        "small sets; Wilson's for shares). Differences are tested in pairs: McNemar's exact test "
        "for right and wrong, approximate randomisation for all other metrics, corrected by Holm's "
        "method. Records on the same material are drawn together. A system is held to be as good "
        "when it is neither significantly worse nor worse by more than {relevant}; among those the "
        "cheapest is taken, then the fastest. Waiting times were measured one after the other on "
        "{machine} for local models, over the network for others.",
        "de": "Jedes System erledigte dieselben Aufgaben; verglichen werden nur die, die alle "
        "beantwortet haben ({compared} von {count}). Bereiche sind Bootstrap-Bereiche von 95 % "
        "(BCa, für kleine Mengen erweitert; für Anteile nach Wilson). Unterschiede werden "
        "paarweise geprüft: mit McNemars exaktem Test bei richtig und falsch, sonst durch "
        "Randomisierung, berichtigt nach Holm. Fälle zum selben Stoff werden gemeinsam gezogen. "
        "Als gleich gut gilt ein System, das weder signifikant noch um mehr als {relevant} "
        "schlechter ist; davon wird das günstigste genommen, dann das schnellste. Wartezeiten "
        "wurden für lokale Modelle nacheinander auf {machine} gemessen, für andere über das Netz.",
    },
    "method_effort": {
        "en": "Minutes come from {timed} timed corrections of your team.",
        "de": "Minuten stammen aus {timed} gestoppten Korrekturen Ihres Teams.",
    },
    "ladder": {"en": "Down the sizes", "de": "Die Größen hinab"},
    "ladder_text": {
        "en": "From {largest} downwards, {smallest} is the smallest that holds.",
        "de": "Von {largest} abwärts ist {smallest} das kleinste, das hält.",
    },
    "holds": {"en": "holds", "de": "hält"},
    "breaks": {"en": "does not hold", "de": "hält nicht"},
    "worse_by": {"en": "worse by", "de": "schlechter um"},
    "made_with": {"en": "Made with Fourfold {version}.", "de": "Erstellt mit Fourfold {version}."},
    "not_legal": {
        "en": "Terms as a machine reads them; no legal advice.",
        "de": "Bedingungen, wie eine Maschine sie liest; keine Rechtsberatung.",
    },
}


FINDINGS: Final[Mapping[str, str]] = {
    "policy": "Die Regeln der Firma stufen {name} so ein: {level}.",
    "unknown_licence": "Ihre Bedingungen stehen nicht im Katalog; jemand muss sie lesen.",
    "not_commercial": "{title}: nicht für gewerbliche Nutzung.",
    "conditions": "Gewerbliche Nutzung nur unter Bedingungen.",
    "unknown_term": "Ob gewerbliche Nutzung erlaubt ist, hat niemand gelesen.",
    "unknown_size": "Frei bis zu einer Größe von {limit} ({unit}); die Ihre steht nicht in den "
    "Regeln der Firma.",
    "over_threshold": "Frei nur unter {limit} ({unit}); Sie haben {own}.",
    "excluded_region": "Nicht für {country}.",
    "unknown_country": "Nicht für {regions}; der Sitz steht nicht in den Regeln der Firma.",
    "retired": "Das Modell wurde am {date} abgeschaltet.",
    "retires_soon": "Das Modell wird am {date} abgeschaltet.",
    "residency": "Kein bekannter Ort der Verarbeitung in: {regions}.",
    "attribution": "Namensnennung oder Hinweise sind Pflicht (siehe Lizenz).",
    "acceptable_use": "Eine Liste verbotener Zwecke gilt; prüfen Sie den Ihren.",
    "derivatives_inherit": "Was Sie daraus anpassen, bleibt unter diesen Bedingungen.",
    "no_training_on_output": "Die Ausgaben dürfen andere Modelle nicht oder nicht frei trainieren.",
}
"""Findings of the licence gate in German; in English they say it themselves."""


def finding(one: Mapping[str, Any], language: str) -> str:
    """A finding of the licence gate in the language of the report."""
    words = FINDINGS.get(one["code"])
    if language == "en" or words is None:
        return str(one["text"])
    return words.format(**one["values"])


def phrase(name: str, language: str, **values: object) -> str:
    """A sentence in a language, filled in."""
    return PHRASES[name][language].format(**values)
