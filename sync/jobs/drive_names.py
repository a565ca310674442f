"""The names of a job's folder and files in Drive. Pure."""

from sync.jobs.cells import cut
from sync.jobs.model import Customer

_FOLDER_LIMIT = 200


def stand_in(site: str) -> str:
    """Return the name of a job's folder until its customer is known."""
    return f"Job {site[:8]}"


def folder(site: str, customer: Customer) -> str:
    """Return the name of a job's folder: "Customer, Town", as far as they are known."""
    if not customer.name:
        return stand_in(site)
    return cut(", ".join(part for part in (customer.name, customer.city) if part), _FOLDER_LIMIT)


def told_apart(name: str, uuid: str) -> str:
    """Return a document's name with the beginning of its UUID: another one has its name already."""
    stem, dot, ending = name.rpartition(".")
    suffix = f" ({uuid[:8]})"
    return f"{stem}{suffix}{dot}{ending}" if stem else name + suffix
