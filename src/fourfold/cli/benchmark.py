"""`fourfold models benchmark`: public benchmarks on a model of this machine."""

from __future__ import annotations

from pathlib import Path

import click

from fourfold.cli.output import (
    command,
    faint,
    heading,
    json_option,
    print_json,
    project_option,
    say,
    show,
)


@click.command("benchmark")
@click.option("--model", help="Installed weights or a GGUF file; default: the project's.")
@click.option("--tasks", required=True, metavar="A,B", help="Tasks of lm-evaluation-harness.")
@click.option(
    "--include",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    help="A folder with task files of your own.",
)
@click.option("--limit", type=click.IntRange(1), help="Only so many records of each task.")
@click.option("--examples", type=click.IntRange(0), help="Few-shot examples before each record.")
@project_option
@json_option
@command
async def benchmark_model(
    *,
    model: str | None,
    tasks: str,
    include: Path | None,
    limit: int | None,
    examples: int | None,
    folder: Path | None,
    as_json: bool,
) -> None:
    """Run public benchmarks through lm-evaluation-harness (`pip install 'fourfold[benchmark]'`).

    Nothing is fetched: the data of a task must lie on this disk.

    \b
    Example:
      fourfold models benchmark --model qwen2.5-coder-0.5b --include tasks --tasks capitals
    """
    from fourfold.project import open_project
    from fourfold.server.benchmarking import benchmark

    names = [name.strip() for name in tasks.split(",") if name.strip()]
    async with open_project(folder, model=model) as project:
        result = await benchmark(
            project,
            tasks=names,
            include=include,
            limit=limit,
            examples=examples,
            tell=lambda line: say(faint(line)),
        )
    if as_json:
        print_json(result)
        return
    for task, metrics in result["tasks"].items():
        show(heading(f"{task}  ({metrics['records']} records)"))
        for name, one in metrics.items():
            if isinstance(one, dict):
                error = one["standard_error"]
                around = "" if error is None else f" ± {1.96 * error:.4f}"
                show(f"  {name:<20} {one['value']:.4f}{around}")
    show(faint(f"{result['harness']}, {result['model']}"))
