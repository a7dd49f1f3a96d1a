"""New project folders: an empty one, and the demo company."""

from __future__ import annotations

import json
import re
import shutil
from importlib.resources import as_file, files
from pathlib import Path

from fourfold.core.errors import InvalidInput
from fourfold.models.weights import WEIGHTS, current_name
from fourfold.project.application import LANGUAGES, task_files
from fourfold.project.config import FILE_NAME
from fourfold.project.wiring import EXTRACTIVE
from fourfold.prompts.tasks import TASKS

_PLACES = {
    "prompt.de.md": "prompts/{task}.de.md",
    "prompt.en.md": "prompts/{task}.en.md",
    "golden.jsonl": "datasets/golden.jsonl",
    "guide.md": "README.md",
    "guide.de.md": "LIESMICH.md",
}
IGNORED = ".fourfold/\n.env\n"  # state and secrets stay out of version control


def create_project(
    folder: Path, *, task: str = "answer", model: str = EXTRACTIVE
) -> tuple[str, list[str]]:
    """Make the folder of an empty project; an existing project is never overwritten.

    Gives the name of its model, which may be a newer one, and what to know before using it.
    """
    model = current_name(model)
    _check_model(model)
    _claim(folder)
    from jinja2 import Environment, StrictUndefined

    template = files("fourfold.project").joinpath("templates", FILE_NAME).read_text("utf-8")
    # The result is YAML, never HTML; both values are checked or made here.
    environment = Environment(  # noqa: S701
        undefined=StrictUndefined, keep_trailing_newline=True, trim_blocks=True
    )
    name, title = project_name(folder), folder.resolve().name
    text = environment.from_string(template).render(
        name=name,
        title=_quoted(title),
        task=TASKS[task],
        model=_quoted(model),
        has_schema=(task_files(task) / "schema.json").is_file(),
    )
    for part in ("documents", "datasets"):
        (folder / part).mkdir(parents=True, exist_ok=True)
    _copy_task(task, folder)
    (folder / ".gitignore").write_text(IGNORED, encoding="utf-8")
    (folder / FILE_NAME).write_text(text, encoding="utf-8")
    return model, _warnings(folder, model)


def _warnings(folder: Path, model: str) -> list[str]:
    """The languages of the task's prompts and golden set that the model does not know."""
    from fourfold.project.config_file import load_config
    from fourfold.project.languages import language_warnings

    if model == EXTRACTIVE:
        return []
    found = language_warnings(folder, load_config(folder), [model], LANGUAGES)
    return [one.text for one in found]


def _copy_task(task: str, folder: Path) -> None:
    """Put prompts, examples, golden set and guidance of the task into the project.

    What somebody has put there under the same name stays as it is.
    """
    for file in task_files(task).iterdir():
        target = folder / _PLACES.get(file.name, file.name).format(task=task)
        if not target.exists():
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(file.read_bytes())


def ships(file: Path, task: str) -> bool:
    """True for an unchanged golden set of ours: its records are invented."""
    own = task_files(task).joinpath("golden.jsonl")
    demo = files("fourfold.project").joinpath("demo", "datasets", "golden.jsonl")
    return file.read_bytes() in {one.read_bytes() for one in (own, demo)}


def create_demo(folder: Path) -> None:
    """Copy the demo company: documents, golden set and questions."""
    _claim(folder)
    with as_file(files("fourfold.project").joinpath("demo")) as demo:
        shutil.copytree(
            demo, folder, dirs_exist_ok=True, ignore=shutil.ignore_patterns("__pycache__", "*.py")
        )
    (folder / ".gitignore").write_text(IGNORED, encoding="utf-8")


def project_name(folder: Path) -> str:
    """A name for the application out of the folder's: `Mein Büro` becomes `mein-buero`."""
    text = folder.resolve().name.lower()
    for umlaut, letters in (("ä", "ae"), ("ö", "oe"), ("ü", "ue"), ("ß", "ss")):
        text = text.replace(umlaut, letters)
    return re.sub(r"[^a-z0-9]+", "-", text).strip("-")[:64] or "project"


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)  # which is YAML too


def _check_model(model: str) -> None:
    if model != EXTRACTIVE and not model.endswith(".gguf") and model not in WEIGHTS:
        from fourfold.project.names import unknown_model

        raise unknown_model(model)


def _claim(folder: Path) -> None:
    if folder == Path():
        raise InvalidInput("The project needs a name.", hint="Type: fourfold init NAME")
    if (folder / FILE_NAME).exists():
        raise InvalidInput(
            f"There is a project in `{folder}` already.",
            hint="Choose another folder; nothing was changed.",
        )
    try:
        folder.mkdir(parents=True, exist_ok=True)
        probe = folder / ".fourfold-probe"
        probe.touch()
        probe.unlink()
    except OSError as error:
        raise InvalidInput(
            f"`{folder}` cannot be written: {error.strerror}.",
            hint="Choose a folder that you may write to.",
        ) from error
