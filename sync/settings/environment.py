"""Google credentials as JSON text, checked without a call to Google."""

import json
from collections.abc import Callable, Mapping
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar

from google.auth.crypt import RSASigner
from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    SecretStr,
    ValidationError,
    ValidationInfo,
    field_validator,
)
from pydantic_settings import (
    BaseSettings,
    EnvSettingsSource,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
)

from sync.errors import SettingsError
from sync.settings import validators
from sync.settings.config_file import CONFIG_FILE, Config, load_config

_REQUIRED = {
    "service_account": {"client_email", "private_key", "token_uri"},
    "authorized_user": {"client_id", "client_secret", "refresh_token"},
}


def chosen(
    service_account: SecretStr | None, token: SecretStr | None, file: Path | None
) -> SecretStr:
    """Return the first that is set, checked. Raises SettingsError that names its setting."""
    if service_account:
        return _checked_values("GOOGLE_SERVICE_ACCOUNT_JSON", service_account.get_secret_value())
    if token:
        return _checked_values("GOOGLE_OAUTH_TOKEN_JSON", token.get_secret_value())
    if file:
        return _read("GOOGLE_APPLICATION_CREDENTIALS", file)
    raise SettingsError(
        "GOOGLE_SERVICE_ACCOUNT_JSON",
        "is not set. Paste the service account's JSON key, or set GOOGLE_APPLICATION_CREDENTIALS "
        "to its file; where Google lets nobody make a key, sign in as a person: "
        "brightsheet auth google",
        is_missing=True,
    )


def _read(name: str, file: Path) -> SecretStr:
    try:
        text = file.read_text("utf-8")
    except (OSError, UnicodeDecodeError):
        fix = "Set it to the path of the service account's JSON key."
        raise SettingsError(name, f"names a file that cannot be read. {fix}") from None
    return _checked_values(name, text)


def _checked_values(name: str, text: str) -> SecretStr:
    try:
        tree: Any = json.loads(text)
        kind = tree.get("type", "authorized_user")
        missing = _REQUIRED[kind] - tree.keys()
    except (ValueError, AttributeError, KeyError, TypeError):
        fix = "Use the JSON file that Google made for the service account, whole."
        raise SettingsError(name, f"is not a Google key. {fix}") from None
    if missing:
        raise SettingsError(name, f"lacks {sorted(missing)[0]}. Paste the JSON file whole.")
    if kind == "service_account":
        try:
            RSASigner.from_service_account_info(tree)
        except (ValueError, TypeError):
            fix = "It may have lost its line breaks on the way: paste the JSON file whole."
            raise SettingsError(name, f"holds an invalid private key. {fix}") from None
    return SecretStr(text)


def _config(path: object) -> object:
    """Return the config that a file holds. Raises SettingsError that names file and key."""
    if not isinstance(path, str | Path):
        return path
    if not Path(path).is_file():
        raise ValueError(
            "names no file. Set it to the path of a copy of config/brightsheet.toml, or unset it."
        )
    return load_config(Path(path))


def _secret(check: Callable[[str], str]) -> AfterValidator:
    """Return a validator that gives `check` what a secret holds."""
    return AfterValidator(lambda secret: SecretStr(check(secret.get_secret_value())))


_T = TypeVar("_T", bound=BaseSettings)
Address = Annotated[str, AfterValidator(validators.address)]
DocumentPath = Annotated[str, AfterValidator(validators.document_path)]
WebhookSecret = Annotated[SecretStr, _secret(validators.webhook_secret)]


class _FromEnvironment(BaseSettings):
    """What is read from the environment that is handed over."""

    model_config = SettingsConfigDict(
        alias_generator=str.upper,
        case_sensitive=True,
        enable_decoding=False,
        extra="ignore",
        frozen=True,
        hide_input_in_errors=True,
        validate_default=False,
    )

    @classmethod
    def settings_customise_sources(  # type: ignore[override] # called with these as keywords
        cls, _: type[BaseSettings], **sources: PydanticBaseSettingsSource
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Take what is handed over, and nothing else: `load` is given the environment."""
        return (sources["init_settings"],)


class DatabaseSettings(_FromEnvironment):
    """Where deliveries are kept: all that `db upgrade` needs."""

    dyno: str = ""
    """Set by Heroku on its machines, not by people."""
    database_url: Annotated[SecretStr, _secret(validators.database_url)] = Field(
        SecretStr("sqlite:///brightsheet.sqlite3"), validate_default=True
    )

    @field_validator("database_url")
    @classmethod
    def _outlives_a_restart(cls, url: SecretStr, info: ValidationInfo) -> SecretStr:
        if url.get_secret_value().startswith("sqlite:") and info.data.get("dyno"):
            raise ValueError(
                "is a SQLite file, and this host throws its disk away. Add a PostgreSQL database: "
                "heroku addons:create heroku-postgresql:essential-0"
            )
        return url


class GoogleSettings(_FromEnvironment):
    """Who signs in at Google, or at which emulator: all that `auth google` needs."""

    google_emulator_url: Annotated[Address, AfterValidator(validators.loopback)] = ""
    google_service_account_json: SecretStr | None = None
    google_oauth_token_json: SecretStr | None = None
    google_application_credentials: Path | None = None

    @cached_property
    def google_credentials(self) -> SecretStr | None:
        """JSON of a service account's key or of a person's token; an emulator needs none.

        Raises SettingsError: the others of its three settings are not looked at.
        """
        given = (
            self.google_service_account_json,
            self.google_oauth_token_json,
            self.google_application_credentials,
        )
        return chosen(*given) if any(given) or not self.google_emulator_url else None


class Settings(DatabaseSettings, GoogleSettings):
    """What the environment says; a field's name in capitals is the setting's, or its alias."""

    webhook_secrets: Annotated[tuple[WebhookSecret, ...], BeforeValidator(validators.words)] = (
        Field(
            alias="WEBHOOK_SECRET",
            min_length=1,
            description="the secret that EverBright sends; several, for rotation, "
            "with commas between",
        )
    )
    webhook_secret_header: Annotated[str, AfterValidator(validators.header_name)] = (
        "X-Webhook-Secret"  # noqa: S105 - a header's name
    )
    max_body_bytes: int = Field(1024 * 1024, ge=1024, le=2**26)
    keep_deliveries_days: int = Field(90, ge=1, le=36500)

    spreadsheet_id: Annotated[str, AfterValidator(validators.spreadsheet_id)] = Field(
        "", description=validators.SPREADSHEET
    )
    drive_folder_id: Annotated[str, AfterValidator(validators.folder_id)] = ""

    everbright_url: Address = "https://engine.goeverbright.com"
    everbright_api_token: Annotated[SecretStr, _secret(validators.header_value)] | None = None
    everbright_auth_header: Annotated[str, AfterValidator(validators.auth_header)] = (
        "Authorization: Token"
    )
    """The header's name and, behind a colon, the scheme."""
    everbright_document_path: DocumentPath = "/api/v1/document/{document}/download/"
    everbright_preview_path: DocumentPath = "/api/v1/document/{document}/preview"
    backfill_hours: int = Field(24, ge=0, le=8760)
    """How often jobs that changed are read from EverBright; 0 is never. It needs the token."""
    backfill_rate: int = Field(2, ge=1, le=50)
    """Requests a second."""
    document_creation_types: Annotated[frozenset[str], BeforeValidator(validators.words)] = (
        frozenset({"UPLOADED"})
    )
    document_copiers: int = Field(8, ge=1, le=32)
    """Documents that are copied at once."""
    document_disk_mb: int = Field(512, ge=1, le=2**20)
    """What they may occupy of the disk together, in MiB."""

    admin_password: SecretStr | None = None
    public_url: Address = ""
    """Where EverBright and people reach the receiver; for links and for checks."""
    trusted_proxies: int = Field(0, ge=0, le=10)
    """How many proxies stand before the receiver; what they say of the client is believed."""
    alert_webhook_url: Annotated[SecretStr, _secret(validators.alert_address)] | None = None
    alert_urls: Annotated[
        tuple[Annotated[SecretStr, _secret(validators.alert_service)], ...],
        BeforeValidator(validators.spaced),
    ] = ()
    """Addresses of services as apprise writes them."""
    digest_hour: int | None = Field(None, ge=0, le=23)
    """In the time zone of `time_zone`; None: no digest."""
    log_format: Literal["json", "console"] = "json"
    stuck_days: int = Field(14, ge=1, le=3650)
    silence_days: int = Field(3, ge=0, le=365)
    port: int = Field(8000, ge=0, le=65535)
    worker: Literal["embedded", "separate"] = "embedded"
    lease_seconds: int = Field(10, ge=1, le=600)
    time_zone: Annotated[str, AfterValidator(validators.time_zone)] = Field("", alias="TIMEZONE")
    config: Annotated[Config, BeforeValidator(_config)] = Field(alias="CONFIG_FILE")

    @property
    def has_alerts(self) -> bool:
        """Whether there is anywhere to send alerts."""
        return bool(self.alert_webhook_url or self.alert_urls)


class _Given(EnvSettingsSource):
    """The environment that is handed over: not this process's, and no .env file."""

    def __init__(self, settings: type[BaseSettings], environ: Mapping[str, str]) -> None:
        super().__init__(settings)
        self.env_vars = {name: text.strip() for name, text in environ.items() if text.strip()}


def load(
    environ: Mapping[str, str], config_file: Path = CONFIG_FILE, *, needs_spreadsheet: bool = True
) -> Settings:
    """Return the settings that `environ` gives, with the config of the file that it names.

    Without CONFIG_FILE in it, `config_file` is read. The spreadsheet's id may be missing where one
    is to be made. Raises SettingsError, one line that names the setting (or the file and its key)
    and the fix.
    """
    settings = _checked(Settings, environ, CONFIG_FILE=config_file)
    if needs_spreadsheet and not settings.spreadsheet_id:
        text = _NOT_SET.format(wanted=validators.SPREADSHEET)
        raise SettingsError("SPREADSHEET_ID", text, is_missing=True)
    _ = settings.google_credentials  # so that a wrong key stops the start, not the first call
    return settings


def database_url(environ: Mapping[str, str]) -> str:
    """Return the database's URL alone, for commands that need nothing else."""
    return _checked(DatabaseSettings, environ).database_url.get_secret_value()


def google_settings(environ: Mapping[str, str]) -> GoogleSettings:
    """Return the settings of the sign-in at Google alone."""
    return _checked(GoogleSettings, environ)


def google_id(name: str, value: str) -> str:
    """Return the id in `value`: a spreadsheet's or a folder's id, or its address.

    Raises SettingsError on `name`.
    """
    try:
        return validators.spreadsheet_id(value)
    except ValueError as error:
        raise SettingsError(name, str(error)) from None


def _checked(kind: type[_T], environ: Mapping[str, str], **defaults: object) -> _T:
    try:
        return kind(**{**defaults, **_Given(kind, environ)()})
    except ValidationError as error:
        raise _settings_error(kind, error) from None


def _settings_error(kind: type[BaseSettings], error: ValidationError) -> SettingsError:
    """Return the first of the errors as a line for people. The value is in none of the texts."""
    first = error.errors(include_url=False, include_input=False)[0]
    place, context = first["loc"][0], first.get("ctx", {})
    # pydantic names a default by its field, and what is given by its alias.
    field = next(field for name, field in kind.model_fields.items() if place in (name, field.alias))
    if first["type"] == "value_error":
        text = str(context["error"])
    else:
        known = _FIXES.get(
            first["type"], "is invalid. The settings are explained in docs/settings.md."
        )
        text = known.format(wanted=field.description, **context)
    return SettingsError(str(field.alias), text, is_missing=first["type"] == "missing")


_NOT_SET = "is not set. Set it to {wanted}."
_FIXES = {
    "missing": _NOT_SET,
    "too_short": "is blank. Set it to {wanted}.",
    "int_parsing": "is not a whole number. Write it in digits.",
    "int_from_float": "is not a whole number. Write it in digits.",
    "int_parsing_size": "is too large a number. Set it to a smaller one.",
    "greater_than_equal": "is below {ge}. Set it to {ge} or more.",
    "less_than_equal": "is above {le}. Set it to {le} or less.",
    "literal_error": "is not known. Set it to {expected}.",
}
