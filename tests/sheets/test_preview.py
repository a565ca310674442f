"""What a preview promises, the first flush does."""

from sync.sheets.preview import ADDED, COPIED, FILLED, KEYED, Preview, TabColumns, preview
from tests import own_sheet
from tests.bench import Bench
from tests.made_up import milestone, uuid
from tests.own_sheet import FIELDS, HEADER_ROW, HEADERS, INSTALLED, KEY_AT, OPEN, WORDS, line
from tests.sheets.test_mapped import flushed

COLUMNS = {field: HEADERS.index(header) for header, field in FIELDS.items()} | {"site_id": KEY_AT}
TAB = TabColumns(HEADER_ROW, COLUMNS, {FIELDS["Permit"]: WORDS})


def previewed(bench: Bench) -> Preview:
    with bench.held() as held:
        return preview(bench.flusher, held, {OPEN: TAB, INSTALLED: TAB})


def test_the_first_flush_does_what_was_promised(asking: Bench) -> None:
    """Also that it writes nothing by itself."""
    known = {n: own_sheet.customer(asking, n) for n in (1, 2, 3)}
    mine = [line(1, E_mail=known[1]["E_mail"]), line(9, Permit="Sent back")]
    own_sheet.make(asking, mine, [line(2, Street=known[2]["Street"], Zip=known[2]["Zip"])])
    asking.send(*(milestone(n) for n in (1, 2, 3)))
    asking.project()
    asking.ask()
    writes = asking.writes()
    promised = previewed(asking)
    assert asking.writes() == writes
    counts = (promised.keyed, promised.matched, promised.added, promised.doubtful)
    assert counts == (0, 2, 1, 0)
    assert {one.kind for one in promised.changes} == {KEYED, FILLED, ADDED, COPIED}
    own_sheet.adopt(asking)
    flushed(asking)
    for one in promised.changes:
        tab = OPEN if one.tab == "Open jobs" else INSTALLED
        row = own_sheet.texts(asking, tab)[one.row - HEADER_ROW - 2]
        header = "Site ID" if one.letter == "L" else HEADERS[ord(one.letter) - ord("A")]
        assert row[header] == one.after, one
    again = previewed(asking)
    assert (again.keyed, again.changes) == (3, ())
    assert own_sheet.of_site(asking, 3)[0]["Customer"] == "Ada Number3"
    assert uuid(3) in {one.site for one in promised.changes}
