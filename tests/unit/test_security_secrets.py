"""Link secrets, short codes and encryption at rest."""

import base64
import stat
from collections.abc import Iterator
from contextlib import ExitStack
from multiprocessing.connection import Connection
from pathlib import Path

import pytest
from cryptography.fernet import Fernet
from hypothesis import given
from hypothesis import strategies as some

from reporting.errors import UnsafeSettings
from reporting.security import tokens
from reporting.security.encryption import CannotDecrypt, decrypt, encrypt, keyed_hash
from reporting.settings import settings
from tests.forked import forked


@pytest.fixture(autouse=True)
def data_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A data folder without a key, and no key in the environment."""
    monkeypatch.setenv("REPORTING_DATA_DIR", str(tmp_path))
    monkeypatch.delenv("REPORTING_ENCRYPTION_KEY", raising=False)
    settings.cache_clear()
    yield tmp_path
    settings.cache_clear()


def use_key(monkeypatch: pytest.MonkeyPatch, key: str) -> None:
    monkeypatch.setenv("REPORTING_ENCRYPTION_KEY", key)
    settings.cache_clear()


def test_tokens_have_128_bits_and_never_repeat() -> None:
    made = {tokens.new_token() for _ in range(100_000)}
    assert len(made) == 100_000
    assert all(len(base64.urlsafe_b64decode(token + "==")) >= 16 for token in list(made)[:1000])


def test_only_the_hash_of_a_token_can_be_stored() -> None:
    token = tokens.new_token()
    assert tokens.hash_token(token) == tokens.hash_token(token)
    assert len(tokens.hash_token(token)) == 64
    assert token not in tokens.hash_token(token)


def test_codes_are_easy_to_read_and_to_type() -> None:
    for _ in range(1000):
        code = tokens.new_code()
        assert len(code) == 9
        assert code[4] == "-"
        assert not set(code) & set("01OILU")
        assert tokens.tidy_code(f" {code.lower().replace('-', ' ')} ") == code.replace("-", "")


@given(some.text(alphabet=some.characters(exclude_categories=["Cs"])))
def test_encryption_gives_back_the_text(text: str) -> None:
    hidden = encrypt(text)
    assert decrypt(hidden) == text
    assert encrypt(text) != hidden


def test_the_text_cannot_be_seen() -> None:
    assert "555" not in encrypt("+34 555 0100 call after six")


def test_another_key_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    use_key(monkeypatch, Fernet.generate_key().decode())
    hidden = encrypt("+34 555 0100")
    use_key(monkeypatch, Fernet.generate_key().decode())
    with pytest.raises(CannotDecrypt, match="cannot be read"):
        decrypt(hidden)


@pytest.mark.parametrize("broken", ["", "not encrypted", "gAAAAA", "ключ"])
def test_what_was_not_encrypted_is_refused(broken: str) -> None:
    with pytest.raises(CannotDecrypt):
        decrypt(broken)


def test_a_changed_text_is_refused() -> None:
    hidden = encrypt("nothing to report")
    middle = len(hidden) // 2
    with pytest.raises(CannotDecrypt):
        decrypt(hidden[:middle] + ("A" if hidden[middle] != "A" else "B") + hidden[middle + 1 :])


@pytest.mark.parametrize("key", ["secret", "a" * 43, "ключ"])
def test_a_key_that_is_none_is_named(monkeypatch: pytest.MonkeyPatch, key: str) -> None:
    use_key(monkeypatch, key)
    with pytest.raises(UnsafeSettings, match="REPORTING_ENCRYPTION_KEY"):
        encrypt("text")


def test_codes_hash_differently_with_another_key(monkeypatch: pytest.MonkeyPatch) -> None:
    use_key(monkeypatch, Fernet.generate_key().decode())
    first = keyed_hash("7QFX2K9M")
    assert keyed_hash("7QFX2K9M") == first
    use_key(monkeypatch, Fernet.generate_key().decode())
    assert keyed_hash("7QFX2K9M") != first


def test_the_local_key_is_for_its_owner_only(data_folder: Path) -> None:
    encrypt("text")
    made = data_folder / "encryption.key"
    assert stat.S_IMODE(made.stat().st_mode) == 0o600
    assert [path.name for path in data_folder.iterdir()] == ["encryption.key"]


def encrypt_when_told(connection: Connection) -> None:
    connection.recv()
    connection.send(encrypt("x"))


def test_processes_that_start_together_agree_on_one_key(data_folder: Path) -> None:
    with ExitStack() as started:
        processes = [started.enter_context(forked(encrypt_when_told))[1] for _ in range(4)]
        for each in processes:
            each.send("go")
        printed = [each.recv() for each in processes]
    assert [decrypt(hidden) for hidden in printed] == ["x"] * 4
    assert [path.name for path in data_folder.iterdir()] == ["encryption.key"]
