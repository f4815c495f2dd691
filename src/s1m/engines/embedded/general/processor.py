"""A model's own processor, also where its video half cannot be had.

A class whose processor takes videos needs torchvision for that half alone. Images are all that s1m shows, so where
torchvision is missing the processor is built without its video half.
"""

from __future__ import annotations

from importlib.util import find_spec
from typing import Any

VIDEOS = "video_processor"


def load_processor(place: str, *, trust_remote_code: bool = False) -> Any:
    """The processor of the folder or Hub id ``place``, or None where the model has a tokenizer alone.

    Raises whatever the loaders of transformers raise.
    """
    import transformers

    whole: Any = transformers.AutoProcessor
    own = _class_of(place, trust_remote_code)
    takes_videos = own is not None and VIDEOS in own.get_attributes()
    if takes_videos and find_spec("torchvision") is None:
        whole = without_videos(own)
    try:
        loaded = whole.from_pretrained(place, trust_remote_code=trust_remote_code)
    except OSError:
        if not takes_videos:
            raise
        # The checkpoint has no files of the video half, as one that was saved without torchvision.
        loaded = without_videos(own).from_pretrained(place, trust_remote_code=trust_remote_code)
    return loaded if hasattr(loaded, "image_processor") else None


def without_videos(processor_class: Any) -> Any:
    """A processor class of the same name whose video half is None."""
    names: list[str] = processor_class.get_attributes()
    kept = [name for name in names if name != VIDEOS]

    class ImagesOnly(processor_class):  # type: ignore[misc]
        @classmethod
        def _get_arguments_from_pretrained(cls, place: str, processor_dict: Any = None, **options: Any) -> list[Any]:
            images: Any = type(cls.__name__, (processor_class,), {"get_attributes": staticmethod(lambda: kept)})
            halves = images._get_arguments_from_pretrained(place, processor_dict, **options)
            loaded = dict(zip(kept, halves, strict=True))
            return [loaded.get(name) for name in names]

        def check_argument_for_proper_class(self, argument_name: str, argument: Any) -> Any:
            if argument is None and argument_name == VIDEOS:
                return None
            return super().check_argument_for_proper_class(argument_name, argument)

        def save_pretrained(self, folder: Any, **options: Any) -> Any:
            self.get_attributes = lambda: kept  # each of these is saved, and None cannot be
            return super().save_pretrained(folder, **options)

        def to_dict(self) -> dict[str, Any]:
            return {key: value for key, value in super().to_dict().items() if key != VIDEOS}

        def __reduce__(self) -> tuple[Any, ...]:
            # Pickling would look the class up by its name: processes that measure or prepare examples are sent one.
            return _rebuilt, (processor_class, self.__dict__)

    # Loaders and saved files know a processor by the name of its class.
    ImagesOnly.__name__ = ImagesOnly.__qualname__ = processor_class.__name__
    return ImagesOnly


def _rebuilt(processor_class: Any, state: dict[str, Any]) -> Any:
    """A processor without its video half, as it was pickled."""
    kind = without_videos(processor_class)
    processor = kind.__new__(kind)
    processor.__dict__.update(state)
    return processor


def _class_of(place: str, trust_remote_code: bool) -> Any:
    """The processor class that transformers has for the checkpoint's configuration; None without one."""
    import transformers
    from transformers.models.auto.processing_auto import PROCESSOR_MAPPING

    config = transformers.AutoConfig.from_pretrained(place, trust_remote_code=trust_remote_code)
    return PROCESSOR_MAPPING.get(type(config), None)
