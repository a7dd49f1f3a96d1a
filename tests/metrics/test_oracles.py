"""Our metrics beside the packages that the field uses, on texts that break naive ones."""

import random
from collections.abc import Sequence

import pytest
import sacrebleu
from rouge_score.rouge_scorer import RougeScorer
from sklearn.metrics import accuracy_score, f1_score, precision_score, recall_score

from fourfold.metrics import Metric
from fourfold.metrics.rouge_words import unicode_words
from fourfold.metrics.scoring import metric_named, score

HYPOTHESES = [
    "Die Garantie beträgt zwei Jahre.",
    "Über die Brücke fährt der Zug nach Köln .",
    "",
    "Äpfel",
    "the cat sat on the mat\nand the dogs were dying",
    "🎉 Glückwunsch! 🎉",
    "保修期为两年。",
    "He   said: “1,000.50 €” — wirklich?",
    "flies dies skies generously running agreed",
    "a a a a b",
    "x",
    "Nothing in common here",
]
REFERENCES = [
    "Die Garantie gilt zwei Jahre.",
    "Der Zug fährt über die Brücke nach Köln.",
    "Etwas",
    "Öpfel",
    "a cat was sitting on the mat\nthe dog dies",
    "Herzlichen Glückwunsch 🎉",
    "保修期是两年。",
    'He said: "1,000.50 €", really?',
    "the fly died under generous sky runs agree",
    "a b a",
    "",
    "völlig anders",
]
ACCEPTED = [[reference] for reference in REFERENCES]
SACRE = {
    "bleu": sacrebleu.BLEU(force=True),
    "chrf": sacrebleu.CHRF(),
    "chrf++": sacrebleu.CHRF(word_order=2),
    "ter": sacrebleu.TER(),
}


def segments(metric: Metric) -> list[float]:
    return list(score(metric, HYPOTHESES, ACCEPTED).segments)


@pytest.mark.parametrize("name", SACRE)
def test_a_corpus_scores_as_in_sacrebleu_and_is_signed_alike(name: str) -> None:
    oracle = SACRE[name]
    expected = oracle.corpus_score(HYPOTHESES, [REFERENCES]).score
    found = score(metric_named(name), HYPOTHESES, ACCEPTED)
    assert found.interval.value == pytest.approx(expected, abs=1e-9)
    assert found.signature == str(oracle.get_signature())
    assert found.interval.low <= found.interval.value <= found.interval.high


@pytest.mark.parametrize("name", SACRE)
def test_each_text_scores_as_in_sacrebleu(name: str) -> None:
    oracle = sacrebleu.BLEU(effective_order=True) if name == "bleu" else SACRE[name]
    pairs = zip(HYPOTHESES, ACCEPTED, strict=True)
    expected = [oracle.sentence_score(text, accepted).score for text, accepted in pairs]
    assert segments(metric_named(name)) == pytest.approx(expected, abs=1e-9)


@pytest.mark.parametrize("name", SACRE)
def test_several_references_score_as_in_sacrebleu(name: str) -> None:
    others = [*REFERENCES[1:], REFERENCES[0]]
    accepted = [list(pair) for pair in zip(REFERENCES, others, strict=True)]
    expected = SACRE[name].corpus_score(HYPOTHESES, [REFERENCES, others])
    found = score(metric_named(name), HYPOTHESES, accepted)
    assert found.interval.value == pytest.approx(expected.score, abs=1e-9)
    assert found.signature == str(SACRE[name].get_signature())
    accepted[0].pop()
    assert "nrefs:var" in score(metric_named(name), HYPOTHESES, accepted).signature


def test_hter_is_ter_clipped_for_each_text() -> None:
    pairs = zip(HYPOTHESES, ACCEPTED, strict=True)
    ter = [sacrebleu.TER().sentence_score(text, accepted).score for text, accepted in pairs]
    expected = [min(1.0, one / 100) for one in ter]
    assert segments(metric_named("hter")) == pytest.approx(expected)
    mean = score(metric_named("hter"), HYPOTHESES, ACCEPTED).interval.value
    assert mean == pytest.approx(sum(expected) / len(expected))


@pytest.mark.parametrize("stem", [False, True])
@pytest.mark.parametrize("name", ["rouge1", "rouge2", "rougeL", "rougeLsum"])
def test_ascii_words_score_as_in_rouge_score(name: str, stem: bool) -> None:
    oracle = RougeScorer([name], use_stemmer=stem)
    pairs = zip(HYPOTHESES, REFERENCES, strict=True)
    expected = [oracle.score(wanted, text)[name].fmeasure for text, wanted in pairs]
    metric = metric_named(f"{name}:ascii{'-stem' if stem else ''}")
    assert segments(metric) == pytest.approx(expected, abs=1e-9)


@pytest.mark.parametrize("name", ["rougeL", "rougeLsum"])
def test_common_rows_are_those_of_rouge_score_on_random_texts(name: str) -> None:
    draw = random.Random(1)
    texts = [
        "\n".join(" ".join(draw.choices("abcd", k=draw.randrange(9))) for _ in range(4))
        for _ in range(400)
    ]
    oracle = RougeScorer([name])
    hypotheses, references = texts[:200], texts[200:]
    expected = [
        oracle.score(wanted, text)[name].fmeasure
        for text, wanted in zip(hypotheses, references, strict=True)
    ]
    found = score(metric_named(f"{name}:ascii"), hypotheses, [[one] for one in references])
    assert list(found.segments) == pytest.approx(expected, abs=1e-9)


def test_the_best_of_several_references_counts() -> None:
    oracle = RougeScorer(["rouge1"]).score_multi(["a b", "a b c d"], "a b c")["rouge1"].fmeasure
    found = score(metric_named("rouge1:ascii"), ["a b c"], [["a b", "a b c d"]])
    assert found.interval.value == pytest.approx(oracle)


@pytest.mark.parametrize(
    ("labels", "wanted"),
    [
        (["pos", "neg", "neg", "neu", "pos"], ["pos", "pos", "neg", "neg", "pos"]),
        (["a", "b"], ["c", "d"]),
        (["ä"] * 3, ["ä"] * 3),
        (["", "x"], ["", "y"]),
    ],
)
def test_labels_score_as_in_scikit_learn(labels: Sequence[str], wanted: Sequence[str]) -> None:
    accepted = [[one] for one in wanted]
    accuracy = score(metric_named("accuracy"), labels, accepted).interval.value
    assert accuracy == pytest.approx(accuracy_score(wanted, labels), abs=1e-9)
    for name, oracle in (
        ("macro_precision", precision_score),
        ("macro_recall", recall_score),
        ("macro_f1", f1_score),
    ):
        found = score(metric_named(name), labels, accepted).interval.value
        expected = oracle(wanted, labels, average="macro", zero_division=0)
        assert found == pytest.approx(expected, abs=1e-9), name


@pytest.mark.parametrize("name", ["rouge1", "rougeL", "rougeLsum", "em", "f1", "accuracy"])
def test_apples_are_no_oepfel(name: str) -> None:
    assert score(metric_named(name), ["Äpfel"], [["Öpfel"]]).interval.value == 0


def test_unicode_words_keep_umlauts_and_part_chinese_signs() -> None:
    assert unicode_words("Größe: 3,5 m² – 保修期 ＡＢ") == [
        "grösse", "3", "5", "m2", "保", "修", "期", "ab",
    ]  # fmt: skip
