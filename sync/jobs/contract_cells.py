"""The cells of a job's contract and change orders. Pure."""

import re
from collections.abc import Mapping

from sync.jobs import contracts, projection
from sync.jobs.cells import EMPTY, Cell, cut, linked
from sync.jobs.files import Addresses, documents_cell
from sync.jobs.model import Change, Files, Job, Signing
from sync.settings.config_file import Config
from sync.webhooks.schema import ContractState

LABELS: Mapping[str, str] = {
    ContractState.GENERATED: "Generated",
    ContractState.SENT: "Sent",
    ContractState.SIGNED: "Signed",
    ContractState.VOIDED: "Voided",
}
"""How the state of a contract reads."""
_INITIAL, _CHANGE_ORDER, _LATER = "Initial quote", "Change order", "Later change order"
_UNKNOWN_QUOTE = "See the change order"
_SINCE = "A change order that was signed then made this the quote in force."
_NOT_SENT = (
    "A change order was signed then, and its new quote was not found: name its key in "
    "[webhooks] new_quote in the config."
)


class ContractCells:
    """Makes the cells of contracts and quotes by the config."""

    def __init__(self, config: Config, addresses: Addresses) -> None:
        self._addresses = addresses
        self._links = config.links
        self._contract = re.compile(config.webhooks.contract_name, re.IGNORECASE)

    def signed(self, job: Job) -> Cell:
        """Return when the contract was signed by all."""
        return Cell(when=max((signing.at for signing in self._signings(job)), default=None))

    def documents(self, job: Job, files: Files) -> Cell:
        """Return the links to the signed contract and to signed change orders."""
        orders = sorted(job.change_orders.values(), key=lambda order: (order.at, order.digest))
        signings = (*self._signings(job), *orders)
        entries = [(signing.sub_task, file) for signing in signings for file in signing.documents]
        return documents_cell(entries, files, self._addresses)

    def _signings(self, job: Job) -> list[Signing]:
        return contracts.signings(self._named(job))

    def _named(self, job: Job) -> Job:
        """Return `job` with its contracts: those whose name says so, else all that look like one.

        Other papers are signed electronically, too.
        """
        logs = job.contracts.items()
        named = {key: log for key, log in logs if self._is_named(key.partition("\n")[0])}
        return job.model_copy(update={"contracts": named or job.contracts})

    def _is_named(self, name: str) -> bool:
        return not name or self._contract.search(name) is not None

    def state(self, job: Job) -> Cell:
        """Return how the contract stands, noted with since when; several that differ by name."""
        by_name = contracts.by_name(self._named(job))
        known = {name: now for name, logs in by_name.items() if (now := contracts.current(logs))}
        if not known:
            return EMPTY
        labels = {name: LABELS[state] for name, (state, _) in known.items()}
        is_plain = len(set(labels.values())) == 1 and all(map(self._is_named, labels))
        lines = dict.fromkeys(
            label if is_plain or not name else f"{label}: {name}" for name, label in labels.items()
        )
        return Cell(text=cut("\n".join(lines)), noted=max(since for _, since in known.values()))

    def initial_quote(self, job: Job) -> Cell:
        """Return the first quote of a job."""
        return self._quote(job.site, projection.initial_quote(job))

    def current_quote(self, job: Job) -> Cell:
        """Return the current quote, noted with since when it is in force."""
        cell = self._quote(job.site, contracts.current_quote(job))
        last = contracts.last_change_order(job)
        if last is None:
            return cell
        note = _SINCE if last[0] else _NOT_SENT
        cell = cell if last[0] else Cell(text=_UNKNOWN_QUOTE)
        return cell.model_copy(update={"note": note, "noted": last[1].at})

    def changed_quotes(self, change: Change) -> tuple[Cell, Cell]:
        """Return which quote was in force before a change order, and which after it.

        They are named by what they are: nobody knows a quote by its UUID.
        """
        known, new = change.before or "", change.after or ""
        if not known:
            return Cell(text=_INITIAL), self._quote(change.site, new, _CHANGE_ORDER)
        before = self._quote(change.site, known, _CHANGE_ORDER)
        return before, self._quote(change.site, new, _LATER)

    def _quote(self, site: str, quote: str, name: str = "") -> Cell:
        """Return the cell of a quote, with the link to its page where there is one."""
        page = self._addresses.page(self._links.quote, site=site, quote=quote) if quote else ""
        return linked(name or quote, page) if name or quote else EMPTY


def label(code: str | None) -> str:
    """Return how the state of a contract reads."""
    return LABELS.get(code or "", "")
