"""The window's languages: compiled translations in `assets/translations`, chosen by the user or by the system."""

from __future__ import annotations

from PySide6.QtCore import QCoreApplication, QLibraryInfo, QLocale, QTranslator

from warploom.errors import WarploomError
from warploom.paths import data_path

_PREFIX = "warploom_"


def languages() -> tuple[tuple[str, str], ...]:
    """Code and own name of each language, English (the language of the source) first."""
    try:
        files = sorted(data_path("assets", "translations").glob(f"{_PREFIX}*.qm"))
    except WarploomError:
        files = []
    codes = [path.stem.removeprefix(_PREFIX) for path in files]
    return (("en", "English"), *((code, QLocale(code).nativeLanguageName().capitalize()) for code in codes))


def translator_for(code: str) -> QTranslator | None:
    """The translations of a language; None for English and for languages that there are none for.

    Args:
        code: Of the language; "" for the system's.
    """
    locale = QLocale(code) if code else QLocale.system()
    if locale.language() == QLocale.Language.English:
        return None
    translator = QTranslator(QCoreApplication.instance())
    try:
        folder = data_path("assets", "translations")
    except WarploomError:
        return None
    return translator if translator.load(locale, "warploom", "_", str(folder)) else None


def speak(code: str) -> tuple[QTranslator, ...]:
    """Installs a language for everything that is made from now on, Qt's own dialogs and names of keys among it."""
    own, of_qt = translator_for(code), QTranslator(QCoreApplication.instance())
    if own is None:
        return ()
    locale, folder = QLocale(code) if code else QLocale.system(), QLibraryInfo.LibraryPath.TranslationsPath
    found = (own, of_qt) if of_qt.load(locale, "qtbase", "_", QLibraryInfo.path(folder)) else (own,)
    for translator in found:
        QCoreApplication.installTranslator(translator)
    return found
