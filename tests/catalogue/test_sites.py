"""Where a request is processed: what is one's own, and what nobody knows."""

import pytest

from fourfold.catalogue import Catalogue, read_catalogue
from fourfold.catalogue.regions import is_barred, outside
from fourfold.catalogue.sites import hosts_in, site_of


@pytest.fixture(scope="module")
def catalogue() -> Catalogue:
    return read_catalogue()


@pytest.mark.parametrize(
    ("url", "kind"),
    [
        ("http://127.0.0.1:8000/v1", "own-machine"),
        ("http://localhost:11434/v1", "own-machine"),
        ("http://[::1]:8000/v1", "own-machine"),
        ("http://gpu.localhost/v1", "own-machine"),
        ("http://10.20.30.40/v1", "own-network"),
        ("http://192.168.1.9:8000/v1", "own-network"),
        ("http://172.31.0.1/v1", "own-network"),
        ("http://[fd00::7]/v1", "own-network"),
        ("http://gpu-1:8000/v1", "own-network"),
        ("http://gpu-1.internal/v1", "own-network"),
        ("https://llm.example.com/v1", "unknown"),
        ("https://127.0.0.1.example.com/v1", "unknown"),
        ("https://localhost.example.com/v1", "unknown"),
        ("https://10.0.0.1@llm.example.com/v1", "unknown"),
        ("http://8.8.8.8/v1", "unknown"),
        ("http://172.32.0.1/v1", "unknown"),
        ("http://100.64.0.1/v1", "unknown"),
        ("http://134744072/v1", "unknown"),  # 8.8.8.8 in one number
        ("http://0x08080808/v1", "unknown"),
        ("http://[::ffff:8.8.8.8]/v1", "unknown"),
        ("https://api.openai.com.example.com/v1", "unknown"),
        ("", "unknown"),
        ("not an address", "unknown"),
        ("https://api.openai.com/v1", "host"),
        ("https://api.openai.com./v1", "host"),
        ("https://API.OpenAI.com/v1", "host"),
        ("https://api.groq.com/openai/v1", "host"),
    ],
)
def test_only_this_machine_and_private_addresses_are_one_s_own(
    catalogue: Catalogue, url: str, kind: str
) -> None:
    assert site_of(url, "phi-4", catalogue.hosts).kind == kind


@pytest.mark.parametrize(
    ("url", "model", "regions"),
    [
        ("https://api.openai.com/v1", "gpt-5.4", ("global",)),
        ("https://eu.api.openai.com/v1", "gpt-5.4", ("eu",)),
        ("https://api.mistral.ai/v1", "mistral-large-3", ("global",)),
        ("https://api.eu.mistral.ai/v1", "mistral-large-3", ("eu",)),
        ("https://bedrock-runtime.eu-west-2.amazonaws.com", "eu.amazon.nova-pro-v1:0", ("eu",)),
        ("https://bedrock-runtime.eu-west-2.amazonaws.com", "global.anthropic.x", ("global",)),
        ("https://bedrock-runtime.eu-west-2.amazonaws.com", "amazon.nova-pro-v1:0", ()),
        ("https://aiplatform.eu.rep.googleapis.com/v1", "google/gemini-2.5-pro", ("eu",)),
        ("https://europe-west3-aiplatform.googleapis.com/v1", "google/gemini-2.5-pro", ()),
        ("https://ours.openai.azure.com/openai/v1", "ours", ()),
        ("https://api.groq.com/openai/v1", "llama-3.3-70b-versatile", ()),
    ],
)
def test_the_address_and_the_model_s_name_tell_the_region_or_nobody_does(
    catalogue: Catalogue, url: str, model: str, regions: tuple[str, ...]
) -> None:
    site = site_of(url, model, catalogue.hosts)
    assert (site.kind, site.regions) == ("host", regions)
    assert site.source is not None


def test_a_region_that_the_project_states_counts(
    catalogue: Catalogue,
) -> None:
    azure = site_of("https://ours.openai.azure.com/v1", "x", catalogue.hosts, stated="eu")
    assert (azure.kind, azure.regions, azure.is_stated) == ("host", ("eu",), True)
    assert azure.as_json()["host"] == "Azure OpenAI, Microsoft Foundry"
    here = site_of("http://localhost/v1", "x", catalogue.hosts, stated="us")
    assert (here.kind, here.regions, here.is_stated) == ("unknown", ("us",), True)
    network = site_of("http://gpu-1:8000/v1", "x", catalogue.hosts, stated="de")
    assert (network.kind, network.regions) == ("own-network", ("de",))


@pytest.mark.parametrize("model", ["gpt-oss:120b-cloud", "kimi-k2:cloud"])
def test_what_a_local_server_passes_on_is_nowhere_for_sure(
    catalogue: Catalogue, model: str
) -> None:
    address = "http://localhost:11434/v1"
    assert site_of(address, model, catalogue.hosts).kind == "unknown"
    assert site_of(address, "gpt-5.4", catalogue.hosts, is_sold=True).kind == "unknown"


def test_a_country_of_the_union_lies_in_it_and_not_the_other_way_round() -> None:
    assert outside(["de", "FR"], ["eu"]) == []
    assert outside(["eu"], ["de"]) == ["eu"]
    assert outside(["ch", "global"], ["EU"]) == ["ch", "global"]
    assert is_barred("DE", ["EU"])
    assert is_barred("GB", ["EU", "GB"])
    assert not is_barred("CH", ["EU"])
    assert not is_barred("", ["EU"])


def test_hosts_of_a_model_that_offer_a_region_are_found(catalogue: Catalogue) -> None:
    assert "openai" in hosts_in(catalogue.model("gpt-5.4"), ["eu"])
    assert hosts_in(catalogue.model("gpt-5.4"), ["ch"]) == []
