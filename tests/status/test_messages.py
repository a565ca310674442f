"""Tests that a message about what happened is sent once, and has nothing of a customer."""

from emulator import Emulator
from sync.ops.alerts import Alerts
from sync.status.messages import report_unknown_statuses
from sync.store import Confirmations
from tests.bench import Bench
from tests.chat import Chat


def test_an_unknown_status_is_reported_on_arrival(
    google: Emulator, database_url: str, chat: Chat
) -> None:
    bench = Bench(google, database_url, ALERT_URLS=chat.url.get_secret_value())
    Confirmations(bench.database).ask(["ODD", "NEW", *bench.settings.config.statuses])
    Confirmations(bench.database).confirm_statuses({"NEW": "waiting"})
    for alerts in (Alerts([]), bench.wiring.alerts(), bench.wiring.alerts()):
        report_unknown_statuses(bench.wiring, alerts)
    (text,) = chat.texts()
    assert "ODD" in text
