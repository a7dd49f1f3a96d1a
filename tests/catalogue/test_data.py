"""The data files that ship: complete, each fact with its source, nothing guessed."""

import datetime
from pathlib import Path

import pytest

from fourfold.catalogue import Catalogue, Source, read_catalogue
from fourfold.catalogue.reading import hosts_of
from fourfold.core.errors import InvalidProject, NotFound
from fourfold.core.written import read_written

FAMILIES = {
    "gpt", "gpt-oss", "claude", "gemini", "gemma", "llama", "t5", "falcon", "stablelm", "mistral",
    "qwen", "deepseek", "phi", "command", "granite", "smollm", "jamba",
}  # fmt: skip


@pytest.fixture(scope="module")
def catalogue() -> Catalogue:
    return read_catalogue()


def test_there_are_at_least_eighty_models_of_the_families_that_matter(catalogue: Catalogue) -> None:
    assert len(catalogue.models) >= 80
    assert {one.family for one in catalogue.models.values()} >= FAMILIES


def test_every_fact_price_and_score_names_a_source_with_address_and_day(
    catalogue: Catalogue,
) -> None:
    for model in catalogue.models.values():
        sources = [known.source for values in model.facts.values() for known in values]
        sources += [offer.source for offer in model.offers]
        sources += [result.source for result in model.results]
        for source in sources:
            assert source.url.startswith("https://"), model.name
            assert datetime.date(2024, 1, 1) <= source.read <= datetime.date(2026, 11, 30)


def test_of_every_model_something_is_known_besides_its_price(catalogue: Catalogue) -> None:
    bare = [one.name for one in catalogue.models.values() if not one.facts]
    assert bare == []


def test_a_model_that_is_gone_keeps_what_is_known_of_it(catalogue: Catalogue) -> None:
    jurassic = catalogue.model("jurassic-2-ultra")
    assert (jurassic.get("kind"), jurassic.get("context_tokens")) == ("proprietary", 8192)
    assert jurassic.get("retired") == "2024-11-14"


def test_prices_are_those_of_a_million_tokens(catalogue: Catalogue) -> None:
    for model in catalogue.models.values():
        for offer in model.offers:
            if offer.input is not None and offer.output is not None:
                assert 0 < offer.input <= offer.output <= 200, (model.name, offer.id)


def test_an_active_part_is_smaller_than_the_whole(catalogue: Catalogue) -> None:
    for model in catalogue.models.values():
        active = model.get("active_parameters")
        assert active is None or active < model.get("parameters"), model.name


def test_percentages_are_percentages(catalogue: Catalogue) -> None:
    rated = {"lmarena-text": (800, 1600), "mt-bench": (1, 10)}
    for model in catalogue.models.values():
        for result in model.results:
            low, high = rated.get(result.benchmark.id, (0, 100))
            assert low <= result.value <= high, (model.name, result.benchmark.id)


def test_weights_that_can_be_installed_are_in_the_catalogue(catalogue: Catalogue) -> None:
    from fourfold.models.weights import WEIGHTS

    for name in WEIGHTS:
        model = catalogue.offered_as(name)
        assert model is not None
        assert model.get("licence") == "apache-2.0"


def test_terms_that_were_not_read_are_unknown(catalogue: Catalogue) -> None:
    jamba = catalogue.licences["jamba-open-model"]
    assert jamba.attribution == jamba.threshold_revenue_usd == "unknown"
    assert catalogue.licences["llama-3.1"].threshold_monthly_users == 700_000_000


def test_terms_read_in_a_copy_name_the_licensors_own_page(catalogue: Catalogue) -> None:
    copies = [
        one
        for one in catalogue.licences.values()
        if "pypi.org" in one.source.url or "oiledmachine-overlay" in one.source.url
    ]
    own = {"glm-5.3", "minimax-m2.7", "minimax-model", "qwen-community-1.0"}  # none was found
    assert copies
    for one in copies:
        assert bool(one.page) is (one.id not in own), one.id
        assert one.page != one.source.url


def test_a_model_of_an_unknown_name_is_an_error_with_a_suggestion(catalogue: Catalogue) -> None:
    with pytest.raises(NotFound) as error:
        catalogue.model("llama-3.1-8b-instrct")
    assert "llama-3.1-8b-instruct" in error.value.hint


def test_all_mistakes_of_a_family_are_said_at_once_in_the_order_of_the_lines(
    tmp_path: Path,
) -> None:
    (tmp_path / "catalogue.yaml").write_text(
        "famly: own\nprovider: Ours\nsources:\n  card: {title: C, url: wiki, read: 2026-11-01}\n"
        "models:\n- name: phi-4\n  title: T\n  facts:\n"
        "  - {source: crd, licence: mitt, parameters: many}\n"
        "  hosts:\n  - {host: azur, id: x, source: card}\n  base: qwen2.5-7b-instrct\n"
    )
    with pytest.raises(InvalidProject) as error:
        read_catalogue(tmp_path)
    first, *said = error.value.message.splitlines()
    assert first.endswith("has 9 mistakes:")
    numbers = [int(line.split(":")[0].removeprefix("  line ")) for line in said]
    assert numbers == [1, 1, 4, 6, 9, 9, 9, 11, 12]
    for nearest in ("`family`", "`mit`", "`azure`", "`qwen2.5-7b-instruct`"):
        assert f"Did you mean {nearest}" in error.value.message


@pytest.mark.parametrize("models", ["3", "[3]", "[{facts: 3}]", "[{facts: [3], base: 3}]"])
def test_names_are_sought_in_a_family_of_any_form(tmp_path: Path, models: str) -> None:
    (tmp_path / "catalogue.yaml").write_text(f"family: f\nprovider: p\nmodels: {models}\n")
    with pytest.raises(InvalidProject, match="`models"):
        read_catalogue(tmp_path)


HOST = """
example:
  title: Example
  protocol: openai
  operator: Example Ltd.
  operator_country: unknown
  url: unknown
  regions: []
  residency: unknown
  trains_on_data: unknown
  retention_days: unknown
  facts:
    operator: example-page
"""

OWN = """
family: own
provider: Our company
sources:
  card: {title: Our card, url: "https://example.com/card", read: 2026-11-01}
models:
- name: our-model
  title: Our model
  facts:
  - {source: card, kind: open-weights, licence: mit, parameters: 7000000000}
"""


def test_a_project_adds_its_own_models(tmp_path: Path) -> None:
    (tmp_path / "catalogue.yaml").write_text(OWN)
    own = read_catalogue(tmp_path).model("our-model")
    assert own.is_open
    assert own.facts["parameters"][0].source.title == "Our card"


@pytest.mark.parametrize(
    ("written", "instead", "said"),
    [
        ("source: card", "source: nobody", "source called `nobody`"),
        ("licence: mit", "licence: mitt", "licence called `mitt`"),
        ("licence: mit", "licence: mitt", "Did you mean `mit`?"),
        ("licence: mit", "licence: mitt", "line 10"),
        ("parameters: 7000000000", "parameters: many", "must be a whole number"),
        ("parameters: 7000000000", "parameters: 0", "must be more than 0"),
        ("parameters: 7000000000", "paramters: 7", "Did you mean `parameters`?"),
        ("parameters: 7000000000", "released: 2026-11-01", "must be text; put it in quotes"),
        ("parameters: 7000000000", "released: '2026-13-01'", "must be a day"),
        ("kind: open-weights", "kind: open", "allowed: open-weights, proprietary"),
        ("kind: open-weights", "kind: open-weight", "Did you mean `open-weights`?"),
        ("name: our-model", "name: Our Model", "small letters"),
        ("name: our-model", "name: our-model\n  base: phi-44", "Did you mean `phi-4`?"),
        ("read: 2026-11-01", "note: x", "`sources.card.read` is missing"),
        ("read: 2026-11-01", "read: 2026-11-31", "cannot be read"),
        ("read: 2026-11-01", "read: yesterday", "must be a day, `2026-11-22`"),
        ("family: own", "family: own\nfamily: own", "line 3: `family` stands there twice"),
        ("https://example.com/card", "our wiki", "address"),
        ("name: our-model", "name: phi-4", "in the catalogue already"),
        ("models:", "models", "cannot be read"),
    ],
)
def test_a_figure_without_a_source_or_with_a_mistake_is_refused(
    tmp_path: Path, written: str, instead: str, said: str
) -> None:
    (tmp_path / "catalogue.yaml").write_text(OWN.replace(written, instead))
    with pytest.raises(InvalidProject) as error:
        read_catalogue(tmp_path)
    assert said in f"{error.value.message} {error.value.hint}"


@pytest.mark.parametrize(
    ("written", "instead", "said"),
    [
        ("    operator: example-page", "    url: example-page", "for operator"),
        ("  url: unknown", "  url: https://api.example.com/v1", "for url"),
        ("  regions: []", "  regions: [eu]", "for regions"),
        ("  retention_days: unknown", "  retention_days: 30", "for retention_days"),
        ("  residency: unknown", "  residency: unknown\n  notes: Ask them.", "for notes"),
        ("    operator: example-page", "    operator: nobody", "no source called `nobody`"),
        ("  trains_on_data: unknown", "  trains_on_data: maybe", "allowed: yes, no, opt-out"),
    ],
)
def test_what_is_said_of_a_host_without_a_source_is_refused(
    tmp_path: Path, written: str, instead: str, said: str
) -> None:
    source = Source(key="example-page", title="t", url="https://e.com", read=datetime.date.min)
    (tmp_path / "hosts.yaml").write_text(HOST)
    assert dict(hosts_of(read_written(tmp_path / "hosts.yaml"), {source.key: source}))
    (tmp_path / "hosts.yaml").write_text(HOST.replace(written, instead))
    with pytest.raises(InvalidProject) as error:
        dict(hosts_of(read_written(tmp_path / "hosts.yaml"), {source.key: source}))
    assert said in error.value.message


def test_each_benchmark_says_why_it_counts_for_its_tasks_and_no_sums_count(
    catalogue: Catalogue,
) -> None:
    for benchmark in catalogue.benchmarks.values():
        assert len(benchmark.reason) > 20, benchmark.id
    for sums in ("gsm8k", "mgsm", "bbh", "humaneval"):
        assert catalogue.benchmarks[sums].tasks == ()


def test_what_users_must_be_shown_is_said_of_each_licence_or_unknown(catalogue: Catalogue) -> None:
    licences = catalogue.licences
    assert "tell people" in licences["anthropic-commercial-terms"].shown_to_users
    source = licences["anthropic-commercial-terms"].sources["shown_to_users"]
    assert source.key == "anthropic-usage-policy"
    assert licences["mit"].shown_to_users == "none"
    assert licences["jamba-open-model"].shown_to_users == "unknown"


def test_of_two_sources_the_model_s_own_page_counts_before_a_collection(
    catalogue: Catalogue,
) -> None:
    scout = catalogue.model("llama-4-scout")
    assert scout.get("context_tokens") == 10_000_000
    assert [known.source.key for known in scout.facts["context_tokens"]][-1] == "models-dev"
    assert "context_tokens" in scout.disputed


def test_a_name_that_is_far_from_all_models_is_not_answered_with_all_of_them(
    catalogue: Catalogue,
) -> None:
    with pytest.raises(NotFound) as error:
        catalogue.model("zzzz")
    assert error.value.hint == "Look it up: fourfold models list"
