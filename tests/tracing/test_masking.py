"""What is masked before it is kept, and what must stay."""

import pytest

from fourfold.tracing.masking import MASK, masked

SECRETS = [
    "ff_" + "aB3-" * 10,
    "sk-proj-abcdefghijklmnopqrstuvwx",
    "AKIAIOSFODNN7EXAMPLE",
    "AIza" + "x" * 35,
    "ghp_" + "a1" * 18,
    "glpat-abcdefghijklmnopqrst",
    "xoxb-123456789012-abcdefghij",
    "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl",
    "DE89 3704 0044 0532 0130 00",
    "DE89370400440532013000",
    "4111 1111 1111 1111",
    "5500-0000-0000-0004",
]


@pytest.mark.parametrize("secret", SECRETS)
def test_a_secret_is_masked_and_the_rest_stays(secret: str) -> None:
    assert masked(f"Bitte prüfen: {secret}, danke!") == f"Bitte prüfen: {MASK}, danke!"


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("Authorization: Bearer abcdef123456789", "Authorization: Bearer [masked]"),
        ("postgresql://user:geheim@host/db", "postgresql://[masked]@host/db"),
        ("Mein Passwort lautet: Sommer2026!", "Mein Passwort lautet: [masked]"),
        ("password=hunter22 ok", "password=[masked] ok"),
        ("Passwort ist hunter22", "Passwort ist [masked]"),
        ("The password is hunter22, thanks", "The password is [masked] thanks"),
        ("My Password is 'p@ssword'", "My Password is '[masked]"),
        ("Kennwort: hunter22", "Kennwort: [masked]"),
        ("WLAN-Kennwort = geheim", "WLAN-Kennwort = [masked]"),
        (
            "Das Passwort für den Server lautet Sommer#2026",
            "Das Passwort für den Server lautet [masked]",
        ),
        ("My password for the shop: hunter22", "My password for the shop: [masked]"),
        ("password is it's4me", "password is [masked]"),
        (r"{\"password\": \"hunter22\"}", r"{\"password\": \"[masked]\"}"),
        ("Benutzerpasswort: geheim", "Benutzerpasswort: [masked]"),
        ('{"password": "hunter22", "a": 1}', '{"password": "[masked]", "a": 1}'),
        ("-----BEGIN RSA PRIVATE KEY-----\nMIIE\n-----END RSA PRIVATE KEY-----", MASK),
    ],
)
def test_a_secret_is_known_by_what_stands_before_it(text: str, kept: str) -> None:
    assert masked(text) == kept


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Wie lange ist die Garantie für den RM43-2000?",
        "Die Bestellnummer ist 1234567890123.",  # thirteen digits, no card
        "DE89 3704 0044 0532 0130 01",  # the check digits of an IBAN do not fit
        "Das Passwort vergessen? Setzen Sie es hier zurück: https://example.com/reset",
        "Das Passwort ist wichtig!",
        "Password rules for staff: choose long ones.",
        "Passwort zuletzt geändert: 18.11.2026",
        "Das Passwort ist falsch. Was nun?",
        "Mein Kennwort ist abgelaufen, ich brauche bis 12:30 ein neues.",
        "Is the password case-sensitive?",
        "The password is required; it is printed on page 12.",
        "Das Passwort muss 12 Zeichen haben.",
        "A password is 8 to 20 characters long.",
        "The key to success is 42.",
        "18.11.2026 10:15:00 bis 19.11.2026",
    ],
)
def test_ordinary_text_stays(text: str) -> None:
    assert masked(text) == text


@pytest.mark.timeout(10)
@pytest.mark.parametrize(
    "piece",
    [
        "eyJ",
        "://",
        "1 ",
        "A1",
        "password ",
        "password a ",
        "password: ",
        "password is !",
        "-----BEGIN PRIVATE KEY-----",
        "ff_",
    ],
)
def test_a_hostile_text_takes_no_long_time(piece: str) -> None:
    assert masked(piece * 30_000)
