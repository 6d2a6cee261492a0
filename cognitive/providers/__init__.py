"""The engines, one file per provider. `settings.COGNITIVE_PROVIDERS` names them."""
