"""Settings describe the deployment; `fourfold.yaml` describes the project."""

import os
from pathlib import Path

from platformdirs import user_data_path
from pydantic import Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from fourfold.core.errors import InvalidSettings


class Settings(BaseSettings):
    """Addresses, keys and paths of this machine.

    Precedence: command line, environment `FOURFOLD_*`, the file `.env`, the default.
    Read once, frozen, passed down.
    """

    model_config = SettingsConfigDict(
        env_prefix="FOURFOLD_", env_file=".env", extra="ignore", frozen=True
    )

    database_url: SecretStr | None = Field(
        default=None,
        description="Any PostgreSQL 15 or newer with pgvector; empty: the embedded one "
        "in the project's `.fourfold/`.",
    )
    models_folder: Path = Field(
        default_factory=lambda: user_data_path("fourfold") / "models",
        description="Where installed weights are kept, shared by all projects of this person.",
    )
    host: str = Field(default="127.0.0.1", description="Address that the server listens on.")
    port: int = Field(
        default=8400, ge=0, le=65535, description="Port of the server; 0 picks a free one."
    )
    threads: int = Field(
        default=0,
        ge=0,
        description="Threads of the embedded models; 0 takes one for each physical core.",
    )
    parse_workers: int = Field(
        default=0, ge=0, description="Processes that parse documents; 0 takes one for each core."
    )
    require_keys: bool = Field(
        default=False,
        description="Ask for API keys on loopback too; beyond it they are always needed.",
    )
    max_request_bytes: int = Field(
        default=10_000_000, ge=1_000, description="Largest body that the server accepts."
    )
    request_timeout_seconds: float = Field(
        default=120.0, gt=0, description="Longest time that the server spends on one request."
    )
    max_concurrent_requests: int = Field(
        default=64, ge=1, description="Requests in work at once; more are answered with 429."
    )


def read_settings() -> Settings:
    """The settings of this process; raises `InvalidSettings` for a value that cannot be used."""
    try:
        return Settings()
    except ValidationError as error:
        problems = [
            f"FOURFOLD_{str(problem['loc'][0]).upper()}: {problem['msg']}"
            for problem in error.errors(include_input=False)
        ]
        raise InvalidSettings(
            f"The settings cannot be used. {'; '.join(problems)}.",
            hint="Correct or remove them in the environment or the file `.env`.",
        ) from None  # the value may be a secret


def read_secret(variable: str) -> SecretStr | None:
    """The secret in that environment variable, or None when it is not set or empty.

    Where it is not set, `VARIABLE_FILE` may name a file that holds the secret.
    """
    if not variable:
        return None
    value = os.environ.get(variable, "")
    file = os.environ.get(f"{variable}_FILE", "")
    if not value and file:
        value = _content(file, f"{variable}_FILE")
    return SecretStr(value) if value else None


def may_change(variable: str) -> bool:
    """True when the secret stands in a file, which somebody may renew while we run."""
    return bool(variable and not os.environ.get(variable) and os.environ.get(f"{variable}_FILE"))


def _content(file: str, variable: str) -> str:
    try:
        return Path(file).read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError):
        raise InvalidSettings(
            f"The file that {variable} names cannot be read.",
            hint="Write the path of a file there that holds the key alone.",
        ) from None
