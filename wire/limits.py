"""The limits of the service, as two named profiles.

`ACS` carries the documented numbers of the real service; `OPEN` lifts those that a self-hosted
server has no reason to keep. Settings choose one and may override single fields of `OPEN`.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Limits:
    """What one request may ask for. Lengths count characters, bytes count UTF-8."""

    participants_per_thread: int = 250
    participants_per_request: int = 200
    # Above this many participants receipts are not listed, and receipts and typing make no events.
    read_receipt_participants: int = 20
    typing_participants: int = 20
    page_size: int = 200
    message_page_size: int = 10
    thread_page_size: int = 100
    message_bytes: int = 28 * 1024
    metadata_bytes: int = 1024
    topic_length: int = 250
    display_name_length: int = 256
    request_bytes: int = 1024 * 1024
    retention_days_minimum: int = 30
    retention_days_maximum: int = 90


ACS = Limits()
OPEN = Limits(read_receipt_participants=250, typing_participants=250)
PROFILES = {"acs": ACS, "open": OPEN}
