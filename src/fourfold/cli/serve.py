"""`fourfold serve`: the OpenAI-compatible API and the JSON API on one port."""

from __future__ import annotations

from pathlib import Path

import click

from fourfold.cli.output import command, json_option, print_json, project_option, say


@click.command()
@click.option("--host", help="Address to listen on; beyond this machine, API keys are needed.")
@click.option("--port", type=click.IntRange(0, 65535), help="Port; 0 picks a free one.")
@project_option
@json_option
@command
async def serve(*, host: str | None, port: int | None, folder: Path | None, as_json: bool) -> None:
    """Serve the OpenAI-compatible API and the JSON API.

    \b
    Examples:
      fourfold serve
      fourfold serve --host 0.0.0.0 --port 8400
    """
    from fourfold.core.settings import read_settings
    from fourfold.project import open_project
    from fourfold.server.assembly import serve_project
    from fourfold.server.services import is_loopback

    given = {"host": host, "port": port}
    changes = {name: value for name, value in given.items() if value is not None}
    settings = read_settings().model_copy(update=changes)

    def ready(url: str) -> None:
        if as_json:
            print_json({"url": url})
            return
        say(f"Ready: {url}")
        say(f"  OpenAI-compatible   {url}/v1   (model `{project.config.name}`)")
        say(f"  JSON API            {url}/api/docs")
        say("Stop with Ctrl+C; requests in flight are finished.")

    async with open_project(folder, settings=settings) as project:
        if not is_loopback(settings.host) and not await project.access.keys():
            say(f"warning: `{settings.host}` is reached from elsewhere, and there is no API key.")
            say("Nobody gets in before one is made: fourfold key create NAME")
        await serve_project(project, ready=ready)
