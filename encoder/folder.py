"""The sentence-transformers folder format: modules.json and what it points to, read and written.

Both dialects of its pooling config are read: `pooling_mode_mean_tokens: true` (up to 5.x) and
`pooling_mode: "mean"`. Written is the one that every release loads wherever it can say the same.
"""

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor

from encoder.check_loaded import check_numbers
from encoder.errors import ModelRefused
from encoder.head import ACTIVATIONS, Dense, HeadModule, Normalize
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
        config = _read_object(folder / "config.json")
        names = config.get("architectures") or [""]
        causal = str(names[0]).endswith("ForCausalLM") and config.get("is_causal", True)
        return Recipe(modes=("last_token" if causal else "mean",))
    modules = _read_modules(folder / "modules.json")
    kinds = [kind for kind, _ in modules] or ["nothing"]
    if kinds[:2] != ["Transformer", "Pooling"] or not set(kinds[2:]) <= {"Dense", "Normalize"}:
        raise ModelRefused(
            f"The model in {folder.name!r} is made of {' → '.join(kinds)}. Only Transformer → "
            "Pooling, followed by Dense or Normalize modules, can be run here; leaving a module "
            "out would change its vectors."
        )
    for kind, path in modules:
        if kind not in MAY_LACK_A_FOLDER and not _inside(folder, path).is_dir():
            raise ModelRefused(
                f"modules.json of {folder.name!r} names the folder {path!r} of its {kind} module, "
                "which is not there: it was lost on the way. Take the whole folder again."
            )
    transformer = _inside(folder, modules[0][1])
    setup = _read_first(transformer, *SETUP_FILES)
    if setup.get("transformer_task", "feature-extraction") != "feature-extraction":
        raise ModelRefused(
            f"The transformer in {folder.name!r} is set up for {setup['transformer_task']!r}; "
            "only 'feature-extraction' gives token vectors to pool."
        )
    pooling = _read_object(_inside(folder, modules[1][1]) / "config.json")
    general = _read_first(folder, "config_sentence_transformers.json")
    prompts = _prompts(general)
    return Recipe(
        modes=_modes(pooling),
        include_prompt=pooling.get("include_prompt", True),
        head=tuple(_read_head(kind, _inside(folder, path)) for kind, path in modules[2:]),
        max_seq_length=_max_seq_length(setup),
        do_lower_case=setup.get("do_lower_case", False),
        prompts=prompts,
        default_prompt_name=general.get("default_prompt_name"),
        similarity=general.get("similarity_fn_name"),
        transformer_path=modules[0][1],
    )


def write_recipe(folder: Path, recipe: Recipe, hidden_size: int) -> None:
    """Write modules.json and all it points to beside a transformer saved in `folder` itself."""
    modules = [("", "Transformer"), ("1_Pooling", "Pooling")]
    modules += [(f"{i}_{type(m).__name__}", type(m).__name__) for i, m in enumerate(recipe.head, 2)]
    _write_json(
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
    _write_json(
        folder / "sentence_bert_config.json",
        {"max_seq_length": recipe.max_seq_length, "do_lower_case": recipe.do_lower_case},
    )
    _write_json(
        folder / "config_sentence_transformers.json",
        {
            "prompts": recipe.prompts,
            "default_prompt_name": recipe.default_prompt_name,
            "similarity_fn_name": recipe.similarity or "cosine",
        },
    )
    _write_json(folder / "1_Pooling" / "config.json", _pooling_config(recipe, hidden_size))
    for (path, _), module in zip(modules[2:], recipe.head, strict=True):
        _write_head(folder / path, module)


def kind_of(module: dict[str, Any]) -> str:
    """The short name of a module from its dotted type, e.g. "Pooling"; foreign code in full."""
    dotted = str(module.get("type", "?"))
    return dotted.rsplit(".", 1)[-1] if dotted.startswith("sentence_transformers.") else dotted


def _read_modules(path: Path) -> list[tuple[str, str]]:
    """(kind, path) of each module, in order."""
    content = _read_json(path)
    if not isinstance(content, list) or not all(isinstance(module, dict) for module in content):
        raise ModelRefused(f"modules.json of {path.parent.name!r} is not a list of modules.")
    return [(kind_of(module), str(module.get("path", ""))) for module in content]


def _modes(config: dict[str, Any]) -> tuple[str, ...]:
    if "pooling_mode" in config:
        modes = config["pooling_mode"]
        saved = modes if isinstance(modes, list) else [modes]
        unknown = [m for m in saved if not (isinstance(m, str) and m in _BY_SAVED_NAME)]
        if unknown or not saved:
            raise ModelRefused(
                f"Unknown pooling_mode {unknown or saved}; known: {', '.join(_BY_SAVED_NAME)}."
            )
        return tuple(_BY_SAVED_NAME[mode] for mode in saved)
    return tuple(name for flag, name in _OLD_FLAGS.items() if config.get(flag)) or ("mean",)


def _max_seq_length(setup: dict[str, Any]) -> int | None:
    limit = setup.get("max_seq_length")
    if limit is None or (type(limit) is int and limit > 0):
        return limit
    raise ModelRefused(f"max_seq_length must be a whole number above 0, not {limit!r}.")


def _prompts(general: dict[str, Any]) -> dict[str, str]:
    prompts = general.get("prompts") or {}
    are_texts = isinstance(prompts, dict) and all(
        isinstance(p, str | None) for p in prompts.values()
    )
    if not are_texts:
        raise ModelRefused(f"prompts must be texts by name, not {prompts!r}.")
    default = general.get("default_prompt_name")
    if default is not None and default not in prompts:
        raise ModelRefused(
            f"default_prompt_name {default!r} is none of its prompts; it must be one of: "
            f"{', '.join(prompts)}."
        )
    return {name: prompt or "" for name, prompt in prompts.items()}


def _pooling_config(recipe: Recipe, hidden_size: int) -> dict[str, Any]:
    flags = {flag: name in recipe.modes for flag, name in _OLD_FLAGS.items()}
    if _modes(flags) == recipe.modes:
        config: dict[str, Any] = {"word_embedding_dimension": hidden_size, **flags}
    else:  # flags have no order, so this order can only be told to releases that read a list
        saved = [SAVABLE[mode] for mode in recipe.modes]
        config = {"embedding_dimension": hidden_size, "pooling_mode": saved}
    return config | {"include_prompt": recipe.include_prompt}


def _read_head(kind: str, folder: Path) -> HeadModule:
    config = _read_first(folder, "config.json")
    names = {config.get(f"module_{end}_name", "sentence_embedding") for end in ("input", "output")}
    other = names - {"sentence_embedding", None}  # an output of null is the input's name
    if other or config.get("use_residual"):
        what = f"reads or writes {min(other)!r}" if other else "adds a residual"
        raise ModelRefused(
            f"The {kind} module in {folder.name!r} {what}; only plain modules on "
            "'sentence_embedding' can be run here."
        )
    if kind == "Normalize":
        return Normalize()
    activation = config.get("activation_function", "torch.nn.modules.activation.Tanh")
    if activation not in ACTIVATIONS:
        raise ModelRefused(f"Dense activation {activation!r} is none of: {', '.join(ACTIVATIONS)}.")
    weight, bias = _read_linear(folder)
    return Dense(weight, bias, activation)


def _read_linear(folder: Path) -> tuple[Tensor, Tensor | None]:
    """W (D_out, D_in) and b (D_out,) or None, in single precision."""
    path = folder / "model.safetensors"
    if not path.is_file():
        raise ModelRefused(
            f"The Dense module in {folder.name!r} has no model.safetensors. Pickled weights can "
            "run code when they are read, so they are refused; save the model as safetensors."
        )
    try:
        tensors = load_file(path)
    except SafetensorError as error:
        raise ModelRefused(f"{folder.name}/{path.name} cannot be read: {error}") from error
    check_numbers(tensors, folder.name)
    weight, bias = tensors.get("linear.weight"), tensors.get("linear.bias")
    if weight is None or weight.ndim != 2 or (bias is not None and bias.shape != weight.shape[:1]):
        shapes = {name: tuple(tensor.shape) for name, tensor in tensors.items()}
        raise ModelRefused(
            f"{folder.name}/{path.name} must hold linear.weight (D_out, D_in) and, with a bias, "
            f"linear.bias (D_out,); it holds {shapes or 'nothing'}."
        )
    return weight.float(), None if bias is None else bias.float()


def _write_head(folder: Path, module: HeadModule) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    if isinstance(module, Normalize):  # old releases expect an empty folder, new ones accept it
        return
    tensors = {"linear.weight": module.weight.contiguous()}
    if module.bias is not None:
        tensors["linear.bias"] = module.bias.contiguous()
    save_file(tensors, folder / "model.safetensors")
    _write_json(
        folder / "config.json",
        {
            "in_features": module.weight.shape[1],
            "out_features": module.weight.shape[0],
            "bias": module.bias is not None,
            "activation_function": module.activation,
        },
    )


def _inside(folder: Path, path: str) -> Path:
    """A module's subfolder, which must not lead out of the model's folder."""
    target = (folder / path).resolve()
    if not target.is_relative_to(folder.resolve()):
        raise ModelRefused(f"modules.json points outside its folder: {path!r}.")
    return target


def _read_first(folder: Path, *names: str) -> dict[str, Any]:
    """The first of these files that is there, {} where there is none."""
    path = next((folder / name for name in names if (folder / name).is_file()), None)
    return {} if path is None else _read_object(path)


def _read_object(path: Path) -> dict[str, Any]:
    content = _read_json(path)
    if not isinstance(content, dict):
        raise ModelRefused(f"{path.parent.name}/{path.name} is not a JSON object.")
    return content


def _read_json(path: Path) -> Any:
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        # An OSError tells the whole path by itself.
        reason = error.strerror if isinstance(error, OSError) else str(error)
        raise ModelRefused(
            f"{path.parent.name}/{path.name} cannot be read as JSON: {reason}"
        ) from error


def _write_json(path: Path, content: Any) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")
