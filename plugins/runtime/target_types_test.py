from __future__ import annotations

from pants.engine.addresses import Address
from runtime.target_types import RuntimeImageLayersField


def test_an_image_has_the_layers_of_its_own_release() -> None:
    field = RuntimeImageLayersField(
        ["layers/os", "layers/airflow@resolve={release}"], Address("versions/5.0.6")
    )

    assert field.to_unparsed_address_inputs().values == (
        "layers/os",
        "layers/airflow@resolve=5.0.6",
    )
