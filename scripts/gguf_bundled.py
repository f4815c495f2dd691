"""The bundled checkpoint as two GGUF files for llama.cpp: ``python scripts/gguf_bundled.py LLAMA_CPP OUT``.

``LLAMA_CPP`` is an unpacked llama.cpp, whose own converter does the work; ``OUT`` gets text.gguf and mmproj.gguf. Two
of the converter's tables do not cover a model as small and unpublished as ours, and are completed from here: it knows
only tokenizers that were published, and it names the layers of the projector up to the number of vision blocks (2).
"""

from __future__ import annotations

import argparse
import runpy
import sys
from importlib.resources import files
from pathlib import Path
from typing import Any

OUTPUTS = {"text.gguf": (), "mmproj.gguf": ("--mmproj",)}


def main() -> None:
    """Convert, once for the text model and once for the vision tower."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition(":")[0])
    parser.add_argument("llama_cpp", type=Path)
    parser.add_argument("out", type=Path)
    given = parser.parse_args()
    given.out.mkdir(parents=True, exist_ok=True)
    sys.path[:0] = [str(given.llama_cpp), str(given.llama_cpp / "gguf-py")]
    complete_tables()
    model = str(files("s1m").joinpath("assets/digits-qwen2vl"))
    for name, flags in OUTPUTS.items():
        sys.argv = ["convert", model, "--outtype", "f32", "--outfile", str(given.out / name), *flags]
        runpy.run_path(str(given.llama_cpp / "convert_hf_to_gguf.py"), run_name="__main__")


def complete_tables() -> None:
    """Answer what the converter's tables do not."""
    import conversion.base as base  # type: ignore[import-not-found]

    known_name = base.ModelBase.map_tensor_name

    def map_tensor_name(model: Any, name: str, *settings: Any, **named: Any) -> str:
        last_layer = "visual.merger.mlp.2."
        if name.startswith(last_layer):
            return "mm.2." + name.removeprefix(last_layer)
        return str(known_name(model, name, *settings, **named))

    base.ModelBase.map_tensor_name = map_tensor_name
    # Our tokenizer splits text as Qwen2's does; only its vocabulary is another.
    base.TextModel.get_vocab_base_pre = lambda *_: "qwen2"
    # Looked for first, it would need the package of that name only to find no file of it.
    base.TextModel._set_vocab_sentencepiece = no_sentencepiece


def no_sentencepiece(*_: object) -> None:
    """Raises what the converter expects where a checkpoint has no SentencePiece tokenizer."""
    raise FileNotFoundError


if __name__ == "__main__":
    main()
