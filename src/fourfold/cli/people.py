"""`fourfold user` and `fourfold key`: who may use the server."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast, get_args

import click

from fourfold.cli.output import command, heading, json_option, print_json, project_option, say, show
from fourfold.core.records import Role

if TYPE_CHECKING:
    from fourfold.access import ApiKey

_ACTOR = "command line"
role_option = click.option(
    "--role", type=click.Choice(get_args(Role)), default="viewer", show_default=True
)
group_option = click.option(
    "--group", "groups", multiple=True, help="A group whose documents may be seen; repeatable."
)


@click.group()
def user() -> None:
    """Create, list and revoke users."""


@user.command("create")
@click.argument("name")
@role_option
@group_option
@project_option
@json_option
@command
async def create_user(
    *, name: str, role: str, groups: tuple[str, ...], folder: Path | None, as_json: bool
) -> None:
    """Add a person.

    \b
    Example:
      fourfold user create anna --role engineer --group hr
    """
    from fourfold.project import open_project

    async with open_project(folder) as project:
        made = await project.access.create_user(
            name, role=cast("Role", role), groups=groups, actor=_ACTOR
        )
    if as_json:
        print_json(_user_json(made))
    else:
        show(f"Made the user `{made.name}` ({made.role}).")


@user.command("list")
@project_option
@json_option
@command
async def list_users(*, folder: Path | None, as_json: bool) -> None:
    """Show everybody, revoked users too."""
    from fourfold.project import open_project

    async with open_project(folder) as project:
        everybody = await project.access.users()
    if as_json:
        print_json({"users": [_user_json(one) for one in everybody]})
        return
    for one in everybody:
        state = " (revoked)" if one.revoked_at else ""
        show(f"{heading(one.name)}  {one.role}  {', '.join(sorted(one.groups))}{state}")
    if not everybody:
        say("There are no users yet: fourfold user create NAME --role owner")


@user.command("revoke")
@click.argument("name")
@project_option
@json_option
@command
async def revoke_user(*, name: str, folder: Path | None, as_json: bool) -> None:
    """Shut a person out, with all their keys."""
    from fourfold.project import open_project

    async with open_project(folder) as project:
        await project.access.revoke_user(name, actor=_ACTOR)
    if as_json:
        print_json({"revoked": name})
    else:
        show(f"`{name}` is shut out; their keys stop working within a second.")


@click.group()
def key() -> None:
    """Create, list and revoke API keys."""


@key.command("create")
@click.argument("name")
@role_option
@group_option
@click.option("--user", "user_name", help="Whose key it is; without, an application's.")
@click.option("--act-for-users", is_flag=True, help="May say on behalf of which end user it asks.")
@click.option("--days", type=click.IntRange(1, 3650), help="Days until it expires.")
@project_option
@json_option
@command
async def create_key(
    *,
    name: str,
    role: str,
    groups: tuple[str, ...],
    user_name: str | None,
    act_for_users: bool,
    days: int | None,
    folder: Path | None,
    as_json: bool,
) -> None:
    """Make a key; its secret is shown this once.

    \b
    Examples:
      fourfold key create intranet --group sales --act-for-users
      fourfold key create anna-laptop --user anna --role engineer --days 90
    """
    from fourfold.project import open_project

    expires_at = datetime.now(UTC) + timedelta(days=days) if days else None
    async with open_project(folder) as project:
        made = await project.access.create_key(
            name,
            role=cast("Role", role),
            groups=groups,
            user=user_name,
            act_for_users=act_for_users,
            expires_at=expires_at,
            actor=_ACTOR,
        )
    if as_json:
        print_json({**_key_json(made.key), "secret": made.secret})
        return
    say(f"Made the key `{made.key.name}` ({made.key.role}). Keep it now; it is not shown again:")
    show(made.secret)


@key.command("list")
@project_option
@json_option
@command
async def list_keys(*, folder: Path | None, as_json: bool) -> None:
    """Show all keys by their beginnings, revoked ones too."""
    from fourfold.project import open_project

    async with open_project(folder) as project:
        keys = await project.access.keys()
    if as_json:
        print_json({"keys": [_key_json(one) for one in keys]})
        return
    for one in keys:
        said = [one.role, ", ".join(sorted(one.groups)), *_of_a_key(one)]
        show(f"{one.prefix}…  {heading(one.name)}  {'  '.join(filter(None, said))}")
    if not keys:
        say("There are no keys yet: fourfold key create NAME")


def _of_a_key(one: ApiKey) -> Iterator[str]:
    """What else whoever looks for a key to revoke wants to know."""
    if one.act_for_users:
        yield "acts for users"
    if one.revoked_at:
        yield f"revoked {one.revoked_at:%Y-%m-%d}"
    elif one.expires_at:
        yield f"until {one.expires_at:%Y-%m-%d}"


@key.command("revoke")
@click.argument("key_id", metavar="KEY")
@project_option
@json_option
@command
async def revoke_key(*, key_id: str, folder: Path | None, as_json: bool) -> None:
    """Stop a key, named by its id or by its beginning as `list` shows it."""
    from fourfold.project import open_project

    async with open_project(folder) as project:
        await project.access.revoke_key(key_id.rstrip("…"), actor=_ACTOR)
    if as_json:
        print_json({"revoked": key_id})
    else:
        show("The key stops working within a second.")


def _user_json(user: Any) -> dict[str, Any]:
    return {
        "id": user.id,
        "name": user.name,
        "role": user.role,
        "groups": sorted(user.groups),
        "created_at": user.created_at.isoformat(),
        "revoked_at": user.revoked_at and user.revoked_at.isoformat(),
    }


def _key_json(key: Any) -> dict[str, Any]:
    return {
        "id": key.id,
        "name": key.name,
        "prefix": key.prefix,
        "role": key.role,
        "groups": sorted(key.groups),
        "user_id": key.user_id,
        "act_for_users": key.act_for_users,
        "created_at": key.created_at.isoformat(),
        "expires_at": key.expires_at and key.expires_at.isoformat(),
        "last_used_at": key.last_used_at and key.last_used_at.isoformat(),
        "revoked_at": key.revoked_at and key.revoked_at.isoformat(),
    }
