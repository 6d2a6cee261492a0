"""The limits of the service, in two profiles.

`ACS` has the documented limits of the real service; `OPEN` raises those that a self-hosted server
does not need. The settings select one and can override single fields of `OPEN`.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Limits:
    """Limits of requests. Lengths are in characters, bytes in UTF-8."""

    participants_per_thread: int = 250
    participants_per_request: int = 200
    # In threads with more participants receipts are not listed, and receipts and typing indicators
    # publish no events.
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
