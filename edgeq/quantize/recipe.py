"""What to quantize to, and how: a named recipe or a TOML file."""

from __future__ import annotations

import difflib
import tomllib
from dataclasses import dataclass, fields
from pathlib import Path

from edgeq.errors import EdgeqError
from edgeq.quantize.observe import OBSERVERS

RECIPES = ("int8",)


@dataclass(frozen=True)
class Recipe:
    """`observer` chooses activation ranges: minmax, percentile (keeps `percentile` % of the values) or mse."""

    precision: str = "int8"
    observer: str = "mse"
    percentile: float = 99.99

    @property
    def name(self) -> str:
        return self.precision


def load_recipe(text: str) -> Recipe:
    """The recipe of that name or in that TOML file. Raises EdgeqError with the nearest names."""
    if text.endswith(".toml"):
        return _from_file(Path(text))
    if text not in RECIPES:
        near = difflib.get_close_matches(text, RECIPES, n=3, cutoff=0.3) or RECIPES
        raise EdgeqError(f"--quant {text}: there is no such recipe; nearest: {', '.join(near)}, or a TOML file")
    return Recipe(precision=text)


def _from_file(path: Path) -> Recipe:
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise EdgeqError(f"--quant {path}: can't be read ({error.strerror})") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise EdgeqError(f"--quant {path}: is not valid TOML ({error})") from error
    known = {field.name: field.type for field in fields(Recipe)}
    for key in data:
        if key not in known:
            near = difflib.get_close_matches(key, known, n=1, cutoff=0.3) or list(known)
            raise EdgeqError(f"--quant {path}: unknown key {key!r}; did you mean {near[0]!r}?")
    recipe = Recipe(**data)
    if not isinstance(recipe.precision, str) or recipe.precision not in RECIPES:
        raise EdgeqError(f"--quant {path}: precision {recipe.precision!r} is not one of {', '.join(RECIPES)}")
    if not isinstance(recipe.observer, str) or recipe.observer not in OBSERVERS:
        raise EdgeqError(f"--quant {path}: observer {recipe.observer!r} is not one of {', '.join(OBSERVERS)}")
    if not isinstance(recipe.percentile, (int, float)) or not 50 < recipe.percentile <= 100:
        raise EdgeqError(f"--quant {path}: percentile {recipe.percentile!r} must lie above 50 and up to 100")
    return recipe
