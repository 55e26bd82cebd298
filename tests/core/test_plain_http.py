"""An address without TLS is asked without reading certificates, and leads nowhere that would need some."""

from __future__ import annotations

import ssl

from core.plain_http import NOBODY, trusted_for


def test_only_an_address_without_tls_is_asked_without_certificates() -> None:
    assert trusted_for("http://127.0.0.1:8000/healthz") is NOBODY
    assert trusted_for("https://gatehouse.example") is True


def test_who_answers_with_tls_there_is_trusted_by_nobody() -> None:
    assert (NOBODY.verify_mode, NOBODY.check_hostname) == (ssl.CERT_REQUIRED, True)
    assert NOBODY.get_ca_certs() == []
