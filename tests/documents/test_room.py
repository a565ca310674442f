"""What documents on their way occupy of the disk is bounded."""

import threading

from sync.documents.copier import Room


def test_who_finds_no_room_waits_for_it() -> None:
    """Catches a disk that as many large documents as there are copiers fill together."""
    room, went_on = Room(100), threading.Event()

    def second() -> None:
        with room.file() as file:
            file.write(b"x" * 60)
            went_on.set()

    with room.file() as first:
        first.write(b"x" * 60)
        thread = threading.Thread(target=second)
        thread.start()
        assert not went_on.wait(0.2)
    thread.join(10)
    assert went_on.is_set()


def test_the_first_never_waits() -> None:
    """Else two that wait for each other would wait for ever, and a large one would never pass."""
    room = Room(100)
    with room.file() as first:
        with room.file() as second:
            second.write(b"x" * 50)
            first.write(b"x" * 200)
            first.write(b"x" * 200)
        first.stream.seek(0)
        assert len(first.stream.read()) == 400
