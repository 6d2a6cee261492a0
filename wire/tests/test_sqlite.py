"""Write transactions on SQLite take turns."""

import threading
import time

import pytest
from django.db import OperationalError, connection, transaction

from identity.models import Resource
from wire.sqlite.base import FairLock

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif("connection.vendor != 'sqlite'"),
]


def test_a_write_waits_for_one_transaction_however_many_another_thread_begins() -> None:
    stop, running = threading.Event(), threading.Event()
    begun = []

    def write_all_the_time() -> None:
        while not stop.is_set():
            with transaction.atomic():
                begun.append(time.monotonic())
                Resource.objects.update(hostname=None)
                running.set()
                time.sleep(0.01)
        connection.close()

    busy = threading.Thread(target=write_all_the_time)
    busy.start()
    try:
        assert running.wait(10)
        for _ in range(10):
            asked = time.monotonic()
            with transaction.atomic():
                entered = time.monotonic()
            # One may have been about to begin.
            assert len([at for at in begun if asked < at < entered]) <= 1
    finally:
        stop.set()
        busy.join(10)


def test_a_closed_connection_leaves_its_turn_to_others() -> None:
    def break_off() -> None:
        with pytest.raises(OperationalError), transaction.atomic():
            connection.close()
            raise OperationalError("disk I/O error")
        connection.close()

    broken = threading.Thread(target=break_off)
    broken.start()
    broken.join(10)
    with transaction.atomic():
        assert Resource.objects.count() == 0


def test_the_lock_is_handed_over_in_the_order_of_asking_and_not_after_a_timeout() -> None:
    lock, order = FairLock(), []
    assert lock.acquire(1)
    assert not lock.acquire(0.01)

    def ask(number: int) -> None:
        assert lock.acquire(10)
        order.append(number)
        lock.release()

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(5)]
    for number, thread in enumerate(threads):
        thread.start()
        while len(lock._waiting) <= number:
            time.sleep(0.001)
    lock.release()
    for thread in threads:
        thread.join(10)
    assert order == [0, 1, 2, 3, 4]
    assert lock.acquire(1)
