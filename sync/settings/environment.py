"""The settings, read from environment variables and validated.

`.env.example`, `app.json` and docs/settings.md are written from each field's `description`; those
without one are left out.
"""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Annotated, Literal, TypeVar
from zoneinfo import ZoneInfo

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    SecretStr,
    ValidationError,
    ValidationInfo,
    field_validator,
)

from sync.errors import SettingsError
from sync.settings import validators
from sync.settings.config_file import CONFIG_FILE, Config, load_config
from sync.settings.credentials import credentials


def _config(path: str) -> Config:
    """Return the config in a file. Raises ValueError that names file and key."""
    try:
        return load_config(Path(path))
    except SettingsError as error:
        raise ValueError(error.message) from None
    except OSError as error:
        raise ValueError(
            f"names a file that cannot be read ({error.strerror}). Set it to the path of a copy of "
            "config/brightsheet.toml, or unset it."
        ) from None


def _secret(check: Callable[[str], str]) -> AfterValidator:
    """Return a validator that calls `check` with a secret's value."""
    return AfterValidator(lambda secret: SecretStr(check(secret.get_secret_value())))


_T = TypeVar("_T", bound="_EnvironmentModel")


def _secrets(text: str) -> list[str]:
    return [each for part in text.split(",") if (each := part.strip())]


Address = Annotated[str, AfterValidator(validators.address)]
DocumentPath = Annotated[str, AfterValidator(validators.document_path)]
WebhookSecret = Annotated[SecretStr, _secret(validators.webhook_secret)]
Services = Annotated[
    tuple[Annotated[SecretStr, _secret(validators.alert_service)], ...], BeforeValidator(str.split)
]


class _EnvironmentModel(BaseModel):
    """Base of settings; the alias of each is its environment variable."""

    model_config = ConfigDict(
        alias_generator=str.upper, extra="ignore", frozen=True, hide_input_in_errors=True
    )

    @field_validator("*", mode="before")
    @classmethod
    def _unquoted(cls, value: object) -> object:
        if isinstance(value, str) and value[:1] == value[-1:] and value[:1] in ('"', "'"):
            # As `docker run --env-file` keeps them.
            raise ValueError("is in quotes, which count as part of it here. Remove them.")
        return value


SQLITE_FILE = "sqlite:///brightsheet.sqlite3"


class DatabaseSettings(_EnvironmentModel):
    """Database."""

    dyno: str = ""  # Set by Heroku on its machines, not by people.
    database_url: Annotated[SecretStr, _secret(validators.database_url)] = Field(
        SecretStr(SQLITE_FILE),
        validate_default=True,
        description="`sqlite:///FILE` or `postgres://…`. A host without a persistent disk needs "
        "PostgreSQL.",
    )
    keep_deliveries_days: int = Field(
        90,
        ge=1,
        le=36500,
        description="How many days webhooks are kept as they were received. A rejected one is kept "
        "until somebody dismisses it, too.",
    )

    @field_validator("database_url")
    @classmethod
    def _outlives_a_restart(cls, url: SecretStr, info: ValidationInfo) -> SecretStr:
        if url.get_secret_value().startswith("sqlite:") and info.data.get("dyno"):
            raise ValueError(
                "is a SQLite file, and this host has no persistent disk. Add a PostgreSQL one: "
                "heroku addons:create heroku-postgresql:essential-0"
            )
        return url


class GoogleSettings(_EnvironmentModel):
    """Google's sign-in."""

    # For tests and the demo.
    google_emulator_url: Annotated[Address, AfterValidator(validators.loopback)] = ""
    google_oauth_token_json: Annotated[SecretStr, _secret(credentials)] | None = Field(
        None,
        description="The sign-in of a user account, as printed by `brightsheet auth google`.",
    )
    google_service_account_json: Annotated[SecretStr, _secret(credentials)] | None = Field(
        None,
        validate_default=True,
        description="Or a service account's JSON key, the whole file.",
    )

    @property
    def google_credentials(self) -> SecretStr | None:
        """JSON of a service account's key, else a user account's token; an emulator needs none."""
        return self.google_service_account_json or self.google_oauth_token_json


class ReceiverSettings(_EnvironmentModel):
    """The webhook and the console."""

    webhook_secrets: Annotated[tuple[WebhookSecret, ...], BeforeValidator(_secrets)] = Field(
        alias="WEBHOOK_SECRET",
        min_length=1,
        description="The secret that EverBright sends, 16 characters or more (`openssl rand "
        "-hex 24`). Several, separated by commas, are all accepted: during a rotation, the new "
        "and the old one.",
    )
    # For tests. EverBright publishes no limit; its sample has 3 kB.
    max_body_bytes: int = Field(1024 * 1024, ge=1024, le=2**26)
    admin_password: Annotated[SecretStr, _secret(validators.admin_password)] | None = Field(
        None,
        description="The password of the [console](operations.md#the-console) at `/`, 12 "
        "characters or more. Without it the console is disabled.",
    )
    public_url: Address = Field(
        "",
        description="The address at which EverBright reaches the receiver, like "
        "`https://sheet.example.com`. Alerts link to it, and `doctor` calls it.",
    )
    trusted_proxies: int = Field(
        0,
        ge=0,
        le=10,
        description="How many [proxies](security.md#behind-a-proxy) are in front of the receiver. "
        "The Procfile, the Heroku button and `compose.yaml` set 1; `doctor` checks it.",
    )
    port: int = Field(
        8000,
        ge=0,
        le=65535,
        description="The port to listen on, on all addresses unless `serve --host` names one. If "
        "it isn't set, the receiver listens on `127.0.0.1` alone.",
    )


class SheetSettings(_EnvironmentModel):
    """The sheet."""

    spreadsheet_id: Annotated[str, AfterValidator(validators.google_id)] = Field(
        description="The spreadsheet's ID, or its address copied from the browser. Share it with "
        "the service account as an editor.",
    )
    config: Annotated[Config, BeforeValidator(_config)] = Field(
        alias="CONFIG_FILE",
        description="The path of your config, a copy of `config/brightsheet.toml` with what the "
        "sheet shows. On Heroku and in a container, edit and commit the file itself instead.",
    )
    zone: ZoneInfo = Field(
        ZoneInfo("UTC"),
        alias="TIMEZONE",
        description="The time zone of dates, like `America/Los_Angeles`: the one that the "
        "spreadsheet has under File, Settings.",
    )
    add_tabs: Literal["yes", "no"] = Field(
        "no",
        description="`yes` adds *Jobs*, *Today*, *History* and *Pipeline* to a spreadsheet with "
        "tabs without asking on the console.",
    )
    stuck_days: int = Field(
        14,
        ge=1,
        le=3650,
        description="A job whose status is older than this many days is stuck.",
    )
    worker: Literal["embedded", "separate"] = Field(
        "embedded",
        description="`embedded`: the web process also writes the sheet. `separate`: a "
        "[worker process](operations.md#size) does.",
    )
    # For tests: how soon another worker may take over from a dead one.
    lease_seconds: int = Field(10, ge=1, le=600)


class EverBrightSettings(_EnvironmentModel):
    """EverBright's API."""

    everbright_api_token: Annotated[SecretStr, _secret(validators.header_value)] | None = Field(
        None,
        description="EverBright's API token. Without it there are no customers' names and no "
        "documents.",
    )
    everbright_url: Address = Field(
        "https://engine.goeverbright.com",
        description="EverBright's address. The test system is `https://onboard.goeverbright.com`.",
    )
    everbright_auth_header: Annotated[str, AfterValidator(validators.auth_header)] = Field(
        "Authorization: Token",
        description="The header of the API token and, after a colon, its scheme; or a header "
        "alone, like `api-key`.",
    )
    everbright_document_path: DocumentPath = Field(
        "/api/v1/document/{document}/download/",
        description="The path of a document's download, with `{document}` or `{sub_task}`.",
    )
    backfill_hours: int = Field(
        24,
        ge=0,
        le=8760,
        description="How often, in hours, open and changed jobs are read from EverBright: what "
        "became ready to submit, and what webhooks missed. 0 turns it off. Needs the API token.",
    )
    # For tests. EverBright publishes no limit: two requests a second are modest.
    backfill_rate: int = Field(2, ge=1, le=50)


class DocumentSettings(_EnvironmentModel):
    """Documents."""

    drive_folder_id: Annotated[str, AfterValidator(validators.google_id)] = Field(
        "",
        description="The ID or address of the Drive folder for documents, on a shared drive if a "
        "service account signs in. Without it documents aren't copied, only linked.",
    )


class AlertSettings(_EnvironmentModel):
    """Alerts and logs."""

    alert_urls: Services = Field(
        (),
        description="Where [alerts](operations.md#alerts) go: addresses of email, Slack, Teams, "
        "Google Chat, ntfy and many others, "
        "[as apprise writes them](https://github.com/caronc/apprise/wiki), separated by spaces.",
    )
    notify_urls: Services = Field(
        (),
        description="Where the team's [messages](operations.md#alerts) go, in the same form: what "
        "was rejected, a contract signed or voided, a job that is done.",
    )
    silence_days: int = Field(
        5,
        ge=0,
        le=365,
        description="An alert is sent after this many days without a webhook. 0 turns it off.",
    )


class Settings(
    ReceiverSettings,
    GoogleSettings,
    SheetSettings,
    EverBrightSettings,
    DocumentSettings,
    AlertSettings,
    DatabaseSettings,
):
    """All settings. A field's name in capitals, or its alias, is the environment variable."""

    @property
    def copies_documents(self) -> bool:
        return bool(self.drive_folder_id and self.everbright_api_token)

    @field_validator("google_service_account_json")
    @classmethod
    def _signs_in(cls, key: SecretStr | None, info: ValidationInfo) -> SecretStr | None:
        others = [
            info.data.get(f"google_{name}", "wrong")
            for name in ("emulator_url", "oauth_token_json")
        ]
        if not (key or any(others)):
            raise ValueError(
                "is not set. Paste the service account's JSON key. If Google doesn't allow keys, "
                "sign in with a user account: brightsheet auth google --client FILE"
            )
        return key


def load(environ: Mapping[str, str], config_file: Path = CONFIG_FILE) -> Settings:
    """Return the settings from `environ`, with the config from CONFIG_FILE or `config_file`.

    Raises SettingsError, with a line for each that is wrong: the setting and the fix.
    """
    return _checked(Settings, {"CONFIG_FILE": str(config_file)}, environ)


def database_url(environ: Mapping[str, str]) -> str:
    """Return only the database's URL, for commands that need nothing else."""
    return _checked(DatabaseSettings, environ).database_url.get_secret_value()


def google_settings(environ: Mapping[str, str]) -> GoogleSettings:
    return _checked(GoogleSettings, environ)


def google_id(name: str, value: str) -> str:
    """Return the ID in `value`, an ID or an address. Raises SettingsError on `name`."""
    try:
        return validators.google_id(value)
    except ValueError as error:
        raise SettingsError(f"{name}: {error}") from None


def _checked(kind: type[_T], *environs: Mapping[str, str]) -> _T:
    """Return the settings from these environments: a later one takes precedence, blanks don't."""
    given = {
        name: text.strip() for environ in environs for name, text in environ.items() if text.strip()
    }
    try:
        return kind.model_validate(given)
    except ValidationError as error:
        asked = {str(field.alias): field.description for field in kind.model_fields.values()}
        lines = []
        for key, text in validators.problems(error):
            # pydantic names a default by its field, and a value in a list by its place, too.
            name = key.partition(".")[0].upper()
            fix = f"is not set. {asked[name]}" if text == validators.MISSING else text
            lines.append(f"{name}: {fix}")
        raise SettingsError(*lines) from None
