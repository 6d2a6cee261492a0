"""How static files are kept in production."""

from whitenoise.storage import CompressedManifestStaticFilesStorage


class HashedStaticFiles(CompressedManifestStaticFilesStorage):
    """Every name carries a hash of the content, also where a module imports another.

    So browsers may keep them for ever, and never mix modules of two versions.
    """

    support_js_module_import_aggregation = True
    # Each pass settles the names of modules whose imports are settled; no chain is that long.
    max_post_process_passes = 30
