"""The sentence-transformers folder format: modules.json and what it points to, read and written.

Both dialects of its pooling config are read: `pooling_mode_mean_tokens: true` (up to 5.x) and
`pooling_mode: "mean"`. Written is the one that every release loads wherever it can say the same.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from encoder.errors import ModelRefused
from encoder.head import Dropout, HeadModule, Normalize, Truncate
from encoder.head_files import HEAD_KINDS, read_head, saved_head, write_head
from encoder.json_files import read_first, read_json, read_object, write_json
from encoder.pooling import SAVABLE

# In the order in which old releases concatenate them; nothing is added to that dialect any more.
_OLD_FLAGS = {
    "pooling_mode_cls_token": "cls",
    "pooling_mode_max_tokens": "max",
    "pooling_mode_mean_tokens": "mean",
    "pooling_mode_mean_sqrt_len_tokens": "mean_sqrt_len",
    "pooling_mode_weightedmean_tokens": "weighted_mean",
    "pooling_mode_lasttoken": "last_token",
}
# What older releases called the set-up of a transformer, in the order in which they are tried.
SETUP_FILES = tuple(
    f"sentence_{kind}_config.json"
    for kind in ("bert", "roberta", "distilbert", "camembert", "albert", "xlm-roberta", "xlnet")
)
MOST_MODULES, LONGEST_PATH = 20, 200
MOST_PROMPTS, LONGEST_PROMPT = 100, 2_000  # characters: a prompt stands before every text
LONGEST_NAME = 60  # of a prompt or module, in a message
MAY_LACK_A_FOLDER = ("Normalize",)  # nothing is in it, and git keeps no empty folder
_BY_SAVED_NAME = {saved: name for name, saved in SAVABLE.items()}


@dataclass(frozen=True)
class Recipe:
    """Everything about a sentence encoder but its transformer's weights and tokenizer."""

    modes: tuple[str, ...] = ("mean",)  # our names; several are concatenated
    include_prompt: bool = True  # False: the prompt's tokens are not pooled
    head: tuple[HeadModule, ...] = ()
    max_seq_length: int | None = None
    do_lower_case: bool = False
    prompts: dict[str, str] = field(default_factory=dict)
    default_prompt_name: str | None = None
    similarity: str | None = None
    transformer_path: str = ""  # where in the folder the transformer lies
    static: bool = False  # a table of token vectors in place of the transformer, and their mean

    @property
    def pooling(self) -> str:
        """The native pooling by the name `resolve_pooling` knows."""
        return "+".join(self.modes)


def read_recipe(folder: Path) -> Recipe:
    """Read what stands in a folder. One without modules.json is a plain transformers folder.

    That is pooled as sentence-transformers pools it: by the last token where it is a decoder that
    was trained to go on with a text, else by the mean. Raises ModelRefused for a module that we
    cannot run: skipping it would change the vectors.
    """
    if not (folder / "modules.json").is_file():
        config = read_object(folder / "config.json")
        names = config.get("architectures") or [""]
        causal = str(names[0]).endswith("ForCausalLM") and config.get("is_causal", True)
        return Recipe(modes=("last_token" if causal else "mean",))
    modules = _read_modules(folder / "modules.json")
    kinds = [kind for kind, _ in modules] or ["nothing"]
    first = 1 if kinds[0] == "StaticEmbedding" else 2  # module of the head
    begins = kinds[:first] in (["StaticEmbedding"], ["Transformer", "Pooling"])
    if not begins or not set(kinds[first:]) <= set(HEAD_KINDS):
        raise ModelRefused(
            f"The model in {folder.name!r} is made of {_shown(kinds, ' → ')}. Only Transformer → "
            f"Pooling, or StaticEmbedding, followed by any of {', '.join(HEAD_KINDS)}, can be run "
            "here; leaving a module out would change its vectors."
        )
    for kind, path in modules:
        if kind not in MAY_LACK_A_FOLDER and not _inside(folder, path).is_dir():
            raise ModelRefused(
                f"modules.json of {folder.name!r} names the folder {path!r} of its {kind} module, "
                "which is not there: it was lost on the way. Take the whole folder again."
            )
    general = read_first(folder, "config_sentence_transformers.json")
    head = tuple(read_head(kind, _inside(folder, path)) for kind, path in modules[first:])
    head += _truncation(general)
    recipe = Recipe(
        head=head,
        prompts=_prompts(general),
        default_prompt_name=_default_prompt(general),
        similarity=_similarity(general, head, folder.name),
        transformer_path=modules[0][1],
        static=first == 1,
    )
    return recipe if recipe.static else _with_pooling(recipe, folder, modules[1][1])


def _with_pooling(recipe: Recipe, folder: Path, pooling_path: str) -> Recipe:
    """With what a transformer and its pooling are set up for."""
    setup = read_first(_inside(folder, recipe.transformer_path), *SETUP_FILES)
    if setup.get("transformer_task", "feature-extraction") != "feature-extraction":
        raise ModelRefused(
            f"The transformer in {folder.name!r} is set up for {setup['transformer_task']!r}; "
            "only 'feature-extraction' gives token vectors to pool."
        )
    pooling = read_object(_inside(folder, pooling_path) / "config.json")
    return replace(
        recipe,
        modes=_modes(pooling),
        include_prompt=_flag(pooling, "include_prompt", usual=True),
        max_seq_length=_max_seq_length(setup),
        do_lower_case=_flag(setup, "do_lower_case", usual=False),
    )


def write_recipe(folder: Path, recipe: Recipe, hidden_size: int) -> None:
    """Write modules.json and all it points to beside a transformer saved in `folder` itself."""
    head, truncate_dim = saved_head(recipe.head, hidden_size * len(recipe.modes))
    modules = [("", "StaticEmbedding")]
    if not recipe.static:
        modules = [("", "Transformer"), ("1_Pooling", "Pooling")]
    first = len(modules)
    modules += [(f"{i}_{type(m).__name__}", type(m).__name__) for i, m in enumerate(head, first)]
    write_json(
        folder / "modules.json",
        [
            # The short path is the one that old and new releases both resolve.
            {
                "idx": i,
                "name": str(i),
                "path": path,
                "type": f"sentence_transformers.models.{kind}",
            }
            for i, (path, kind) in enumerate(modules)
        ],
    )
    if not recipe.static:
        setup = {"max_seq_length": recipe.max_seq_length, "do_lower_case": recipe.do_lower_case}
        write_json(folder / "sentence_bert_config.json", setup)
        write_json(folder / "1_Pooling" / "config.json", _pooling_config(recipe, hidden_size))
    write_json(
        folder / "config_sentence_transformers.json",
        {
            "prompts": recipe.prompts,
            "default_prompt_name": recipe.default_prompt_name,
            "similarity_fn_name": recipe.similarity or "cosine",
            **({"truncate_dim": truncate_dim} if truncate_dim else {}),
        },
    )
    for (path, _), module in zip(modules[first:], head, strict=True):
        write_head(folder / path, module)


def kind_of(module: dict[str, Any]) -> str:
    """The short name of a module from its dotted type, e.g. "Pooling"; foreign code in full."""
    dotted = str(module.get("type", "?"))
    return dotted.rsplit(".", 1)[-1] if dotted.startswith("sentence_transformers.") else dotted


def _read_modules(path: Path) -> list[tuple[str, str]]:
    """(kind, path) of each module, in order."""
    content = read_json(path)
    if not isinstance(content, list) or not all(isinstance(module, dict) for module in content):
        raise ModelRefused(f"modules.json of {path.parent.name!r} is not a list of modules.")
    if len(content) > MOST_MODULES:
        raise ModelRefused(
            f"modules.json of {path.parent.name!r} names {len(content):,} modules; at most "
            f"{MOST_MODULES} are run."
        )
    modules = [(kind_of(module), str(module.get("path", ""))) for module in content]
    for _, inner in modules:
        if len(inner) > LONGEST_PATH or not inner.isprintable():
            raise ModelRefused(
                f"modules.json of {path.parent.name!r} names the folder {_shown([inner])!r}, of "
                f"{len(inner):,} characters; no module has such a one."
            )
    return modules


def _shown(names: Sequence[object], between: str = ", ") -> str:
    """Names out of a stranger's file, in a length that a message can hold."""
    shown = [str(name)[:LONGEST_NAME] for name in names[:MOST_MODULES]]
    return between.join(shown) + ("…" if len(names) > MOST_MODULES else "")


def _flag(config: dict[str, Any], name: str, usual: bool) -> bool:
    """A switch of a config. Raises ModelRefused for anything but true and false."""
    value = config.get(name, usual)
    if isinstance(value, bool):
        return value
    raise ModelRefused(f"{name} must be true or false, not {str(value)[:LONGEST_NAME]!r}.")


def _modes(config: dict[str, Any]) -> tuple[str, ...]:
    if "pooling_mode" in config:
        modes = config["pooling_mode"]
        saved = modes if isinstance(modes, list) else [modes]
        unknown = [m for m in saved if not (isinstance(m, str) and m in _BY_SAVED_NAME)]
        if unknown or not saved or len(saved) > len(_BY_SAVED_NAME):
            raise ModelRefused(
                f"Unknown pooling_mode [{_shown(unknown or saved)}]; known: "
                f"{', '.join(_BY_SAVED_NAME)}."
            )
        return tuple(_BY_SAVED_NAME[mode] for mode in saved)
    return tuple(name for flag, name in _OLD_FLAGS.items() if config.get(flag)) or ("mean",)


def _max_seq_length(setup: dict[str, Any]) -> int | None:
    limit = setup.get("max_seq_length")
    if limit is None or (type(limit) is int and limit > 0):
        return limit
    shown = str(limit)[:LONGEST_NAME]
    raise ModelRefused(f"max_seq_length must be a whole number above 0, not {shown!r}.")


def _truncation(general: dict[str, Any]) -> tuple[HeadModule, ...]:
    """The module that stands for `truncate_dim`, which acts on what all others give."""
    dimensions = general.get("truncate_dim")
    if dimensions is None:
        return ()
    if type(dimensions) is int and dimensions > 0:
        return (Truncate(dimensions),)
    raise ModelRefused(
        f"truncate_dim must be a whole number above 0, not {_shown([dimensions])!r}."
    )


def _similarity(general: dict[str, Any], head: Sequence[HeadModule], name: str) -> str | None:
    """The similarity function that is saved, where it gives what this lab's cosine gives.

    Of vectors of length 1 the dot product is the cosine. Any other name but these four is none to
    sentence-transformers either. Raises ModelRefused.
    """
    similarity = general.get("similarity_fn_name")
    if similarity not in ("dot", "euclidean", "manhattan"):
        return None if similarity is None else "cosine"
    acting = [module for module in head if not isinstance(module, Dropout)]
    if similarity == "dot" and acting and isinstance(acting[-1], Normalize):
        return "dot"
    raise ModelRefused(
        f"The model in {name!r} compares vectors by {similarity!r} (similarity_fn_name), which "
        "depends on their lengths. This lab compares by cosine, and its scores would be others. "
        "Choose a model for cosine, or one that ends in Normalize; if cosine is what you want, "
        "write that in config_sentence_transformers.json."
    )


def _prompts(general: dict[str, Any]) -> dict[str, str]:
    prompts = general.get("prompts") or {}
    are_texts = isinstance(prompts, dict) and all(
        isinstance(p, str | None) for p in prompts.values()
    )
    if not are_texts:
        raise ModelRefused(f"prompts must be texts by name, not {str(prompts)[:LONGEST_NAME]!r}.")
    texts = {name: prompt or "" for name, prompt in prompts.items()}
    longest = max((len(text) for pair in texts.items() for text in pair), default=0)
    if len(texts) > MOST_PROMPTS or longest > LONGEST_PROMPT:
        raise ModelRefused(
            f"The model has {len(texts):,} prompts, the longest of {longest:,} characters; at most "
            f"{MOST_PROMPTS} of {LONGEST_PROMPT:,} are read, for one stands before every text. "
            "Shorten them in config_sentence_transformers.json."
        )
    return texts


def _default_prompt(general: dict[str, Any]) -> str | None:
    """The name of the prompt that stands before every text, if there is one."""
    name = general.get("default_prompt_name")
    names = list(general.get("prompts") or {})
    if name is None or (isinstance(name, str) and name in names):
        return name
    raise ModelRefused(
        f"default_prompt_name {_shown([name])!r} is none of its prompts; it must be one of: "
        f"{_shown(names)}."
    )


def _pooling_config(recipe: Recipe, hidden_size: int) -> dict[str, Any]:
    flags = {flag: name in recipe.modes for flag, name in _OLD_FLAGS.items()}
    if _modes(flags) == recipe.modes:
        config: dict[str, Any] = {"word_embedding_dimension": hidden_size, **flags}
    else:  # flags have no order, so this order can only be told to releases that read a list
        saved = [SAVABLE[mode] for mode in recipe.modes]
        config = {"embedding_dimension": hidden_size, "pooling_mode": saved}
    return config | {"include_prompt": recipe.include_prompt}


def _inside(folder: Path, path: str) -> Path:
    """A module's subfolder, which must not lead out of the model's folder."""
    target = (folder / path).resolve()
    if not target.is_relative_to(folder.resolve()):
        raise ModelRefused(f"modules.json points outside its folder: {_shown([path])!r}.")
    return target
