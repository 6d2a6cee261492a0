"""The engines, one module per provider. `settings.COGNITIVE_PROVIDERS` names them."""
