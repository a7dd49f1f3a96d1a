"""The command line: one file per command group; parse, call one function, print."""

from __future__ import annotations

import sys
from importlib import import_module
from typing import cast

import click

COMMANDS = {
    "demo": ("demo:demo", "Build the demo project, ask it five questions, show what is next."),
    "init": ("init:init", "Make a project folder."),
    "ingest": ("ingest:ingest", "Bring the index up to date with the documents."),
    "ask": ("ask:ask", "Answer a question from the documents, with citations."),
    "search": ("search:search", "Show what retrieval alone finds, and why."),
    "score": ("score:score", "Judge texts by BLEU, chrF, TER, HTER, ROUGE, F1 and others."),
    "judge": ("judge:judge", "Let a language model mark texts by a rubric, and check its marks."),
    "compare": ("compare:compare", "Compare models and prompts on your own task."),
    "experiment": ("experiment:experiment", "Exchange comparisons with other tools."),
    "report": ("report:report", "Write the decision report of a comparison."),
    "serve": ("serve:serve", "Serve the OpenAI-compatible API and the JSON API."),
    "models": ("models:models", "Install weights, and see which are there."),
    "user": ("people:user", "Create, list and revoke users."),
    "key": ("people:key", "Create, list and revoke API keys."),
    "backup": ("data:backup", "Write everything in the database into one file."),
    "restore": ("data:restore", "Bring back a backup."),
    "erase": ("data:erase", "Remove a document from the index for good."),
    "doctor": ("doctor:doctor", "What is installed, what is missing, how to get it."),
}


class LazyGroup(click.Group):
    """Lists every command and imports only the one that runs."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """In the order of a user's journey."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import the file of that command."""
        if cmd_name not in COMMANDS:
            return None
        module_name, _, attribute = COMMANDS[cmd_name][0].partition(":")
        module = import_module(f"fourfold.cli.{module_name}")
        return cast("click.Command", getattr(module, attribute))

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Print the table above, so that `--help` imports nothing."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, words) for name, (_, words) in COMMANDS.items()])

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Suggest the closest command for an unknown one."""
        if args and args[0] not in COMMANDS and not args[0].startswith("-"):
            from fourfold.core.errors import suggestion

            ctx.fail(f"There is no command `{args[0]}`. {suggestion(args[0], COMMANDS)}")
        return super().resolve_command(ctx, args)


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="fourfold")
def fourfold() -> None:
    """Choose, adapt, run and equip a language model, with measured evidence at every step.

    \b
    A first answer:
      fourfold init helpdesk      make a project
      cd helpdesk                 put files into documents/
      fourfold ingest             read them
      fourfold ask "Wie lange ist die Garantie?"
    """


def main() -> None:
    """Run a command; every error ends here and is said in words (or JSON, with `--json`)."""
    from fourfold.cli.output import say_error
    from fourfold.cli.stopping import Stopped
    from fourfold.core.errors import FourfoldError

    as_json = "--json" in sys.argv
    try:
        fourfold.main(standalone_mode=False)
    except click.UsageError as error:
        hint = f"Type: {error.ctx.command_path} --help" if error.ctx else ""
        say_error("usage", error.format_message(), hint, as_json=as_json)
        sys.exit(2)
    except FourfoldError as error:
        say_error(error.code, error.message, error.hint, as_json=as_json)
        sys.exit(1)
    except Stopped as stopped:
        say_error("interrupted", "Stopped.", stopped.hint, as_json=as_json)
        sys.exit(stopped.exit_code)
    except (KeyboardInterrupt, click.Abort):
        say_error("interrupted", "Stopped.", "", as_json=as_json)
        sys.exit(130)
    except click.exceptions.Exit as stop:
        sys.exit(stop.exit_code)
    except BrokenPipeError:
        sys.stderr.close()  # the reader has gone; nothing is left to say
        sys.exit(1)
    except OSError as error:
        named = f": `{error.filename}`" if error.filename else ""
        hint = "Check that it is there, that you may use it, and that the disk is not full."
        say_error("system", f"{error.strerror or error}{named}.", hint, as_json=as_json)
        sys.exit(1)
