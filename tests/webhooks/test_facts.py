"""The page of facts names every key of a webhook that is guessed, and none that there is not."""

import re

from sync.settings.config_file import Config, EverBrightConfig, WebhooksConfig
from sync.settings.environment import Settings
from tests.made_up import ROOT

PAGE = (ROOT / "docs" / "facts.md").read_text("utf-8")
NAMED = {
    (section, key)
    for section, keys in re.findall(r"`\[(\w+)\]`((?:,? `\w+`)*)", PAGE)
    for key in re.findall(r"`(\w+)`", keys)
}


def test_every_key_that_identifies_a_webhook_is_documented() -> None:
    keys = {("webhooks", key) for key in WebhooksConfig.model_fields}
    paths = {("everbright", key) for key in EverBrightConfig.model_fields}
    assert keys <= {one for one in NAMED if one[0] != "statuses"} <= keys | paths
    assert "[statuses]" in PAGE
    assert "statuses" in Config.model_fields


def test_every_variable_on_the_page_is_a_setting() -> None:
    names = set(re.findall(r"`([A-Z]+(?:_[A-Z]+)+)`", PAGE))
    assert len(names) == 1
    assert names <= {str(field.alias) for field in Settings.model_fields.values()}
